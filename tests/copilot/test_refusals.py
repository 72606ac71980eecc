"""What the bridge does not do: what the gate, the login, the version or the request forbids."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from deputize.agents.copilot.find import find_copilot
from deputize.config.home import Home
from deputize.copilot import Bridge, CodingTaskRequest, ProviderConfig
from deputize.demo.model import (
    MODEL_NAME,
    ScriptedModel,
)
from deputize.errors import AgentError, InvalidInput
from deputize.model.agent_check import AgentCheck, Canary
from deputize.store import agent_checks
from deputize.store.opening import open_database
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("prompt", "narrowed", "file"),
    [
        ("Please write it.", {"tools": ["read", "shell"]}, "new.txt"),
        ("Please run it.", {"tools": ("read", "write")}, "ran.txt"),
        ("Please write it.", {"role": "quiet"}, "new.txt"),
        ("Please write it.", {"role": "quiet", "tools": ["read", "write"]}, "new.txt"),
        ("Please write it.", {"role": "inspector"}, "new.txt"),
        ("Please write it.", {"tools": []}, "new.txt"),
    ],
)
async def test_what_is_not_allowed_is_not_done(
    bridge: Bridge,
    asked: CodingTaskRequest,
    tmp_path: Path,
    prompt: str,
    narrowed: dict[str, Any],
    file: str,
) -> None:
    """Neither what the request leaves out nor what home denies the role; the record says so."""
    result = await bridge.run(replace(asked, prompt=prompt, **narrowed))
    assert not (tmp_path / "work" / file).exists()
    assert [call.denied for call in result.tool_calls] == [True]
    assert (result.success, result.content) == (True, "I tried.")


async def test_what_is_allowed_is_done(
    bridge: Bridge, asked: CodingTaskRequest, tmp_path: Path
) -> None:
    """The same calls, where the kind of tool is among those that are wanted."""
    await bridge.run(replace(asked, prompt="Please write it.", tools=["write"]))
    await bridge.run(replace(asked, prompt="Please run it.", tools=["shell"]))
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"a.txt", "new.txt", "ran.txt"}


async def test_without_a_login_it_says_so(
    home: Path, environment: dict[str, str], asked: CodingTaskRequest, model: ScriptedModel
) -> None:
    """Before a session is made; a request with a provider of its own needs none of GitHub."""
    path = (home / "config.toml").read_text().splitlines()[2]
    (home / "config.toml").write_text(f"[agents.copilot]\n{path}\n")
    own = ProviderConfig(type="openai", base_url=model.openai_url, api_key="hush", model=MODEL_NAME)
    assert "hush" not in repr(replace(asked, provider=own))
    async with Bridge(home, environment=environment) as bridge:
        with pytest.raises(AgentError, match="no login") as caught:
            await bridge.ensure_ready()
        assert (caught.value.outcome, caught.value.recoverable) == ("auth_failed", False)
        assert (await bridge.get_status()).auth_method == "none"
        refused = await bridge.run(asked)
        assert isinstance(refused.error, AgentError)
        assert refused.error.outcome == "auth_failed"
        assert not model.requests
        assert (await bridge.run(replace(asked, provider=own))).success
    environment["GH_TOKEN"] = "made-up"
    async with Bridge(home, environment=environment) as bridge:
        assert (await bridge.get_status()).auth_method == "token in GH_TOKEN"


async def test_a_runtime_that_is_not_there_is_told(
    home: Path, environment: dict[str, str], asked: CodingTaskRequest
) -> None:
    """`ensure_ready` raises it, a run has it in its result: nothing that time mends."""
    (home / "config.toml").write_text('[agents.copilot]\npath = "/nowhere"\n')
    environment["GH_TOKEN"] = "made-up"
    async with Bridge(home, environment=environment) as bridge:
        with pytest.raises(AgentError, match="nowhere") as caught:
            await bridge.ensure_ready()
        result = await bridge.run(asked)
    assert isinstance(result.error, AgentError)
    assert (result.error.outcome, result.error.recoverable) == ("agent_missing", False)
    assert caught.value.hint


@pytest.mark.parametrize("canary", [Canary.FAILED, Canary.HELD])
async def test_a_version_that_did_not_obey_is_not_started(
    home: Path,
    environment: dict[str, str],
    asked: CodingTaskRequest,
    copilot_runtime: Path,
    canary: Canary,
) -> None:
    """Here all rests on the gate; one that obeyed is taken."""
    found = find_copilot(str(copilot_runtime), environment)
    database = open_database(Home(home))
    check = AgentCheck(
        id=0,
        agent="copilot",
        kind="copilot",
        version=found.version,
        path=found.path,
        host=this_host(),
        login="",
        canary=canary,
        steps=(),
        checked_at=NOW,
        milliseconds=1,
        by="person:you",
    )
    with database.write() as transaction:
        agent_checks.insert(transaction, check, NOW)
    database.close()
    async with Bridge(home, environment=environment) as bridge:
        result = await bridge.run(asked)
    if canary is Canary.HELD:
        assert result.success
        return
    assert isinstance(result.error, AgentError)
    assert (result.error.outcome, result.error.recoverable) == ("policy_denied", False)
    assert "did not obey the gate" in result.error.message


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"prompt": " "}, "prompt"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"tools": ["bash"]}, "tools"),
        ({"tools": "read"}, "tools"),
        ({"working_dir": "/nowhere"}, "working_dir"),
        ({"role": "nobody"}, "role"),
        ({"provider": ProviderConfig(type="other", base_url="http://x")}, "provider.type"),
        (
            {"provider": ProviderConfig(type="openai", base_url="http://x", wire="other")},
            "provider.wire",
        ),
    ],
)
async def test_a_request_that_is_wrong_is_refused(
    bridge: Bridge, asked: CodingTaskRequest, wrong: dict[str, Any], field: str
) -> None:
    """By the name of the field, before anything is started; streamed or not."""
    request = replace(asked, **wrong)
    with pytest.raises(InvalidInput, match=f"^{field}: ") as caught:
        await bridge.run(request)
    assert caught.value.field == field
    with pytest.raises(InvalidInput):
        async with bridge.stream(request) as deltas:
            assert [delta async for delta in deltas] == []
    assert not (await bridge.get_status()).connected


@pytest.mark.parametrize("code", ['echo \'{"decision": "deny"}\'', "exit 1"])
async def test_a_hook_that_says_no_is_heard_here_too(
    home: Path, bridge: Bridge, asked: CodingTaskRequest, tmp_path: Path, code: str
) -> None:
    """Whether it decides so, or can't be heard; it is shown the call, without a task."""
    told = tmp_path / "told.json"
    with (home / "config.toml").open("a") as file:
        file.write(
            f"[[hooks]]\non = ['before_tool']\ncommand = ['sh', '-c', '''cat >{told}; {code}''']"
        )
    result = await bridge.run(replace(asked, prompt="Please run it."))
    assert not (tmp_path / "work" / "ran.txt").exists()
    assert [call.denied for call in result.tool_calls] == [True]
    shown = json.loads(told.read_text())
    assert (shown["task"], shown["role"], shown["call"]["tool"]) == (None, "writer", "shell")
    assert shown["workspace"] == str((tmp_path / "work").resolve())
