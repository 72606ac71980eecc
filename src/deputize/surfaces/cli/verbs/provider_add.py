"""Write a provider into config.toml, whose comments stay, and keep its key where you say.

Without an option for the key it is asked for, without an echo, or read from stdin where that is no
terminal, and kept in a file of its own in deputize's home that only you can read. A key is never
taken from the command line: there it stays in your shell's history, and all users of the machine
see it.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.config.settings import ProviderSettings
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize provider add work --type openai --base-url https://models.example.org/v1
  pass show work-key | deputize provider add work --type anthropic --model a-model
  deputize provider add work --type openai --key-variable WORK_KEY
  deputize provider add local --type ollama
"""
LONGEST_LINE = 10_000


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `provider add` takes."""
    from deputize.config.settings import CHOICES

    add = parser.add_argument
    add("name", metavar="NAME", help="a name of your own for it")
    add("--type", required=True, choices=CHOICES["providers.*.type"], help="how it is spoken to")
    add("--base-url", metavar="URL", help="where it is (default: where that type usually is)")
    add("--model", metavar="M", help="the model, where neither task nor agent names one")
    add("--wire", choices=CHOICES["providers.*.wire"], help="which requests it takes, of openai")
    add("--replace", action="store_true", help="write it anew where there is one of that name")
    # Taken only to be refused: what follows an unknown option would be repeated in the error.
    add("--key", "--api-key", dest="spoken", nargs="?", const="", help=argparse.SUPPRESS)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--key-variable", metavar="V", help="the key is in this variable")
    where.add_argument("--key-file", metavar="F", help="the key is, or will be kept, in this file")
    where.add_argument(
        "--key-keyring", action="store_true", help="the key will be kept in the system's keyring"
    )
    where.add_argument("--no-key", action="store_true", help="it needs none (usual for ollama)")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Ask for the key where it has to be kept, and write the provider."""
    from deputize.config.home import find_home
    from deputize.desk.answers import refuse_agents
    from deputize.desk.context import open_desk
    from deputize.desk.providers import add, drafted, takes_key
    from deputize.surfaces.cli.verbs.provider_list import document_of

    _refuse_spoken(arguments)
    with open_desk(find_home()) as desk:
        refuse_agents(desk)
    wanted = _wanted(arguments)
    settings = drafted(desk.home, arguments.name, wanted, replace=arguments.replace)
    key = _key(arguments.name) if takes_key(desk.home, settings) else None
    view = add(desk.home, arguments.name, settings, key)
    if output.json:
        output.document(document_of(view))
        return 0
    output.text(f"{view.name}: {settings.type} at {settings.base_url}")
    output.note(f"its key: {view.key or 'none'}")
    if view.problem:
        output.warn(view.problem, view.hint)
    output.note(f"hint: `deputize provider test {view.name}` sees whether it answers")
    return 0


def _refuse_spoken(arguments: Namespace) -> None:
    from deputize.errors import InvalidInput

    if arguments.spoken is not None:
        hint = "leave it out: the key is asked for; and as it is known now, have another one made"
        raise InvalidInput("a key is not taken from the command line", hint=hint)


def _wanted(arguments: Namespace) -> ProviderSettings:
    from deputize.config.settings import ProviderSettings
    from deputize.desk.providers import KEYRING

    settings = ProviderSettings(
        type=arguments.type,
        base_url=arguments.base_url or "",
        key_variable=arguments.key_variable,
        key_file=arguments.key_file,
        key_keyring=KEYRING if arguments.key_keyring else None,
        wire=arguments.wire,
        model=arguments.model,
    )
    is_said = arguments.key_variable or arguments.key_file or arguments.key_keyring
    if is_said or arguments.no_key or arguments.type == "ollama":
        return settings
    return settings._replace(key_file=f"keys/{arguments.name}")


def _key(name: str) -> str:
    """Read the key from a terminal without an echo, else from stdin; InvalidInput without one."""
    from getpass import getpass

    from deputize.errors import InvalidInput

    if sys.stdin.isatty():
        key = getpass(f"key of {name} (not shown): ")
    else:
        key = sys.stdin.readline(LONGEST_LINE)
    if not key.strip():
        hint = "type it when asked, or hand it over on stdin; or --key-variable, or --no-key"
        raise InvalidInput("there is no key", hint=hint)
    return key
