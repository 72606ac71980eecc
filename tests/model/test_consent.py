"""Whose yes a question needs."""

from __future__ import annotations

import pytest

from deputize.model.consent import ApprovalRule, may_say_yes, still_missing

TWO = ApprovalRule(name="two", people=("ada", "grace", "linus"), approvers=2)


@pytest.mark.parametrize(
    ("rule", "about", "touched", "holds"),
    [
        (ApprovalRule(), "call", (), True),
        (ApprovalRule(about=("trust",)), "trust", (), True),
        (ApprovalRule(about=("trust",)), "call", (), False),
        (ApprovalRule(paths=("infra/*",)), "change", ("src/a", "infra/deep/b"), True),
        (ApprovalRule(paths=("infra/*",)), "change", ("src/infra/a",), False),
        (ApprovalRule(paths=("infra/*",)), "budget", (), False),
    ],
)
def test_a_rule_holds_for_what_it_names(
    rule: ApprovalRule, about: str, touched: tuple[str, ...], *, holds: bool
) -> None:
    """By what the question is about, and the paths of its change."""
    assert rule.holds_for(about, touched) is holds


def test_only_who_is_named_by_every_rule_may_say_yes() -> None:
    """A rule that names nobody lets everybody."""
    assert may_say_yes([ApprovalRule(), TWO], "ada") is None
    assert may_say_yes([TWO], "mallory") == "two: only ada, grace, linus may say yes"
    assert may_say_yes([], "mallory") is None


def test_as_many_have_to_say_yes_as_each_rule_wants() -> None:
    """Who isn't named counts for nothing."""
    assert still_missing([], ["zoe"]) is None
    assert still_missing([TWO], ["ada", "grace"]) is None
    assert still_missing([TWO], ["ada", "zoe"]) == (
        "two: 1 more of ada, grace, linus has to say yes"
    )
    assert still_missing([ApprovalRule(approvers=2)], ["zoe"]) == (
        "approval of anything: 1 more has to say yes"
    )


def test_a_change_is_asked_about_where_a_rule_wants_somebody() -> None:
    """A rule that restricts nothing asks nobody; one about trust is not about changes."""
    assert TWO.asks_for_changes
    assert ApprovalRule(paths=("x",)).asks_for_changes
    assert not ApprovalRule().asks_for_changes
    assert not ApprovalRule(about=("trust",), approvers=2).asks_for_changes
