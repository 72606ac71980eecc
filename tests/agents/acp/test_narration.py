"""What an agent tells while it works, in our words."""

from __future__ import annotations

import math
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.acp.names import name_in
from deputize.agents.acp.narration import Narrator
from deputize.agents.acp.permission import action_in, answer_to, call_in
from deputize.agents.base import AgentEvent, Noted, Said, ToolFinished, ToolStarted, Used
from deputize.model.attempt import MOST_TOKENS_TOLD, Usage
from deputize.model.policy import Decision, Tool, Verdict

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
)
KINDS = ("agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update")
FIELDS = ("content", "toolCallId", "title", "kind", "status", "rawInput", "rawOutput", "_meta")
OPTIONS = [
    {"optionId": "always", "kind": "allow_always"},
    {"optionId": "yes", "kind": "allow_once"},
    {"optionId": "no", "kind": "reject_once"},
]


def _chunk(text: str, kind: str = "agent_message_chunk") -> dict[str, object]:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": text}}


def _cost(amount: float) -> dict[str, object]:
    return {"sessionUpdate": "usage_update", "cost": {"amount": amount, "currency": "USD"}}


def _tell(narrator: Narrator, *updates: dict[str, object]) -> list[AgentEvent]:
    return [event for update in updates for event in narrator.hear(update)]


def _decision(verdict: Verdict) -> Decision:
    return Decision(verdict=verdict, rule="test", reason="test")


def test_words_and_thoughts_are_told_and_only_words_are_the_answer() -> None:
    """Chunks of the answer and of thoughts come as they are; remarks of the program are notes."""
    narrator = Narrator()
    events = _tell(
        narrator,
        _chunk("Let me see", "agent_thought_chunk"),
        _chunk("It "),
        _chunk("Info: trying again"),
        _chunk("works."),
    )
    assert events == [
        Said(text="Let me see"),
        Said(text="It "),
        Noted(text="Info: trying again"),
        Said(text="works."),
    ]
    assert narrator.answer == "It works."


def test_the_answer_is_what_was_said_after_the_last_tool_call() -> None:
    """Words before and between tool calls are not part of the answer."""
    narrator = Narrator()
    call: dict[str, object] = {"sessionUpdate": "tool_call", "toolCallId": "1", "kind": "edit"}
    done: dict[str, object] = {
        "sessionUpdate": "tool_call_update",
        "toolCallId": "1",
        "status": "completed",
    }
    _tell(
        narrator, _chunk("First."), call, _chunk("During."), done, _chunk("All "), _chunk("done.")
    )
    assert narrator.answer == "All done."


def test_a_tool_call_is_told_once_begun_and_once_ended() -> None:
    """Several updates of one call give one beginning and one end, with what it gave."""
    narrator = Narrator()
    events = _tell(
        narrator,
        {
            "sessionUpdate": "tool_call",
            "toolCallId": "1",
            "title": "write · /w/a.txt",
            "rawInput": {"path": "/w/a.txt"},
            "_meta": {"goose": {"toolCall": {"toolName": "write"}}},
        },
        {"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "in_progress"},
        {
            "sessionUpdate": "tool_call_update",
            "toolCallId": "1",
            "status": "failed",
            "content": [{"type": "content", "content": {"type": "text", "text": "disk full"}}],
        },
        {"sessionUpdate": "tool_call_update", "toolCallId": "1", "status": "completed"},
    )
    assert events == [
        ToolStarted(id="1", name="write", summary="/w/a.txt"),
        ToolFinished(id="1", name="write", ok=False, output="disk full"),
    ]


@pytest.mark.parametrize(
    ("chunks", "error"),
    [
        (["Error: 400 scripted error"], "400 scripted error"),
        (["API Error: 529 overloaded"], "529 overloaded"),
        (
            ["Ran into this error: Request failed.\n\nPlease retry"],
            "Request failed.\n\nPlease retry",
        ),
        (
            ["Trying.", "Error: Authentication failed (HTTP 401)"],
            "Authentication failed (HTTP 401)",
        ),
        (["Error: ", "handling ", "is done."], None),
        (["I fixed the message `Error: 400`."], None),
        (["Done."], None),
        ([], None),
    ],
)
def test_a_failure_told_as_an_answer_is_recognised(chunks: list[str], error: str | None) -> None:
    """The last chunk, if it is a whole error message, is the model's failure."""
    narrator = Narrator()
    _tell(narrator, *map(_chunk, chunks))
    assert narrator.error == error


def test_usage_is_what_the_turn_took() -> None:
    """Tokens come from the prompt's answer, the cost from updates, less what was paid before."""
    narrator = Narrator(paid_before=Decimal("0.10"))
    told = _tell(narrator, *map(_cost, (0.15, 0.15, 0.1, 0.35)))
    costs = [event for event in told if isinstance(event, Used)]
    assert costs == [
        Used(usage=Usage(cost_usd="0.05"), model=None),
        Used(usage=Usage(cost_usd="0.2"), model=None),
    ]
    used = narrator.used(
        {"usage": {"inputTokens": 5, "outputTokens": 2, "cachedReadTokens": 1}}, "m"
    )
    assert used is not None
    assert used.usage == Usage(input_tokens=5, output_tokens=2, cached_tokens=1, cost_usd="0")
    total = costs[0].usage.plus(costs[1].usage).plus(used.usage)
    assert (total.cost_usd, total.input_tokens) == ("0.25", 5)
    assert narrator.used({}, None) is None


def test_usage_in_the_words_of_another_agent_is_understood() -> None:
    """Counts that stand beside the protocol's own field are found too."""
    response = {"_meta": {"quota": {"token_count": {"input_tokens": 7, "output_tokens": 3}}}}
    used = Narrator().used(response, None)
    assert used is not None
    assert (used.usage.input_tokens, used.usage.output_tokens) == (7, 3)


@pytest.mark.parametrize("amount", [math.nan, math.inf, 1e200, 1e15, -1.0])
def test_a_cost_that_none_can_be_is_passed_over(amount: float) -> None:
    """What was told before still counts."""
    told = _tell(Narrator(), _cost(0.5), _cost(amount), _cost(0.75))
    assert [event.usage.cost_usd for event in told if isinstance(event, Used)] == ["0.5", "0.25"]


@pytest.mark.parametrize("count", [math.nan, math.inf, -7, 10**30, 1e300])
def test_a_count_that_none_can_be_keeps_an_attempt_from_nothing(count: float) -> None:
    """It becomes a number that a store takes."""
    used = Narrator().used({"usage": {"inputTokens": count, "outputTokens": 3}}, None)
    assert used is not None
    assert 0 <= used.usage.input_tokens <= MOST_TOKENS_TOLD
    assert used.usage.output_tokens == 3


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(FIELDS), JSON)),
        max_size=4,
    )
)
def test_no_update_breaks_it(updates: list[tuple[str, dict[str, object]]]) -> None:
    """Any JSON as an update is told or passed over."""
    narrator = Narrator()
    for kind, told in updates:
        list(narrator.hear({**told, "sessionUpdate": kind}))
    assert isinstance(narrator.answer, str)


def test_a_permission_request_is_seen_with_what_was_told_before() -> None:
    """The tool, its paths and its command come from the request and from the call it is about."""
    known = {"kind": "edit", "locations": [{"path": "/w/a"}], "rawInput": {"path": "/w/a"}}
    params = {
        "toolCall": {
            "toolCallId": "1",
            "kind": "other",
            "title": "Create file",
            "rawInput": {"fileName": "/w/b"},
            "content": [{"type": "diff", "path": "/w/c"}],
        }
    }
    action = action_in(call_in(params), known, "edit")
    assert action.tool is Tool.WRITE
    assert set(action.paths) == {"/w/a", "/w/b", "/w/c"}


@pytest.mark.parametrize(
    ("verdict", "option"),
    [(Verdict.ALLOW, "yes"), (Verdict.DENY, "no"), (Verdict.ASK, "no")],
)
def test_the_answer_is_the_option_for_this_once(verdict: Verdict, option: str) -> None:
    """Nothing is allowed for ever, and what is not allowed is refused."""
    answer = answer_to({"options": OPTIONS}, _decision(verdict))
    assert answer == {"outcome": {"outcome": "selected", "optionId": option}}


@pytest.mark.parametrize("verdict", list(Verdict))
def test_without_a_fitting_option_the_call_is_cancelled(verdict: Verdict) -> None:
    """An agent that offers only `always`, or rubbish, gets no permission."""
    for options in ([OPTIONS[0]], [], None, [3, {"kind": "allow_once"}]):
        answer = answer_to({"options": options}, _decision(verdict))
        assert answer == {"outcome": {"outcome": "cancelled"}}


LONG = "x" * 100_000
NAMED: dict[str, dict[str, object]] = {
    "agent_message_chunk": {"messageId": LONG, "content": {"text": "a"}},
    "tool_call": {"toolCallId": LONG, "title": "work"},
    "terminal_output_chunk": {"terminalId": LONG, "data": "YQ=="},
}


@pytest.mark.parametrize("kind", NAMED)
def test_long_names_are_not_kept(kind: str) -> None:
    """Of messages, tool calls and terminals: what is remembered of each is short."""
    narrator = Narrator()
    tracemalloc.start()
    for number in range(40):
        told = {
            name: f"{number}{value}" if value is LONG else value
            for name, value in NAMED[kind].items()
        }
        _tell(narrator, {"sessionUpdate": kind, **told})
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 10 * len(LONG)


def test_long_names_that_begin_alike_are_two() -> None:
    """One tool call is not taken for another, by us or by the gate."""
    narrator = Narrator()
    first, second = (
        _chunk("") | {"sessionUpdate": "tool_call", "toolCallId": f"{LONG}{name}", "title": name}
        for name in ("one", "two")
    )
    events = _tell(narrator, first, second, {**first, "status": "completed"})
    begun = [each for each in events if isinstance(each, ToolStarted)]
    (ended,) = (each for each in events if isinstance(each, ToolFinished))
    assert [each.name for each in begun] == ["one", "two"]
    assert len({each.id for each in begun}) == 2
    assert ended.id == begun[0].id
    calls = [narrator.calls.get(name_in(told, "toolCallId")) for told in (first, second)]
    assert [(call.name, call.ended) for call in calls if call] == [("one", True), ("two", False)]
