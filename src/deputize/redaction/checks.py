"""What tells a secret from code and prose that only speak of one: values in, a verdict out."""

from __future__ import annotations

import re

MARK = "[redacted]"

_STANDS_FOR_IT = re.compile(
    r"(?i)\[redacted\].*|\$.*|<.*|\{.*|%[({].*|%[A-Z_]+%|#\{.*|\*+|\.{3,}.*|x{4,}.*|0+|[-_]+|…"
    r"|--.*|`.*"
)
"""A reference, a template, or what somebody has blanked out."""
_BLANK = re.compile(
    r"(?i)(?:your|enter|insert|change|replace|put|dummy|fake|sample)[-_ ].*"
    r"|.*(?:example|placeholder|changeme|change-me|not[-_]?set|dummy|xxxx).*"
    r"|(?:none|null|nil|true|false|string|bytes|object|boolean|integer|number|unknown|any)\b.*"
    r"|password|passwd|secret|token|api[-_]?key"
)
"""A word that stands for it."""
_SPEAKS_OF_IT = re.compile(
    r"(?i).*(?:password|passwd|secret|token|api[-_]?key|credential|default|optional|required"
    r"|undefined|nullable).*"
)
_FIGURES = re.compile(r"[\d.,_%:-]{1,24}[)\]}>]*")
_WORDS = re.compile(r"[A-Za-z_]+(?:[-_. /:][A-Za-z_]*)*")
_LETTERS = re.compile(r"[A-Za-z]{12,}")
_CODE = re.compile(
    r"[!&*@~(\[{\\|#].*"  # an operator, a bracket, an escape
    r"|[A-Za-z_$][\w$]*(?:(?:\.|->|::|/)[\w$<>-]*)+(?:[(\[{)\]}:<>!?|].*)?"  # a.path(…), a/path
    r"|[A-Za-z_$][\w$]*[(\[{)\]}<>:!?|=+*].*"  # a call, an index, the end of an expression
    r"|.*(?:\(\)|\)[.:]|=>|\{\{|\[\]|==|://).*"
)
_ONE_RUN = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_ENDS_OTHERWISE = re.compile(
    r"(?i)[_-](?:ur[li]|type|name|field|path|file|filename|id|count|length|len|limit|size|format|arn"
    r"|ttl|expir\w*|regex|pattern|policy|validator|endpoint|host|env|var|variable|header|prefix"
    r"|suffix|class|method|mode|kind|label|hint|help|placeholder|message|text|error|required|index"
    r"|idx|pos|list|map|budget|usage|reset|hasher|provider|store|location|start|end|version"
    r"|algorithm|scope|param|parameter|column|separator|dir|directory|handler|manager|service"
    r"|callback|func|function|at|date|time|seconds|status|state|source|scheme|desc|description"
    r"|title|template|generator|factory|cls|model|schema|table|group)s?[\"'\\\]\s:=>]*\Z"
)
"""The name of something about a secret, as `token_type` is."""
_QUOTED_NAME = re.compile(r"[\"']\s*(?::|=>)\s*\\{0,3}[\"']\Z")
_SHELL_NAME = re.compile(r"(?:\A|[\s;?&\"']|\\[nrt])(?:[A-Z][A-Z0-9_]*|(?<=[?&])[\w.-]+)=\Z")
"""A variable of the environment, or a parameter in an address: what follows is no code."""
FEWEST_KINDS, FEWEST_LETTERS = 2, 8


def is_secret(check: str, before: str, value: str, after: str) -> bool:
    """Tell whether `value` is a secret by a rule's check.

    `before` is what the line has before it, `after` the one character that comes next, if any.
    """
    return _CHECKS[check](before, value, after)


def _mixed(_before: str, value: str, _after: str) -> bool:
    tests = (str.islower, str.isupper, str.isdigit)
    kinds = sum(any(map(test, value)) for test in tests)
    return kinds >= FEWEST_KINDS and len(set(value)) >= FEWEST_LETTERS


def _random(_before: str, value: str, _after: str) -> bool:
    """Judge what is set for a service: a key has figures, and hardly the same letter again."""
    return any(map(str.isdigit, value)) and len(set(value)) >= FEWEST_LETTERS


def _credential(_before: str, value: str, _after: str) -> bool:
    return any(letter in "0123456789=" for letter in value) and not is_placeholder(value)


def _given(_before: str, value: str, _after: str) -> bool:
    """Judge what is certainly used as a secret, unless it is a reference or a figure."""
    return not _STANDS_FOR_IT.fullmatch(value) and not _FIGURES.fullmatch(value)


def _named(before: str, value: str, after: str) -> bool:
    quoted = before[-1:] in {'"', "'"}
    return (_quoted if quoted else _bare)(before, value, after)


def _quoted(before: str, value: str, _after: str) -> bool:
    """Judge what stands in quotes after a name, or in an element."""
    if is_placeholder(value) or _FIGURES.fullmatch(value) or _ENDS_OTHERWISE.search(before):
        return False
    if _QUOTED_NAME.search(before):
        return True
    return not _WORDS.fullmatch(value) and not _SPEAKS_OF_IT.fullmatch(value)


def _bare(before: str, value: str, after: str) -> bool:
    """Judge what stands without quotes, as in a shell, in YAML, and in any program's source."""
    if is_placeholder(value) or _FIGURES.fullmatch(value) or _ENDS_OTHERWISE.search(before):
        return False
    if _SHELL_NAME.search(before) or _is_random(value):
        return True
    if before.endswith("=") and after not in {",", ";"} and _LETTERS.fullmatch(value):
        return True
    return not any(each.fullmatch(value) for each in (_CODE, _WORDS, _SPEAKS_OF_IT))


def _is_random(value: str) -> bool:
    """Tell whether a value looks drawn at random, which no expression does."""
    return bool(_ONE_RUN.fullmatch(value)) and _mixed("", value, "") and _has_each_kind(value)


def _has_each_kind(value: str) -> bool:
    return all(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit))


def speaks_of_another(name: str) -> bool:
    """Tell whether a name is that of something about a secret, as `TOKEN_URL` is."""
    return _ENDS_OTHERWISE.search(name) is not None


def is_placeholder(value: str) -> bool:
    """Tell whether a value only stands for a secret, or refers to one."""
    return bool(_STANDS_FOR_IT.fullmatch(value) or _BLANK.fullmatch(value))


_CHECKS = {
    "-": lambda _before, _value, _after: True,
    "mixed": _mixed,
    "random": _random,
    "credential": _credential,
    "given": _given,
    "named": _named,
    "quoted": _quoted,
}
