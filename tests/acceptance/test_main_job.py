"""The main job, as a user does it: queued tasks come back as commits on the branch."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.house import House


def test_a_task_lands(house: House) -> None:
    """What the agent wrote is on the branch, in the checkout, with its three trailers."""
    task = house.add("echo fixed >> README.md; echo I fixed it")
    house.up()
    document = house.until(task)
    assert (document["state"], document["result"]) == ("done", "I fixed it")
    assert document["change"]["state"] == "landed"
    assert house.repo.content("main", "README.md") == "hello\nfixed"
    assert (house.repo.path / "README.md").read_text() == "hello\nfixed\n"
    assert house.repo.git("status", "--porcelain") == ""
    assert trailers(house, "main") == [
        "Deputize-Task: 1",
        "Deputize-Attempt: 1",
        "Deputize-Agent: shell",
    ]


def test_a_worker_starts_by_itself(house: House) -> None:
    """After a plain `add` with no worker running, one runs, and does the task."""
    house.environment.clear()
    assert house.cli("add", "-q", "echo fixed > new.txt\nexit") == "1"
    assert house.until(1)["state"] == "done"
    assert len(house.json("workers")) == 1
    house.cli("down", "--wait")
    assert house.json("workers") == []


def test_what_the_agent_commits_itself_is_attributed(house: House) -> None:
    """An agent's own commit is kept as it is, and what lands still names its task."""
    task = house.add("echo own > own.txt; git add own.txt; git commit -qm 'My own words'")
    house.up()
    assert house.until(task)["state"] == "done"
    assert "My own words" in house.repo.git("log", "--format=%s", "main").split("\n")
    assert "Deputize-Task: 1" in trailers(house, "main")


def test_a_merge_names_task_attempt_and_agent(house: House) -> None:
    """Where the branch has moved on, the merge commit carries the trailers, by the try's number."""
    house.add("exit 3")
    task = house.add(f"echo one > one.txt; {house.awaiting('moved')}")
    house.up()
    house.until(1)
    house.until_awaited("moved")
    house.repo.commit(two__txt="two\n")
    house.sign("moved").touch()
    assert house.until(task)["state"] == "done"
    assert trailers(house, "main") == [
        "Deputize-Task: 2",
        "Deputize-Attempt: 1",
        "Deputize-Agent: shell",
    ]
    assert house.repo.listing("main") == ["README.md", "one.txt", "two.txt"]


def test_two_slots_work_side_by_side(house: House) -> None:
    """Two agents that wait for each other both end, each in a worktree of its own."""
    for mine, other in (("a", "b"), ("b", "a")):
        script = f"touch {house.sign(mine)}; {house.awaiting(other)}; pwd > {mine}.txt"
        house.add(script)
    house.up("worker", "--slots", "2")
    assert [house.until(task)["state"] for task in (1, 2)] == ["done", "done"]
    assert house.repo.content("main", "a.txt") != house.repo.content("main", "b.txt")


def test_a_dependent_starts_from_what_its_need_has_landed(house: House) -> None:
    """A task with `--after` is blocked, then starts at a commit that contains its need."""
    need = house.add(f"{house.awaiting('go')}; echo one > one.txt")
    dependent = house.add("test -f one.txt && echo two > two.txt", "--after", str(need))
    house.up()
    house.until_awaited("go")
    assert house.look(dependent)["state"] == "blocked"
    house.sign("go").touch()
    document = house.until(dependent)
    assert document["state"] == "done"
    landed = house.rows("SELECT landed_commit FROM changes WHERE task = ?", need)[0][0]
    house.repo.git("merge-base", "--is-ancestor", landed, document["base"])


def test_a_dependent_for_another_branch_starts_from_its_tip(house: House) -> None:
    """It is released with its base, though its need has landed elsewhere."""
    house.repo.git("branch", "side")
    need = house.add("echo one > one.txt")
    dependent = house.add("echo two > two.txt", "--after", str(need), "--target", "side")
    house.up()
    assert house.until(dependent)["state"] == "done"
    (body,) = house.rows("SELECT body FROM events WHERE kind = 'task.released'")
    assert house.repo.git("rev-parse", "side~1") in body[0]


def test_a_failed_need_cancels_all_that_wait_for_it(house: House) -> None:
    """Dependents of a failed task are cancelled with the reason, and theirs too."""
    need = house.add("echo no; exit 3")
    first = house.add("echo a > a", "--after", str(need))
    second = house.add("echo b > b", "--after", str(first))
    house.up()
    assert house.until(need)["error"]["reason"] == "agent_error"
    for task, lost in ((first, need), (second, first)):
        document = house.until(task)
        assert (document["state"], document["error"]["reason"]) == ("cancelled", "need_failed")
        assert f"#{lost}" in document["error"]["message"]
    house.cli("retry", str(need))
    assert {house.look(task)["state"] for task in (first, second)} <= {"blocked", "cancelled"}


def test_urgent_tasks_come_first_then_the_oldest(house: House) -> None:
    """One slot takes tasks by priority, and equals in the order in which they were added."""
    for priority in (5, 9, 1, 5):
        house.add(
            f"echo $DEPUTIZE_TASK >> {house.sign('order')}; echo > $DEPUTIZE_TASK",
            "--priority",
            str(priority),
        )
    house.up("worker", "--slots", "1")
    for task in (1, 2, 3, 4):
        house.until(task)
    assert house.sign("order").read_text().split() == ["3", "1", "4", "2"]


def test_an_inspector_answers_and_lands_nothing(house: House) -> None:
    """An inspector is done when it has answered; its answer is the result."""
    before = house.repo.head()
    task = house.add("echo it is fine", "--role", "inspector")
    house.up()
    document = house.until(task)
    assert (document["state"], document["result"], document["change"]) == (
        "done",
        "it is fine",
        None,
    )
    assert house.cli("result", str(task)) == "it is fine"
    assert house.repo.head() == before


def test_an_inspector_that_changes_a_file_fails(house: House) -> None:
    """A role that may change nothing fails by policy when it does, and nothing lands."""
    task = house.add("echo oops >> README.md; echo all fine", "--role", "inspector")
    house.up()
    document = house.until(task)
    assert (document["state"], document["error"]["reason"]) == ("failed", "policy_denied")
    assert house.repo.content("main", "README.md") == "hello"


def test_an_inspector_may_start_beside_the_target(house: House) -> None:
    """An inspector of another branch has changed nothing, however far that branch is away."""
    house.repo.git("switch", "--quiet", "--create", "other")
    other = house.repo.commit(other__txt="other\n")
    house.repo.git("switch", "--quiet", "main")
    task = house.add("cat other.txt", "--role", "inspector", "--base", other)
    house.up()
    document = house.until(task)
    assert (document["state"], document["result"]) == ("done", "other")


def test_an_answerless_inspector_fails(house: House) -> None:
    """An inspector that ends cleanly without a word has not done its job."""
    task = house.add("true", "--role", "inspector")
    house.up()
    assert house.until(task)["error"]["reason"] == "agent_error"


def test_a_tester_ends_as_its_program_does(house: House) -> None:
    """A tester is done with exit code 0 and failed with another; both are on record."""
    good = house.add("echo 3 passed", "--role", "tester")
    bad = house.add("echo 1 failed; exit 1", "--role", "tester")
    house.up()
    assert house.until(good)["state"] == "done"
    document = house.until(bad)
    assert document["state"] == "failed"
    assert document["attempts"][0]["exit_code"] == 1
    assert "1 failed" in house.log(bad)
    assert document["change"] is None
    assert "replaced the workspace's .git" not in house.log(good)


def test_a_tester_is_decided_by_its_checks(house: House) -> None:
    """Not by what its agent says; what the checks leave behind is not held against it."""
    checks = "[checks.good]\ncommand = 'touch left; echo 3 passed'\n"
    checks += "[checks.bad]\ncommand = 'echo 1 failed; exit 3'\nrequired = false\n"
    house.repo.commit(deputize__toml=checks)
    house.up()
    asked = house.add("echo all is well", "--role", "tester")
    house.until_waiting(asked, "a1")
    house.trust()
    assert house.until(asked)["state"] == "done"
    failed = house.until(house.add("echo all is well", "--role", "tester", "--check", "bad"))
    assert (failed["state"], failed["error"]["reason"]) == ("failed", "checks_failed")
    assert "1 failed" in failed["error"]["message"]
    assert [attempt["exit_code"] for attempt in failed["attempts"]] == [3]
    assert "check good: passed" in house.log(asked, 2)
    house.until_cleared()


def test_not_before_is_kept(house: House) -> None:
    """A delayed task says when it starts, and starts by itself, not earlier."""
    start = datetime.now(UTC) + timedelta(seconds=2)
    far = house.add("echo b > b", "--not-before", (start + timedelta(hours=1)).isoformat())
    task = house.add("echo a > a", "--not-before", start.isoformat())
    assert "its time" in house.look(far)["waiting_for"]
    house.up()
    document = house.until(task)
    assert document["state"] == "done"
    assert datetime.fromisoformat(document["started_at"]) >= start


def test_a_held_task_waits_for_its_release(house: House) -> None:
    """A task added on hold is passed over by a worker that does others, until it is released."""
    held = house.add("echo a > a", "--hold")
    other = house.add("echo b > b")
    house.up()
    house.until(other)
    assert house.look(held)["state"] == "queued"
    house.cli("release", str(held))
    assert house.until(held)["state"] == "done"


def test_the_same_key_is_the_same_task(house: House) -> None:
    """Adding twice with one key queues once; with other content it is refused."""
    assert house.add("echo a > a", "--key", "k") == house.add("echo a > a", "--key", "k")
    refused = house.say("add", "-q", "--no-start", "--key", "k", "something else")
    assert refused.code == 2
    assert "#1" in refused.err
    house.up()
    house.until(1)
    assert house.landed() == ["1"]


def test_retry_sets_a_failed_task_going_again(house: House) -> None:
    """A task that failed for want of something is done after `retry`, as its second attempt."""
    task = house.add(f"test -e {house.sign('there')} && echo a > a")
    house.up()
    assert house.until(task)["state"] == "failed"
    house.sign("there").touch()
    house.cli("retry", str(task))
    document = house.until(task, "done")
    assert [attempt["outcome"] for attempt in document["attempts"]] == ["agent_error", "succeeded"]


def trailers(house: House, commit: str) -> list[str]:
    """Return the trailers of a commit."""
    return (
        house.repo.git("log", "-1", "--format=%(trailers:only,unfold)", commit).strip().split("\n")
    )


def test_stats_tell_what_was_done_and_what_waits(house: House) -> None:
    """Outcomes, times, what is open by role, and the worker's load."""
    house.up()
    house.until(house.add("echo fine", "--role", "inspector"))
    house.until(house.add("exit 3", "--role", "inspector"))
    house.add(house.awaiting("go"), "--role", "inspector")
    house.until_awaited("go")
    house.add("echo a > a", "--hold")
    found = house.json("stats")
    assert found["outcomes"] == {"succeeded": 1, "agent_error": 1}
    assert found["failure_rate"] == 0.5
    assert found["run_seconds"]["sample_count"] == 2
    assert found["start_seconds"]["sample_count"] == 2
    depths = [(row["role"], row["state"], row["task_count"]) for row in found["queue"]]
    assert depths == [("inspector", "running", 1), ("writer", "queued", 1)]
    (load,) = found["workers"]
    assert (load["busy"], load["ended_count"], load["succeeded_count"]) == (1, 2, 1)
    reasons = {row["outcome"]: row["rate"] for row in found["reasons"]}
    assert reasons == {"succeeded": 0.5, "agent_error": 0.5}
    said = house.cli("stats")
    assert "50% of all tries failed" in said
    house.sign("go").touch()


def test_a_worker_tells_how_it_gets_on(house: House) -> None:
    """A line of `key=value`, or of JSON, whenever something has changed."""
    worker = house.up("worker", "--progress", "1", "--json")
    good = house.until(house.add("echo fine", "--role", "inspector"))
    bad = house.until(house.add("exit 3", "--role", "inspector"))
    assert (good["state"], bad["state"]) == ("done", "failed")
    lines = wait_until(lambda: _progress(worker.output.read_text(), done=1, failed=1))
    assert lines
    assert list(lines[-1]) == [
        *("done", "failed", "running", "queued", "leases", "oldest_ready_seconds")
    ]


def _progress(text: str, **wanted: int) -> list[dict[str, int]] | None:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    found = [line for line in lines if wanted.items() <= line.items()]
    return lines if found else None


def test_a_worker_that_could_not_work_says_so_at_once(house: House) -> None:
    """Without git on its path it does not begin, and says what to do."""
    house.environment["PATH"] = str(house.signs)
    said = house.say("worker")
    assert (said.code, "git" in said.err, "hint:" in said.err) == (3, True, True)
