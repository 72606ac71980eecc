"""How a Copilot session gets at a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deputize.agents.base import Job, Provider
from deputize.agents.copilot.login import login_of
from deputize.agents.copilot.stored import stored_user
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

OPENAI = Provider(name="mine", type="openai", base_url="http://x/v1", key_variable="MY_KEY")


def _job(**given: Any) -> Job:  # noqa: ANN401 - fields of a job
    return Job(**{"prompt": "p", "workspace": Path("/w"), "environment": {}, **given})


@pytest.mark.parametrize(
    ("known", "token"),
    [
        ({"COPILOT_GITHUB_TOKEN": "a", "GH_TOKEN": "b", "GITHUB_TOKEN": "c"}, "a"),
        ({"GH_TOKEN": "b", "GITHUB_TOKEN": "c"}, "b"),
        ({"GITHUB_TOKEN": "c", "GH_TOKEN": ""}, "c"),
        ({}, None),
    ],
)
def test_the_first_token_counts(known: dict[str, str], token: str | None) -> None:
    """Tokens are looked for in order, among secrets and variables; without one, a stored login."""
    for given in ({"secrets": known}, {"environment": known}):
        login = login_of(_job(**given))
        assert login.token == token
        assert login.is_stored is (token is None)


def test_a_provider_needs_no_login_of_github() -> None:
    """With a provider of one's own no token of GitHub is given to the session."""
    job = _job(secrets={"MY_KEY": "k", "GH_TOKEN": "t"}, provider=OPENAI, model="m")
    login = login_of(job)
    assert login.token is None
    assert not login.is_stored
    assert login.provider == {"type": "openai", "base_url": "http://x/v1", "api_key": "k"}


def test_ollama_is_spoken_to_as_openai() -> None:
    """The runtime has no kind of its own for it, and it takes no key."""
    provider = Provider(name="o", type="ollama", base_url="http://x/v1", wire="completions")
    login = login_of(_job(provider=provider, model="m"))
    assert login.provider == {
        "type": "openai",
        "base_url": "http://x/v1",
        "model_provider": "ollama",
        "wire_api": "completions",
    }


@pytest.mark.parametrize(
    ("given", "outcome", "word"),
    [
        ({"model": "m"}, Outcome.AUTH_FAILED, "MY_KEY"),
        ({"secrets": {"MY_KEY": "k"}}, Outcome.AGENT_ERROR, "model"),
    ],
)
def test_a_provider_that_lacks_something_is_refused(
    given: dict[str, Any], outcome: Outcome, word: str
) -> None:
    """A missing key and a missing model are said before anything is started."""
    with pytest.raises(AgentError, match=word) as caught:
        login_of(_job(provider=OPENAI, **given))
    assert caught.value.outcome == outcome


def test_secrets_are_not_shown() -> None:
    """A login that is printed by mistake gives nothing away."""
    job = _job(secrets={"MY_KEY": "hush"}, provider=OPENAI, model="m")
    assert "hush" not in repr(login_of(job))
    assert "hush" not in repr(login_of(_job(secrets={"GH_TOKEN": "hush"})))


@pytest.mark.parametrize(
    ("config", "user"),
    [
        (
            '// kept by Copilot\n{"lastLoggedInUser": {"host": "h", "login": "octo-cat"}}',
            "octo-cat",
        ),
        ('{"last_logged_in_user":{"login":"octocat","host":"h"}}', "octocat"),
        ('{"copilotTokens": {"h:octocat": "gho_secret"}, "lastLoggedInUser": null}', None),
        ('{"lastLoggedInUser": {"host": "h"}, "other": {"login": "eve"}}', None),
        ('{"lastLoggedInUser": {"login": "\x1b[2J"}}', None),
        ("\xff", None),
    ],
)
def test_whose_login_is_stored(tmp_path: Path, config: str, user: str | None) -> None:
    """The name is found in what each version writes, in the folder that Copilot would look in."""
    assert stored_user({"HOME": str(tmp_path)}) is None
    folder = tmp_path / ".copilot"
    folder.mkdir()
    (folder / "config.json").write_text(config, "latin-1")
    assert stored_user({"HOME": str(tmp_path)}) == user
    assert stored_user({"COPILOT_HOME": str(folder), "HOME": "/nowhere"}) == user
