"""Workers of one home wake each other: what one of them ends may be what another waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fixtures.house import looks_rarely

if TYPE_CHECKING:
    from tests.fixtures.house import House


def test_a_worker_hears_what_another_has_released(house: House) -> None:
    """One that looks only rarely begins a task at once when its need has ended elsewhere."""
    house.environment["PYTHONPATH"] = str(looks_rarely(house.folder / "slow"))
    house.up("worker", "--role", "tester")
    house.up("worker", "--role", "inspector")
    need = house.add(f"{house.awaiting('go')}; echo fine", "--role", "tester")
    dependent = house.add("echo fine", "--role", "inspector", "--after", str(need))
    house.until_awaited("go")
    house.sign("go").touch()
    assert house.until(dependent)["state"] == "done"
