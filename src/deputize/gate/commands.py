"""What a line for a shell runs: every program in it, whatever it is hidden in. Pure.

The grammar is tree-sitter's for bash. A shell may read a line in another way than a grammar does,
so whatever isn't plain is told apart: an allow-list takes only what is plain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser

LONGEST = 100_000
"""Characters of a line that are read; a longer one isn't plain."""
_PLAIN = frozenset(
    {
        *("program", "list", "pipeline", "command", "command_name", "redirected_statement"),
        *("file_redirect", "file_descriptor", "subshell", "negated_command", "comment"),
        *("word", "raw_string", "string", "string_content", "number", "concatenation"),
        *("simple_expansion", "variable_name", "special_variable_name", "command_substitution"),
        *("for_statement", "do_group", "if_statement", "elif_clause", "else_clause"),
        *("while_statement", "compound_statement", "test_command", "unary_expression"),
        *("binary_expression", "negation_expression", "parenthesized_expression", "test_operator"),
        *("regex", "extglob_pattern", "herestring_redirect"),
    }
)
"""Kinds of nodes that mean the same to a grammar and to a shell."""
_ODD = re.compile(r"[^\x20-\x7e\t\n\u00a0-\ud7ff\ue000-\U0010ffff]|\\\n")
"""Control characters, and lines that are joined: shells differ about them."""
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_WRAPPERS = frozenset(
    {
        *("sudo", "doas", "env", "nohup", "time", "timeout", "nice", "ionice", "stdbuf", "setsid"),
        *("xargs", "exec", "command", "builtin", "watch", "parallel", "chroot", "unshare"),
    }
)
"""Programs that run the program that their arguments name."""
_WRITES = frozenset({">", ">>", "&>", "&>>", ">|", "<>"})
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

Word = str | None
"""A word as the program gets it; None where only the shell knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line runs."""

    programs: tuple[tuple[Word, ...], ...]
    """Each program with its arguments, as they stand."""
    written: tuple[Word, ...]
    """Files that it redirects output to."""
    doubt: str | None
    """Why it isn't plain; None where it is."""

    @property
    def unwrapped(self) -> Iterator[tuple[Word, ...]]:
        """Yield each program, and also what follows each program that runs another."""
        for words in self.programs:
            yield words
            if words and _name(words[0]) in _WRAPPERS:
                yield from (words[place:] for place in range(1, len(words)))


def read_line(text: str) -> Line:
    """Read a line; one of a shell that is given a script with `-c` is that script."""
    if len(text) > LONGEST:
        return Line(programs=(), written=(), doubt="it is too long to be read")
    root = _parser().parse(text.encode("utf-8", "surrogatepass")).root_node
    nodes = list(_all(root))
    programs = tuple(_words(node) for node in nodes if node.type == "command")
    written = tuple(word for node in nodes for word in _written(node))
    doubt = _doubt(text, root, nodes)
    if len(programs) == 1 and doubt is None and (script := _script(programs[0])) is not None:
        return read_line(script)
    return Line(programs=programs, written=written, doubt=doubt)


def begins(words: tuple[Word, ...], wanted: tuple[str, ...]) -> bool:
    """Tell whether words begin with those wanted, in which `*` fits anything inside a word."""
    from fnmatch import fnmatchcase

    if len(words) < len(wanted):
        return False
    pairs = zip(words, wanted, strict=False)
    return all(word is not None and fnmatchcase(word, pattern) for word, pattern in pairs)


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


def _all(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += reversed(node.children)


def _doubt(text: str, root: Node, nodes: list[Node]) -> str | None:
    if root.has_error:
        return "it is not a line of a shell"
    if _ODD.search(text):
        return "it has control characters or joined lines"
    odd = next((node for node in nodes if node.is_named and node.type not in _PLAIN), None)
    if odd is not None:
        return f"it has a {odd.type.replace('_', ' ')}"
    if any(node.type == "command" and _words(node)[:1] == (None,) for node in nodes):
        return "only a shell knows which program it runs"
    return None


def _words(command: Node) -> tuple[Word, ...]:
    """Return name and arguments of a command."""
    found: list[Word] = []
    for node in command.named_children:
        if node.type == "command_name":
            found.append(_word(node.named_children[0]))
        elif node.type not in {"variable_assignment", "file_redirect", "herestring_redirect"}:
            found.append(_word(node))
    return tuple(found)


def _word(node: Node) -> Word:
    text = (node.text or b"").decode("utf-8", "replace")
    if node.type in {"word", "number"}:
        return None if _may_expand(text) else _ESCAPED.sub(r"\1", text)
    if node.type == "raw_string":
        return text[1:-1]
    if node.type == "string":
        inner = (_quoted(child) for child in node.named_children)
        return _joined(inner) if node.named_children else text[1:-1]
    if node.type == "concatenation":
        return _joined(_word(child) for child in node.named_children)
    return None


def _quoted(node: Node) -> Word:
    if node.type != "string_content":
        return None
    return re.sub(r'\\([$`"\\])', r"\1", (node.text or b"").decode("utf-8", "replace"))


def _joined(parts: Iterator[Word]) -> Word:
    found = list(parts)
    return None if None in found else "".join(part for part in found if part is not None)


def _may_expand(text: str) -> bool:
    """Tell whether a shell makes something else of a bare word."""
    bare = _ESCAPED.sub("", text)
    return any(mark in bare for mark in "*?[{$`") or bare.startswith("~")


def _written(node: Node) -> Iterator[Word]:
    if node.type != "file_redirect":
        return
    marks = {child.type for child in node.children}
    if marks & _WRITES or (">&" in marks and not _is_descriptor(node.named_children[-1])):
        yield _word(node.named_children[-1])


def _is_descriptor(node: Node) -> bool:
    return node.type == "number" or (node.text or b"") == b"-"


def _script(words: tuple[Word, ...]) -> str | None:
    """Return the script of `bash -lc SCRIPT`."""
    if len(words) != 3 or _name(words[0]) not in _SHELLS:  # noqa: PLR2004 - program, option, script
        return None
    option = words[1] or ""
    return words[2] if re.fullmatch(r"-[eilux]*c", option) else None


def _name(word: Word) -> str:
    return (word or "").rpartition("/")[2]
