"""Where a change goes next, and which checks decide it."""

from __future__ import annotations

from typing import Any

import pytest

from deputize.config.settings import CheckSettings, LandingSettings
from deputize.landing.route import (
    Ask,
    Line,
    blamed,
    checks_for,
    feedback_on_checks,
    feedback_on_conflict,
    route,
)
from deputize.model.change import CheckResult, FileChange, Operation
from deputize.model.consent import ApprovalRule
from tests.fixtures.nouns import TREE, a_change

REQUIRED = {"tests": CheckSettings(command="make test")}
ADVISORY = {"lint": CheckSettings(command="make lint", required=False)}


def asked(landing: dict[str, Any], checks: dict[str, CheckSettings], **changed: Any) -> str | None:  # noqa: ANN401 - any column
    """Return why a person is asked about a change; None where nobody is."""
    answer = route(a_change(**changed), LandingSettings(**landing), checks)
    return answer.reason if isinstance(answer, Ask) else None


@pytest.mark.parametrize("without_checks", ["ask", "land"])
@pytest.mark.parametrize("mode", ["auto", "ask", "branch"])
@pytest.mark.parametrize("checks", [{}, ADVISORY, REQUIRED])
@pytest.mark.parametrize("risky", [(), ("51 files changed", "symbolic links: l")])
@pytest.mark.parametrize("approved", [None, TREE, "another tree"])
def test_a_person_is_asked_exactly_where_a_rule_says_so(
    mode: str,
    without_checks: str,
    checks: dict[str, CheckSettings],
    risky: tuple[str, ...],
    approved: str | None,
) -> None:
    """What was approved passes while its tree is the same; what is risky asks in any mode."""
    landing = {"mode": mode, "without_checks": without_checks}
    reason = asked(landing, checks, risk_reasons=risky, approved_tree=approved)
    if approved == TREE:
        assert reason is None
    elif mode == "ask":
        assert reason == "landing asks first: 1 file, +3 -1"
    elif risky:
        assert reason == "51 files changed; symbolic links: l"
    elif mode == "branch":
        assert reason is None
    elif without_checks == "ask" and checks is not REQUIRED:
        assert reason == "no required check is configured: 1 file, +3 -1"
    else:
        assert reason is None


def test_a_change_is_asked_about_where_a_rule_names_whose_yes_it_needs() -> None:
    """However the landing is set; once its tree is approved, nobody is asked again."""
    rules = [ApprovalRule(name="two", paths=("infra/*",), approvers=2)]
    file = FileChange(path="infra/a.tf", op=Operation.MODIFY, added=3, removed=1)
    landing = LandingSettings(mode="auto")
    answer = route(a_change(files=(file,)), landing, REQUIRED, rules)
    assert isinstance(answer, Ask)
    assert answer.reason == "two: 1 file, +3 -1"
    moved = FileChange(path="b.tf", op=Operation.RENAME, source="infra/a.tf", added=0, removed=0)
    assert isinstance(route(a_change(files=(moved,)), landing, REQUIRED, rules), Ask)
    assert isinstance(route(a_change(), landing, REQUIRED, rules), Line)
    approved = a_change(files=(file,), approved_tree=TREE)
    assert isinstance(route(approved, landing, REQUIRED, rules), Line)


def test_the_defaults_ask_where_nothing_is_checked() -> None:
    """A repository without checks lands nothing without a person."""
    assert asked({}, {}) is not None
    assert asked({}, REQUIRED) is None


def test_a_check_runs_where_its_paths_are_touched_or_its_task_names_it() -> None:
    """Old paths of renames touch too; a check without paths always runs."""
    checks = {
        "all": CheckSettings(command="a"),
        "docs": CheckSettings(command="d", paths=("docs/*", "*.md")),
        "web": CheckSettings(command="w", paths=("web/*",)),
    }
    moved = FileChange(path="attic/x", op=Operation.RENAME, source="docs/deep/x")
    change = a_change(files=(moved,))
    assert set(checks_for(change, checks, ())) == {"all", "docs"}
    assert set(checks_for(change, checks, ("web",))) == {"all", "docs", "web"}
    assert set(checks_for(a_change(), checks, ())) == {"all"}


def result(name: str, exit_code: int | None) -> CheckResult:
    """Make the result of a check."""
    return CheckResult(
        name=name, command=f"make {name}", exit_code=exit_code, seconds=1, output=f"{name} said so"
    )


def test_only_what_is_required_or_asked_for_is_blamed() -> None:
    """An advisory check keeps nothing from landing, unless its task names it."""
    checks = REQUIRED | ADVISORY
    failed = (result("tests", None), result("lint", 1))
    assert blamed((result("tests", 0), result("lint", 0)), checks, ()) == ()
    assert blamed(failed, checks, ()) == failed[:1]
    assert blamed(failed, checks, ("lint",)) == failed


def test_the_next_attempt_is_told_what_collided() -> None:
    """Both commits and every path are named, so that nothing has to be guessed."""
    told = feedback_on_conflict(a_change(), ("a.py", "b c.py"), "CONFLICT (content)")
    for part in ("2" * 40, f"git diff {'1' * 40} {'2' * 40}", "- a.py\n- b c.py", "CONFLICT"):
        assert part in told


def test_the_next_attempt_is_told_which_checks_failed_and_how() -> None:
    """The command, its end and what it printed; running out of time is said."""
    told = feedback_on_checks(a_change(), (result("tests", 2), result("slow", None)))
    assert "`make tests` (exit code 2):\ntests said so" in told
    assert "`make slow` (ran out of time):\nslow said so" in told
