"""A file that sets every key, and what it means."""

from __future__ import annotations

from deputize.config.settings import (
    AuditSettings,
    ChannelSettings,
    CheckSettings,
    Config,
    ContextSettings,
    HookSettings,
    LandingSettings,
    PoolSettings,
    ProviderSettings,
    RetentionSettings,
    RoleSettings,
    SandboxSettings,
    Step,
    TelemetrySettings,
    WorkerSettings,
    WorkspaceSettings,
)
from deputize.model.agent import AgentSettings, Handing, Patterns, Reading
from deputize.model.budget import Budgets, Ceiling
from deputize.model.consent import ApprovalRule
from deputize.model.limits import Limits
from deputize.model.price import KnownModel
from deputize.model.ruleset import PolicySettings, Rule

EVERYTHING = """
default_agent = "mine"
default_provider = "local"
fallback = ["mine", "copilot"]
[agents.mine]
kind = "command"
command = ["prog", "{prompt_file}"]
env = ["TOKEN_*"]
roles = ["writer"]
model = "m"
provider = "local"
path = "/opt/prog"
success = [0, 3]
patterns.rate_limited = ["slow down (?P<reset>.*)"]
exit_codes.41 = "auth_failed"
prompt = "file"
model_arguments = ["--model", "{model}"]
resume_arguments = ["--resume", "{session}"]
lost_session = ["not found"]
variables.COLOUR = "never"
providers.openai.variables = { BASE = "{base_url}", MODEL_KEY = "{key}" }
providers.openai.arguments = ["--openai"]
providers.openai.model = "openai/{model}"
output = "jsonl"
litter = [".mine"]
noise = ["^Tokens:"]
version = ["--version"]
install = "make install"
[[agents.mine.read]]
where = { type = "end", "a.kind" = "b" }
unless = { state = "open" }
answer = "text"
pieces = true
session = "id"
error = "wrong"
model = "model"
input_tokens = ["in", "cache.*.read"]
output_tokens = ["out"]
cached_tokens = ["cached"]
reasoning_tokens = ["why"]
cost_usd = ["cost"]
cumulative = true
[providers.local]
type = "openai"
base_url = "http://127.0.0.1:1/v1"
key_variable = "KEY"
wire = "responses"
model = "llama"
[providers.filed]
type = "anthropic"
base_url = "https://models.example.org"
key_file = "keys/filed"
[providers.kept]
type = "azure"
base_url = "https://models.example.org"
key_keyring = "deputize"
[roles.reviewer]
change = "allowed"
preamble = "Review."
agent = "mine"
provider = "filed"
tools = ["read", "other"]
profile = "trusted"
[policy]
profile = "read-only"
allowed_tools = ["read", "shell"]
blocked_tools = ["mcp"]
ask_tools = ["github__*"]
blocked_patterns = ["prod(uction)?-db"]
allowed_commands = ["git status"]
blocked_commands = ["rm"]
ask_commands = ["git push"]
readable = [".", "~/docs"]
writable = ["."]
hosts = ["*.example.org"]
wait_seconds = "2m"
answer_seconds = "1h"
[[approvals]]
name = "two for infrastructure"
about = ["change"]
paths = ["infra/*"]
people = ["ada", "grace"]
approvers = 2
[[policy.rules]]
name = "no network for inspectors"
roles = ["inspector"]
agents = ["mine"]
repositories = ["/srv/*"]
kinds = ["review"]
profile = "read-only"
blocked_tools = ["network"]
[workspace]
setup = [{ command = "make deps", timeout_seconds = "10m" }, { command = "true" }]
include = [".env"]
[checks.tests]
command = "make test"
timeout_seconds = "2h"
paths = ["src/*"]
required = false
[landing]
mode = "ask"
without_checks = "land"
style = "squash"
rework = 0
[worker]
slots = 7
autostart = false

[sandbox]
level = "off"

[pool]
clients = 4
idle_seconds = 60
most_megabytes = 500
most_sessions = 50
[limits]
repository = 2
ageing_seconds = "1h"
roles.writer = 4
agents.mine = 3
providers.local = 1
labels.gpu = 1
[budget]
attempt = { tokens = 1_000_000 }
task.usd = 2.5
plan = { tokens = 9_000_000, usd = 20 }
day.usd = 50
providers.local = { tokens = 5_000_000 }
[[models]]
name = "m-*"
provider = "local"
context_tokens = 2_000_000
input_usd = 1.25
output_usd = 10
cached_usd = 0.125
priced_up_to_tokens = 1_500_000
recommended_for = ["docs"]
[retention]
logs_seconds = "7d"
tasks_seconds = 0
events_seconds = "730d"
sessions_seconds = "12h"
[audit]
mirror = ".audit.md"
[telemetry]
endpoint = "http://127.0.0.1:4318"
[[notify]]
kind = "webhook"
url = "http://127.0.0.1:1/"
on = ["task.done"]
name = "hook"
[[notify]]
kind = "command"
command = ["say"]
[[hooks]]
on = ["before_tool", "prompt"]
command = ["check", "--fast"]
timeout_seconds = "20s"
roles = ["writer"]
agents = ["copilot"]
name = "checks"
[context]
project = "A shop."
automatic = false
[[hooks]]
on = ["session_end"]
url = "http://127.0.0.1:1/hook"
"""
MEANT = Config(
    default_agent="mine",
    default_provider="local",
    fallback=("mine", "copilot"),
    agents={
        "mine": AgentSettings(
            kind="command", command=("prog", "{prompt_file}"), env=("TOKEN_*",), roles=("writer",),
            model="m", provider="local", path="/opt/prog",
            success=(0, 3), patterns=Patterns(rate_limited=("slow down (?P<reset>.*)",)),
            exit_codes={"41": "auth_failed"}, prompt="file",
            model_arguments=("--model", "{model}"), resume_arguments=("--resume", "{session}"),
            lost_session=("not found",), variables={"COLOUR": "never"},
            providers={"openai": Handing(
                variables={"BASE": "{base_url}", "MODEL_KEY": "{key}"}, arguments=("--openai",),
                model="openai/{model}",
            )},
            output="jsonl", litter=(".mine",), noise=("^Tokens:",),
            read=(Reading(
                where={"type": "end", "a.kind": "b"}, unless={"state": "open"}, answer="text",
                pieces=True, session="id", error="wrong", model="model",
                input_tokens=("in", "cache.*.read"), output_tokens=("out",),
                cached_tokens=("cached",), reasoning_tokens=("why",), cost_usd=("cost",),
                cumulative=True,
            ),),
            version=("--version",), install="make install",
        )
    },
    providers={
        "local": ProviderSettings(
            type="openai", base_url="http://127.0.0.1:1/v1", key_variable="KEY", wire="responses",
            model="llama",
        ),
        "filed": ProviderSettings(
            type="anthropic", base_url="https://models.example.org", key_file="keys/filed"
        ),
        "kept": ProviderSettings(
            type="azure", base_url="https://models.example.org", key_keyring="deputize"
        ),
    },
    roles={"reviewer": RoleSettings(
            change="allowed", preamble="Review.", agent="mine", provider="filed",
            tools=("read", "other"), profile="trusted",
        )},
    approvals=(ApprovalRule(
        name="two for infrastructure", about=("change",), paths=("infra/*",),
        people=("ada", "grace"), approvers=2,
    ),),
    policy=PolicySettings(
        profile="read-only", allowed_tools=("read", "shell"), blocked_tools=("mcp",),
        ask_tools=("github__*",), blocked_patterns=("prod(uction)?-db",),
        allowed_commands=("git status",), blocked_commands=("rm",), ask_commands=("git push",),
        readable=(".", "~/docs"), writable=(".",), hosts=("*.example.org",),
        wait_seconds=120, answer_seconds=3600,
        rules=(Rule(
            name="no network for inspectors", roles=("inspector",), agents=("mine",),
            repositories=("/srv/*",), kinds=("review",), profile="read-only",
            blocked_tools=("network",),
        ),),
    ),
    workspace=WorkspaceSettings(
        setup=(Step(command="make deps", timeout_seconds=600), Step(command="true")),
        include=(".env",),
    ),
    checks={
        "tests": CheckSettings(
            command="make test", timeout_seconds=7200, paths=("src/*",), required=False
        )
    },
    landing=LandingSettings(mode="ask", without_checks="land", style="squash", rework=0),
    worker=WorkerSettings(slots=7, autostart=False),
    sandbox=SandboxSettings(level="off"),
    pool=PoolSettings(clients=4, idle_seconds=60, most_megabytes=500, most_sessions=50),
    limits=Limits(
        roles={"writer": 4}, agents={"mine": 3}, providers={"local": 1}, labels={"gpu": 1},
        repository=2, ageing_seconds=3600,
    ),
    budget=Budgets(
        attempt=Ceiling(tokens=1_000_000), task=Ceiling(usd=2.5),
        plan=Ceiling(9_000_000, 20.0), day=Ceiling(usd=50.0),
        providers={"local": Ceiling(tokens=5_000_000)},
    ),
    models=(
        KnownModel(
            name="m-*", provider="local", context_tokens=2_000_000, input_usd=1.25,
            output_usd=10.0, cached_usd=0.125, priced_up_to_tokens=1_500_000,
            recommended_for=("docs",),
        ),
    ),
    retention=RetentionSettings(
        logs_seconds=7 * 86400,
        tasks_seconds=0,
        events_seconds=730 * 86400,
        sessions_seconds=12 * 3600,
    ),
    audit=AuditSettings(mirror=".audit.md"),
    telemetry=TelemetrySettings(endpoint="http://127.0.0.1:4318"),
    notify=(
        ChannelSettings(kind="webhook", url="http://127.0.0.1:1/", on=("task.done",), name="hook"),
        ChannelSettings(kind="command", command=("say",)),
    ),
    hooks=(
        HookSettings(
            on=("before_tool", "prompt"), command=("check", "--fast"), timeout_seconds=20,
            roles=("writer",), agents=("copilot",), name="checks",
        ),
        HookSettings(on=("session_end",), url="http://127.0.0.1:1/hook"),
    ),
    context=ContextSettings(project="A shop.", automatic=False),
)  # fmt: skip
