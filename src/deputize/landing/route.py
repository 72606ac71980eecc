"""Where a change goes next: pure decisions of the landing station."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deputize.showing import shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deputize.config.settings import CheckSettings, LandingSettings
    from deputize.model.change import Change, CheckResult
    from deputize.model.consent import ApprovalRule


SETUP = "workspace setup"
"""The name under which a failed setup step stands among the checks: none of them could run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A person has to say yes first."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """It may stand in line."""


def route(
    change: Change,
    landing: LandingSettings,
    checks: Mapping[str, CheckSettings],
    rules: Iterable[ApprovalRule] = (),
) -> Ask | Line:
    """Decide whether a proposed change needs a person; `rules` say whose yes it may need."""
    if change.approved_tree == change.tree:
        return Line()
    if wanted := [rule for rule in rules if rule.asks_for_changes and _falls_under(change, rule)]:
        return Ask(reason=f"{'; '.join(rule.label for rule in wanted)}: {change.size}")
    if landing.mode == "ask":
        return Ask(reason=f"landing asks first: {change.size}")
    if change.risk_reasons:
        return Ask(reason="; ".join(change.risk_reasons))
    if (
        landing.mode != "branch"
        and landing.without_checks == "ask"
        and not any(check.required for check in checks.values())
    ):
        return Ask(reason=f"no required check is configured: {change.size}")
    return Line()


def _falls_under(change: Change, rule: ApprovalRule) -> bool:
    return rule.holds_for("change", touched_by(change))


def touched_by(change: Change) -> list[str]:
    """Return the paths that a change touches, those that it moves files from among them."""
    return [path for file in change.files for path in (file.path, file.source) if path]


def checks_for(
    change: Change, checks: Mapping[str, CheckSettings], wanted: tuple[str, ...]
) -> dict[str, CheckSettings]:
    """Choose a change's checks: those that its paths call for, and those that its task names."""
    return {
        name: check
        for name, check in checks.items()
        if name in wanted or not check.paths or _touches(change, check.paths)
    }


def _touches(change: Change, patterns: tuple[str, ...]) -> bool:
    paths = touched_by(change)
    return any(fnmatchcase(path, pattern) for path in paths for pattern in patterns)


def blamed(
    results: tuple[CheckResult, ...],
    checks: Mapping[str, CheckSettings],
    wanted: tuple[str, ...],
) -> tuple[CheckResult, ...]:
    """Return the results that keep a change from landing: advisory checks don't, setup does."""
    return tuple(
        result
        for result in results
        if not result.passed
        and (result.name == SETUP or checks[result.name].required or result.name in wanted)
    )


def feedback_on_conflict(change: Change, paths: tuple[str, ...], detail: str) -> str:
    """Tell the next attempt what its predecessor's change collided with."""
    listed = "\n".join(f"- {shown_name(path)}" for path in paths)
    return (
        f"Your earlier work on this task (commit {change.head}) conflicts with what has landed on "
        f"{change.target} since. You now start from the newest {change.target}. Bring that work "
        f"over (`git show {change.head}` and `git diff {change.base} {change.head}` show it) so "
        f"that both intents hold.\nConflicting:\n{listed}\n{detail}".rstrip()
    )


def feedback_on_checks(change: Change, failed: tuple[CheckResult, ...]) -> str:
    """Tell the next attempt which checks its predecessor's change broke."""
    told = (
        "Your earlier work on this task is in the workspace, merged with the newest "
        f"{change.target}, but it does not pass the checks. Mend it."
    )
    parts = [told]
    for result in failed:
        how = "ran out of time" if result.exit_code is None else f"exit code {result.exit_code}"
        parts.append(f"`{result.command}` ({how}):\n{result.output}")
    return "\n\n".join(parts)
