"""What agents, checks and setup commands get to see."""

from __future__ import annotations

from deputize.workspace.processes.environment import (
    agent_environment,
    attempt_marker,
    is_marked,
    markers,
)

OURS = {
    "PATH": "/bin",
    "HOME": "/srv/mary",
    "LC_TIME": "C",
    "HTTPS_PROXY": "http://proxy:3128",
    "ANTHROPIC_API_KEY": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "SSH_AUTH_SOCK": "/run/agent",
    "LD_PRELOAD": "/srv/mary/x.so",
    "GIT_DIR": "/elsewhere/.git",
    "DEPUTIZE_HOME": "/srv/mary/.local/state/deputize",
    "DEPUTIZE_DATABASE": "postgresql://secret",
}


def test_only_the_allowed_pass() -> None:
    """What isn't on the list stays out: secrets, sockets, what would steer git or the loader."""
    passed = agent_environment([], {}, OURS)
    assert {"PATH", "HOME", "LC_TIME", "HTTPS_PROXY"} == OURS.keys() & passed.keys()


def test_named_pass() -> None:
    """What the configuration names passes too, with a star for any ending."""
    passed = agent_environment(["ANTHROPIC_API_KEY", "AWS_*"], {}, OURS)
    assert passed["ANTHROPIC_API_KEY"] == "secret"
    assert passed["AWS_SECRET_ACCESS_KEY"] == "secret"


def test_our_own_never_pass() -> None:
    """No configuration lets an agent see where deputize keeps its state."""
    passed = agent_environment(["*", "DEPUTIZE_*", "DEPUTIZE_HOME"], {}, OURS)
    assert not [name for name in passed if name.startswith("DEPUTIZE_")]


def test_nothing_waits_for_a_person() -> None:
    """No program opens an editor, a pager or a prompt."""
    passed = agent_environment([], {}, {"GIT_EDITOR": "vi", "PAGER": "less"})
    assert passed["GIT_EDITOR"] == "true"
    assert passed["PAGER"] == "cat"
    assert passed["GIT_TERMINAL_PROMPT"] == "0"


def test_extra_wins() -> None:
    """What is given as extra comes over everything, and marks the process as an attempt's."""
    passed = agent_environment([], {"HOME": "/srv/joe", **markers(12, "abc")}, OURS)
    assert passed["HOME"] == "/srv/joe"
    assert passed["DEPUTIZE_TASK"] == "12"
    assert is_marked({f"{name}={value}".encode() for name, value in passed.items()})


def test_marker_hides_the_token() -> None:
    """The marker is always the same for a lease token, and doesn't give it away."""
    assert attempt_marker("token-1") == attempt_marker("token-1")
    assert attempt_marker("token-1") != attempt_marker("token-2")
    assert "token" not in attempt_marker("token-1")
