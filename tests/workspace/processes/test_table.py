"""Every process of this machine: the same questions to both ways of asking."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.workspace.processes import portable, procfs
from tests.waiting import wait_until
from tests.workspace.processes.starting import said

if TYPE_CHECKING:
    from types import ModuleType

    from tests.workspace.processes.starting import Start

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
both = pytest.mark.parametrize("table", [pytest.param(procfs, marks=on_linux), portable])


@both
def test_child(table: ModuleType, start: Start) -> None:
    """A child is seen with its parent, its session, and the same start at each look."""
    process = start("echo up; read _")
    assert said(process) == "up"
    entry = table.look(process.pid)
    assert (entry.parent, entry.session, entry.ended) == (os.getpid(), process.pid, False)
    assert table.look(process.pid).started == entry.started
    assert entry.pid in table.pids()


@both
def test_order_of_start(table: ModuleType, start: Start) -> None:
    """Who started earlier comes first."""
    process = start("sleep 1000")
    assert table.look(os.getpid()).order < table.look(process.pid).order


@both
def test_environment(table: ModuleType, start: Start) -> None:
    """The environment that a process was started with is seen."""
    process = start("echo up; sleep 1000", marker="abc")
    assert said(process) == "up"
    assert b"DEPUTIZE_ATTEMPT=abc" in table.environment(table.look(process.pid))


@both
def test_ended(table: ModuleType, start: Start) -> None:
    """A process that nobody has collected yet is seen as ended."""
    process = start("exit 0")
    assert wait_until(lambda: table.look(process.pid).ended)


@both
def test_nobody(table: ModuleType) -> None:
    """Where there is no process there is no entry."""
    assert table.look(2**30) is None
    assert table.look(-1) is None
