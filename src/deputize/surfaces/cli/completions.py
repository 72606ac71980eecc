"""Completion scripts, made from the parsers: verbs, options, and the words that options take."""

from __future__ import annotations

import argparse
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from deputize.surfaces.cli.catalogue import VERBS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deputize.surfaces.cli.parser import Parser

    Parsers = Mapping[str, Parser]

FILE_OPTIONS = ("--file", "-F", "--repo", "--scope")
GLOBAL = ("--help", "--version")

_BASH = """\
_deputize() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} words=
  case ${{COMP_WORDS[COMP_CWORD-1]}} in
{options}
  esac
  if ((COMP_CWORD == 1)); then
    words={first}
  else
    case "${{COMP_WORDS[1]}} ${{COMP_WORDS[2]}}" in
{verbs}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -F _deputize deputize"""

_ZSH = """\
#compdef deputize
_deputize() {{
  local -a found
  case "$words[CURRENT-1]" in
{options}
  esac
  if ((CURRENT == 2)); then
    found=({first})
  else
    case "$words[2] $words[3]" in
{verbs}
    esac
  fi
  _describe deputize found
}}
if [ "$funcstack[1]" = _deputize ]; then _deputize "$@"; else compdef _deputize deputize; fi"""

_FISH = """\
function __deputize_says
  set -l words (commandline -opc)
  test "$words[2]" = "$argv[1]"; or return 1
  test -z "$argv[2]"; or test "$words[3]" = "$argv[2]"
end
function __deputize_says_nothing
  test (count (commandline -opc)) -eq 1
end
complete -c deputize -f
{lines}"""


class Word(NamedTuple):
    """Something that can be typed, with a line about it."""

    text: str
    about: str


def first_words() -> list[Word]:
    """List the first words of all verbs."""
    found: dict[str, str] = {}
    for verb, line in VERBS.items():
        first, _, second = verb.partition(" ")
        found.setdefault(first, f"{second} …" if second else line)
    return [Word(first, line) for first, line in found.items()]


def second_words(first: str) -> list[Word]:
    """List the second words of the verbs that have two and begin with `first`."""
    verbs = [verb for verb in VERBS if verb.startswith(f"{first} ")]
    return [Word(verb.partition(" ")[2], VERBS[verb]) for verb in verbs]


def options_of(parser: Parser) -> list[argparse.Action]:
    """List the options of a verb that its help shows."""
    every = parser._actions  # noqa: SLF001 - argparse has no public way to them
    return [each for each in every if each.option_strings and each.help != argparse.SUPPRESS]


def choices_of(parser: Parser) -> list[Word]:
    """List the words that an argument of a verb may be."""
    every = [each for each in parser._actions if not each.option_strings]  # noqa: SLF001 - as above
    return [Word(str(word), each.help or "") for each in every for word in each.choices or ()]


def words_after(verb: str, parsers: Parsers) -> list[Word]:
    """List what may follow a verb, or the first word of one."""
    found = second_words(verb)
    if verb in parsers:
        found += choices_of(parsers[verb])
        for action in options_of(parsers[verb]):
            found += [Word(option, action.help or "") for option in action.option_strings]
    return found


def bash(parsers: Parsers) -> str:
    """Return the script for bash."""
    reply = 'COMPREPLY=($(compgen {} -- "$current")); return;;'
    options = [f"    {'|'.join(FILE_OPTIONS)}) {reply.format('-f')}"]
    for option, words in _option_words(parsers).items():
        options.append(f"    {option}) {reply.format('-W ' + quote(' '.join(words)))}")
    verbs = [
        f"      {_pattern(verb)}) words={quote(_texts(words_after(verb, parsers)))};;"
        for verb in _longest_first(parsers)
    ]
    first = quote(" ".join((_texts(first_words()), *GLOBAL)))
    return _BASH.format(options="\n".join(options), first=first, verbs="\n".join(verbs))


def zsh(parsers: Parsers) -> str:
    """Return the script for zsh."""
    options = [f"    {'|'.join(FILE_OPTIONS)}) _files; return;;"]
    for option, words in _option_words(parsers).items():
        options.append(f"    {option}) found=({' '.join(words)}); _describe value found; return;;")
    verbs = [
        f"      {_pattern(verb)}) found=({_described(words_after(verb, parsers))});;"
        for verb in _longest_first(parsers)
    ]
    return _ZSH.format(
        options="\n".join(options), first=_described(first_words()), verbs="\n".join(verbs)
    )


def fish(parsers: Parsers) -> str:
    """Return the script for fish."""
    lines = _fish_words("__deputize_says_nothing", first_words())
    for verb in _longest_first(parsers):
        condition = f"'__deputize_says {verb}'"
        lines += _fish_words(condition, second_words(verb))
        if verb in parsers:
            lines += _fish_words(condition, choices_of(parsers[verb]))
            begin = f"complete -c deputize -n {condition}"
            lines += [f"{begin} {_fish_option(action)}" for action in options_of(parsers[verb])]
    return _FISH.format(lines="\n".join(lines))


def _fish_words(condition: str, words: Iterable[Word]) -> list[str]:
    begin = f"complete -c deputize -n {condition}"
    return [f"{begin} -a {word.text} -d {_fish_quoted(word.about)}" for word in words]


def _fish_option(action: argparse.Action) -> str:
    names = [
        f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}"
        for option in action.option_strings
    ]
    if action.choices:
        names.append(f"-x -a {_fish_quoted(' '.join(map(str, action.choices)))}")
    elif set(FILE_OPTIONS).intersection(action.option_strings):
        names.append("-r -F")
    elif action.nargs != 0:
        names.append("-x")
    return f"{' '.join(names)} -d {_fish_quoted(action.help or '')}"


def _option_words(parsers: Parsers) -> dict[str, list[str]]:
    """Return the options that take one of a few words, with those words."""
    found: dict[str, list[str]] = {}
    for parser in parsers.values():
        for action in options_of(parser):
            for option in action.option_strings if action.choices else ():
                words = found.setdefault(option, [])
                words += [str(word) for word in action.choices or () if word not in words]
    return found


def _longest_first(parsers: Parsers) -> list[str]:
    """List verbs and first words so that the more exact one is met first."""
    every = dict.fromkeys((*parsers, *(verb.partition(" ")[0] for verb in parsers)))
    return sorted(every, key=lambda verb: -verb.count(" "))


def _pattern(verb: str) -> str:
    return quote(verb) if " " in verb else f"{quote(verb + ' ')}*"


def _texts(words: Iterable[Word]) -> str:
    return " ".join(word.text for word in words)


def _described(words: Iterable[Word]) -> str:
    return " ".join(quote(f"{word.text}:{word.about}") for word in words)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
