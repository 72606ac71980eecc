"""Settings: from which place each comes, what a repository may not do, and what is named wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from deputize.config.load import load_config
from deputize.config.settings import (
    CheckSettings,
    Config,
    LandingSettings,
    Step,
    WorkerSettings,
    WorkspaceSettings,
)
from deputize.config.shape import duration
from deputize.config.variables import unknown_variables
from deputize.errors import ConfigError
from tests.config.everything import EVERYTHING, MEANT

if TYPE_CHECKING:
    from pathlib import Path


def load(tmp_path: Path, home: str = "", repository: str | bytes = "") -> Config:
    """Load settings from the text of both files."""
    file = tmp_path / "config.toml"
    file.write_text(home)
    content = repository if isinstance(repository, bytes) else repository.encode()
    return load_config(file, content)


def refusal(tmp_path: Path, home: str = "", repository: str | bytes = "") -> ConfigError:
    """Return the error that loading ends with."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, home, repository)
    assert caught.value.hint
    return caught.value


def test_every_key_is_read_as_it_is_meant(tmp_path: Path) -> None:
    """A file that sets everything gives exactly this, and nothing is left at its default."""
    assert load(tmp_path, EVERYTHING) == MEANT
    for name, value in Config()._asdict().items():
        assert getattr(MEANT, name) != value, name


def test_without_any_file_the_defaults_hold(tmp_path: Path) -> None:
    """Three slots, automatic landing that asks where nothing is checked, one rework."""
    config = load_config(tmp_path / "none.toml")
    assert config == Config()
    assert (config.default_agent, config.worker.slots) == ("copilot", 3)
    assert config.landing == LandingSettings("auto", "ask", "merge", 1)


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("[landing]\nmod = 'ask'", "landing.mod", "did you mean `landing.mode`?"),
        ("default_agnet = 'x'", "default_agnet", "did you mean `default_agent`?"),
        ("[checks.t]\ncomand = 'x'", "checks.t.comand", "did you mean `checks.t.command`?"),
        ("[[notify]]\nkimd = 'x'", "notify.0.kimd", "did you mean `notify.0.kind`?"),
        ("[workspace]\nsetup = [{ cmd = 'x' }]", "workspace.setup.0.cmd", "workspace.setup.0.comm"),
        ("zzz = 1", "zzz", "known: agents, approvals, audit"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(
    tmp_path: Path, text: str, key: str, hint: str
) -> None:
    """File, key and what was probably meant."""
    error = refusal(tmp_path, text)
    assert error.message == f"{tmp_path / 'config.toml'}: unknown key `{key}`"
    assert hint in str(error.hint)


WRONG = (
    ("worker = 3", "`worker` must be a table, not 3"),
    ("[worker]\nslots = '3'", "`worker.slots` must be a whole number from 1"),
    ("[worker]\nslots = true", "`worker.slots` must be a whole number"),
    ("[worker]\nslots = -1", "`worker.slots` must be a whole number"),
    (
        "[sandbox]\nlevel = 'tight'",
        '`sandbox.level` must be "auto" or "off" or "workspace", not \'tight\'',
    ),
    ("[pool]\nclients = 0", "`pool.clients` must be a whole number from 1 to 1000, not 0"),
    ("[worker]\nslots = 0", "`worker.slots` must be a whole number from 1 to 1000, not 0"),
    ("[worker]\nslots = 1001", "`worker.slots` must be a whole number from 1 to 1000"),
    ("[worker]\nslots = 3.0", "`worker.slots` must be a whole number"),
    (f"[worker]\nslots = {10**30}", "`worker.slots` must be a whole number"),
    ("[worker]\nautostart = 'yes'", "`worker.autostart` must be true or false, not 'yes'"),
    ("[worker]\nautostart = 1", "`worker.autostart` must be true or false"),
    (
        "[budget]\nday.usd = 0",
        "`budget.day.usd` must be a number of dollars such as 2.50 from 0.0000",
    ),
    ("[budget]\nday.usd = 0.0000001", "`budget.day.usd` must be a number of dollars"),
    ("[budget]\nproviders.opnai.usd = 1", "`budget.providers` must be named after a provider, or"),
    ("[agents.x]\nprovider = 'p'\n[budget]\nproviders.x.usd = 1", "a login of its own, not 'x'"),
    ("default_agent = 7", "`default_agent` must be a text, not 7"),
    ("[landing]\nmode = 'fast'", '`landing.mode` must be "auto" or "ask" or "branch"'),
    (
        "[agents.x]\nkind = 'magic'",
        '`agents.x.kind` must be "copilot" or "codex" or "claude" or "acp"',
    ),
    ("[agents.x]\ncommand = 'prog'", "`agents.x.command` must be a list, not 'prog'"),
    ("[agents.x]\ncommand = ['prog', 1]", "`agents.x.command.1` must be a text, not 1"),
    (
        "[agents.x]\nread = [{ answer = 'a', where = { 'a..b' = 'x' } }]",
        "`agents.x.read.0.where` must be texts, each at a path of names such as `message.role`",
    ),
    ("[agents.x]\nsuccess = [256]", "`agents.x.success.0` must be a whole number from 0 to 255"),
    (
        "[agents.x.patterns]\nauth_failed = ['(']",
        "`agents.x.patterns.auth_failed.0` must be a regular expression, not '('",
    ),
    (
        "[telemetry]\nendpoint = 'nowhere'",
        "`telemetry.endpoint` must be a web address such as http",
    ),
    ("agents = ['x']", "`agents` must be a table"),
    ("[roles.x]\ntools = ['read', 'knife']", '`roles.x.tools.1` must be "read" or "write"'),
    ("agents.x = 'y'", "`agents.x` must be a table, not 'y'"),
    ("[agents.'../x']", "`agents` must be tables named with letters, digits, - and _"),
    ("[roles.'a.b']\nchange = 'x'", "`roles` must be tables named"),
    ("[checks.'']\ncommand = 'x'", "`checks` must be tables named"),
    ("[checks.t]", "`checks.t.command` is missing"),
    ("[providers.x]\ntype = 'openai'", "`providers.x.base_url` is missing"),
    ("[checks.t]\ncommand = 'x'\ntimeout_seconds = 0", "`checks.t.timeout_seconds` must be a dur"),
    ("[checks.t]\ncommand = 'x'\ntimeout_seconds = '1w'", "must be a duration such as 90, 10m or"),
    ("[checks.t]\ncommand = 'x'\ntimeout_seconds = 1.5", "must be a duration"),
    ("notify = { kind = 'webhook' }", "`notify` must be a list"),
    ("notify = ['webhook']", "`notify.0` must be a table"),
    ("[[notify]]\nkind = 'pigeon'", '`notify.0.kind` must be "command" or "webhook"'),
    ("default_agent = '" + "x" * 500 + "'\nworker = '" + "y" * 500 + "'", "yyy…"),
    ("default_agent = ", "not valid TOML"),
    ("a = " + "[" * 100_000, "not valid TOML: nested too deep"),
    ("a = " + "9" * 5000, "not valid TOML"),
)


@pytest.mark.parametrize(("text", "problem"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_value_is_named_with_what_would_be_right(
    tmp_path: Path, text: str, problem: str
) -> None:
    """File and key stand in one short line, however wrong the value."""
    error = refusal(tmp_path, text)
    assert error.message.startswith(f"{tmp_path / 'config.toml'}: ")
    assert problem in error.message
    assert len(error.message) < 400


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = 1\nb", b"[checks", b"\0"])
def test_a_repositorys_broken_file_is_named(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no TOML are an error of configuration, not a crash."""
    assert refusal(tmp_path, repository=content).message.startswith("deputize.toml: not valid TOML")


def test_a_home_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    """A folder in its place, for one."""
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match=r"cannot read .*config\.toml"):
        load_config(tmp_path / "config.toml")


@pytest.mark.parametrize(
    "key", ["default_agent", "agents", "providers", "roles", "worker", "notify"]
)
def test_a_repository_may_not_set_what_belongs_to_the_user(tmp_path: Path, key: str) -> None:
    """Neither agents nor providers, roles, workers or where notifications go."""
    value = "'x'" if key.startswith("default") else "{ x = {} }"
    error = refusal(tmp_path, repository=f"{key} = {value}")
    assert error.message == f"deputize.toml: a repository may not set `{key}`"
    assert "your deputize home" in str(error.hint)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("lamding = {}", "lamding"),
        ("[checks.t]\ncommand = 'x'\nrequire = true", "checks.t.require"),
    ],
)
def test_a_repositorys_unknown_key_is_named(tmp_path: Path, text: str, key: str) -> None:
    """With the file that has it."""
    error = refusal(tmp_path, repository=text)
    assert error.message == f"deputize.toml: unknown key `{key}`"
    assert error.hint


@pytest.mark.parametrize(
    ("home", "repository", "mode"),
    [
        ("auto", "ask", "ask"),
        ("auto", "branch", "branch"),
        ("ask", "auto", "ask"),
        ("ask", "branch", "branch"),
        ("branch", "auto", "branch"),
        ("branch", "ask", "branch"),
    ],
)
def test_a_repository_may_make_landing_stricter_but_not_looser(
    tmp_path: Path, home: str, repository: str, mode: str
) -> None:
    """The stricter of both modes holds."""
    config = load(tmp_path, f"landing.mode = '{home}'", f"landing.mode = '{repository}'")
    assert config.landing.mode == mode


@pytest.mark.parametrize(
    ("home", "repository", "meant"),
    [
        ("ask", "land", "ask"),
        ("land", "ask", "ask"),
        ("land", "land", "land"),
        ("ask", "ask", "ask"),
    ],
)
def test_a_repository_may_not_land_unchecked_by_itself(
    tmp_path: Path, home: str, repository: str, meant: str
) -> None:
    """Only a home that allows it lets a repository without checks land unasked."""
    key = "landing.without_checks"
    config = load(tmp_path, f"{key} = '{home}'", f"{key} = '{repository}'")
    assert config.landing.without_checks == meant


@pytest.mark.parametrize(("repository", "meant"), [(0, 0), (2, 2), (99, 3)])
def test_a_repository_may_ask_for_less_rework_but_not_for_more(
    tmp_path: Path, repository: int, meant: int
) -> None:
    """Each rework costs the user an agent's work: home says how much at most."""
    config = load(tmp_path, "landing.rework = 3", f"landing.rework = {repository}")
    assert config.landing.rework == meant


def test_a_check_of_home_can_not_be_taken_away_or_weakened(tmp_path: Path) -> None:
    """A repository adds checks; one that home has stays as home has it."""
    home = "[checks.audit]\ncommand = 'audit'"
    repository = "[checks.audit]\ncommand = 'true'\nrequired = false\n[checks.t]\ncommand = 'x'"
    checks = load(tmp_path, home, repository).checks
    assert checks["audit"] == CheckSettings(command="audit")
    assert checks["t"].command == "x"


def test_a_repository_sets_only_what_its_file_says(tmp_path: Path) -> None:
    """Keys beside it stay as home has them."""
    home = "[workspace]\nsetup = [{ command = 'a' }]\ninclude = ['x']\n[landing]\nrework = 3"
    config = load(tmp_path, home, "[workspace]\ninclude = ['y']\n[landing]\nstyle = 'squash'")
    assert config.workspace == WorkspaceSettings(setup=(Step(command="a"),), include=("y",))
    assert (config.landing.rework, config.landing.style) == (3, "squash")


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a function of keywords
    """Give a function that sets environment variables for this test."""

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


def test_the_environment_beats_both_files(tmp_path: Path, variables: Any) -> None:  # noqa: ANN401 - as above
    """Each kind of value, and only the key that is named."""
    variables(
        DEPUTIZE_LANDING__MODE="auto",
        DEPUTIZE_WORKER__SLOTS="9",
        DEPUTIZE_WORKER__AUTOSTART="false",
        DEPUTIZE_DEFAULT_AGENT="goose",
        DEPUTIZE_AUDIT__MIRROR="x.md",
    )
    config = load(tmp_path, "landing.mode = 'ask'\nworker.slots = 2", "landing.style = 'squash'")
    assert config.landing == LandingSettings(mode="auto", style="squash")
    assert config.worker == WorkerSettings(slots=9, autostart=False)
    assert (config.default_agent, config.audit.mirror) == ("goose", "x.md")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DEPUTIZE_LANDING__MODE", "fast", "`landing.mode` must be"),
        ("DEPUTIZE_LANDING__MOD", "ask", "unknown key `landing.mod`"),
        ("DEPUTIZE_LANDING", "ask", "`landing` must be a table"),
        ("DEPUTIZE_LANDING__MODE__X", "ask", "`landing.mode` must be a text"),
        ("DEPUTIZE_WORKER__SLOTS", "many", "`worker.slots` must be a whole number"),
        ("DEPUTIZE_WORKER__SLOTS", "9" * 5000, "`worker.slots` must be a whole number"),
        ("DEPUTIZE_WORKER__SLOTS", "", "`worker.slots` must be a whole number"),
    ],
)
def test_a_wrong_variable_is_named(
    tmp_path: Path,
    variables: Any,  # noqa: ANN401 - as above
    name: str,
    value: str,
    problem: str,
) -> None:
    """The variable stands where a file's name would."""
    variables(**{name: value})
    error = refusal(tmp_path)
    assert error.message.startswith(f"{name}: ")
    assert problem in error.message


def test_variables_that_mean_nothing_are_listed_and_not_an_error(
    tmp_path: Path,
    variables: Any,  # noqa: ANN401 - as above
) -> None:
    """For a warning: what is misspelt, but not what has a meaning of its own."""
    variables(DEPUTIZE_LADNING__MODE="ask", DEPUTIZE_AGENTS__X__KIND="acp")
    variables(DEPUTIZE_HOME="/h", DEPUTIZE_TASK="1", DEPUTIZE_LANDING__MODE="ask", OTHER="x")
    assert load(tmp_path).landing.mode == "ask"
    listed = unknown_variables(os.environ)
    assert listed == ["DEPUTIZE_AGENTS__X__KIND", "DEPUTIZE_LADNING__MODE"]


SECONDS = {
    90: 90, "90": 90, "90s": 90, "10m": 600, "2h": 7200, "1d": 86400, "366d": 366 * 86400,
}  # fmt: skip
NO_DURATIONS = (
    *("367d", 0, "0", -1, "-1", True, 1.5, "1.5h", "", "m", " 1m", "1 m", "1M", "\u00b2", "\u0661"),
    *("9" * 5000, 10**30, None, [1]),
)


def test_durations_are_seconds_or_a_number_with_a_unit() -> None:
    """Anything else, and more than a year, is none."""
    assert {text: duration(text) for text in SECONDS} == SECONDS
    assert {duration(text) for text in NO_DURATIONS} == {None}


@pytest.mark.parametrize(
    ("text", "key", "right"),
    [
        ("profile = 'loose'", "policy.profile", '"trusted" or "workspace" or "read-only"'),
        ("blocked_patterns = ['(']", "policy.blocked_patterns.0", "a regular expression"),
        ("allowed_commands = ['git', '']", "policy.allowed_commands.1", "not empty"),
        ('ask_commands = ["git \'push"]', "policy.ask_commands.0", "words of a command"),
        ("rules = [{ profile = 'x' }]", "policy.rules.0.profile", '"trusted" or'),
        (
            "rules = [{}, { blocked_patterns = ['['] }]",
            "policy.rules.1.blocked_patterns.0",
            "a reg",
        ),
    ],
)
def test_a_policy_that_could_never_fit_is_refused(
    tmp_path: Path, text: str, key: str, right: str
) -> None:
    """In home's file as in a repository's, with the key, and what would be right."""
    for error in (
        refusal(tmp_path, home=f"[policy]\n{text}"),
        refusal(tmp_path, repository=f"[policy]\n{text}"),
    ):
        assert f"`{key}` must be" in error.message
        assert right in error.message


def test_a_repositorys_policy_only_narrows(tmp_path: Path) -> None:
    """What home says stays as it is; what the repository says is further rules under its name."""
    home = (
        '[policy]\nprofile = "workspace"\nallowed_commands = ["pytest"]\nwritable = [".", "/srv"]'
    )
    theirs = '[policy]\nallowed_commands = ["make"]\n[[policy.rules]]\nprofile = "trusted"'
    found = load(tmp_path, home, theirs).policy
    assert found._replace(rules=()) == load(tmp_path, home).policy
    first, second = found.rules
    assert (first.name, first.allowed_commands, first.profile, first.writable) == (
        "deputize.toml policy", ("make",), None, (),
    )  # fmt: skip
    assert (second.name, second.profile) == ("deputize.toml policy.rules.0", "trusted")
