"""Read a change request, and refuse it with the operation and the field that is wrong.

This is the one reader for every door. It looks at the request alone: whether the request fits a
repository is for `carrying.py` to say.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from deputize.changes import shape
from deputize.changes.agreement import check_agreement
from deputize.changes.patches import read_patch
from deputize.changes.paths import problem_of
from deputize.changes.shape import ABOUT, MEANT, OPERATIONS, TEXT_LENGTH
from deputize.errors import InvalidInput
from deputize.incoming import document_of, list_of, object_of, shown, text_of, whole, wrong
from deputize.model.change import Operation
from deputize.model.change_request import (
    FILE_MODES,
    MOST_OPERATIONS,
    REQUEST_BYTES,
    REQUEST_SCHEMA,
    ChangeRequest,
    RequestedOperation,
    Signature,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LARGEST_ID = 2**63 - 1
_FIELDS = ("schema", "task", "repo", "base", "target", "author", "title", "operations", "signature")
_OF_OPERATIONS = ("op", "path", "from", "content", "patch", "before", "after", "mode")
_OTHER_MODES = {
    "120000": "links can't be made by a change request",
    "160000": "submodules can't be changed by a change request",
    "040000": "folders have no mode of their own",
}
_SCHEMA_HINT = "`deputize schema change` says what a change request looks like"


def request_of(
    content: bytes, name: str = "the change request", *, least: int = 1
) -> ChangeRequest:
    """Read a request from JSON; InvalidInput says what is wrong, and where."""
    with _hinting():
        return read_request(document_of(content, name, REQUEST_BYTES), least=least)


def read_request(document: object, *, least: int = 1) -> ChangeRequest:
    """Take a request that has been read as JSON; InvalidInput says what is wrong, and where.

    It has at `least` so many operations: none is an answer, and nothing that could be submitted.
    """
    with _hinting():
        table = object_of(document, "", _FIELDS, meant=MEANT, called="the change request")
        return _request(table, least)


@contextmanager
def _hinting() -> Iterator[None]:
    try:
        yield
    except InvalidInput as error:
        error.hint = error.hint or _SCHEMA_HINT
        raise


def hash_of(content: bytes) -> str:
    """Return the hash of a file's content as requests write it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _request(table: Mapping[str, object], least: int) -> ChangeRequest:
    version = _needed(table, "schema", "")
    if version != REQUEST_SCHEMA:
        raise wrong("schema", shown(REQUEST_SCHEMA), version)
    listed = list_of(_needed(table, "operations", ""), "operations")
    if not least <= len(listed) <= MOST_OPERATIONS:
        right = f"{least} to {MOST_OPERATIONS}"
        raise InvalidInput(f"operations: must be {right}, not {len(listed)}")
    operations = tuple(_operation(each, f"operations[{n}]") for n, each in enumerate(listed))
    check_agreement(operations)
    return ChangeRequest(
        operations=operations,
        task=_task(table.get("task")),
        base=_matching(table, "base", "", shape.COMMIT, "the full id of a commit"),
        signature=_signature(table.get("signature")),
        **{name: _about(table, name, "") for name in ("repo", "target", "author", "title")},
    )


def _task(value: object) -> int | None:
    number = whole(value)
    if value is not None and (number is None or not 0 < number <= LARGEST_ID):
        raise wrong("task", "the id of a task, or null", value)
    return number


def _signature(value: object) -> Signature | None:
    if value is None:
        return None
    table = object_of(value, "signature", ("key", "value"))
    key, told = (_needed(table, name, "signature") for name in ("key", "value"))
    return Signature(key=_short(key, "signature.key"), value=_short(told, "signature.value"))


def _operation(value: object, where: str) -> RequestedOperation:
    table = object_of(value, where, _OF_OPERATIONS, meant=MEANT)
    op = _op(_needed(table, "op", where), where)
    try:
        _check_fields(op, table, where)
        return _read_operation(op, table, where)
    except InvalidInput as error:
        _tell_which(error, op, table.get("path"))
        raise


def _tell_which(error: InvalidInput, op: Operation, path: object) -> None:
    """Add what the operation is, for people who don't count from nought."""
    if isinstance(path, str) and shown(path) not in error.message:
        error.message = f"{error.message} (to {op} {shown(path)})"
        error.args = (error.message,)


def _op(value: object, where: str) -> Operation:
    if not isinstance(value, str) or value not in set(Operation):
        raise wrong(f"{where}.op", " or ".join(Operation), value)
    return Operation(value)


def _check_fields(op: Operation, table: Mapping[str, object], where: str) -> None:
    """Refuse fields that contradict the operation, and miss those that it can't do without."""
    fields = OPERATIONS[op]
    for name in ("path", *fields.needed):
        _needed(table, name, where)
    for name in table:
        if name not in shape.fields_of(op):
            raise InvalidInput(f"{where}.{name}: does not go with {op}", hint=_fields_told(op))
    given = [name for name in fields.one_of if name in table]
    if len(given) > 1:
        raise InvalidInput(f"{where}: has {' and '.join(given)}: give one of them")
    if fields.needs_one and not given:
        raise InvalidInput(f"{where}: has no {' or '.join(fields.one_of)}", hint=_fields_told(op))


def _fields_told(op: Operation) -> str:
    return f"{op} takes {', '.join(shape.fields_of(op))}"


def _read_operation(op: Operation, table: Mapping[str, object], where: str) -> RequestedOperation:
    path = _path(table, "path", where)
    source = _path(table, "from", where) if "from" in table else None
    operation = RequestedOperation(
        op=op,
        path=path,
        source=source,
        content=_content(table, "content", where),
        patch=_content(table, "patch", where),
        before=_matching(table, "before", where, shape.HASH, "sha256: and 64 hexadecimal digits"),
        after=_matching(table, "after", where, shape.HASH, "sha256: and 64 hexadecimal digits"),
        mode=_mode(table, where),
    )
    _check_content(operation, where)
    return operation


def _path(table: Mapping[str, object], name: str, where: str) -> str:
    path = text_of(table[name], f"{where}.{name}")
    problem = problem_of(path)
    if problem:
        raise InvalidInput(f"{where}.{name}: {shown(path)} {problem}", hint=ABOUT["path"])
    return path


def _content(table: Mapping[str, object], name: str, where: str) -> str | None:
    if name not in table:
        return None
    text = text_of(table[name], f"{where}.{name}")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidInput(f"{where}.{name}: is not valid UTF-8") from None
    if "\0" in text:
        place = text.index("\0")
        raise InvalidInput(f"{where}.{name}: is binary, with a NUL at {place}: text only")
    if size > shape.CONTENT_BYTES:
        message = f"{where}.{name}: has {size} bytes, the most is {shape.CONTENT_BYTES}"
        raise InvalidInput(message)
    return text


def _mode(table: Mapping[str, object], where: str) -> str | None:
    mode = table.get("mode")
    if "mode" not in table or mode in FILE_MODES:
        return cast("str | None", mode)
    right = " or ".join(map(shown, FILE_MODES))
    hint = _OTHER_MODES.get(mode) if isinstance(mode, str) else None
    error = wrong(f"{where}.mode", right, mode)
    error.hint = hint
    raise error


def _check_content(operation: RequestedOperation, where: str) -> None:
    """Hold what an operation writes against itself."""
    if operation.content is not None and operation.after is not None:
        found = hash_of(operation.content.encode())
        if found != operation.after:
            raise InvalidInput(f"{where}.after: the content's hash is {found}")
    if operation.patch is not None:
        try:
            read_patch(operation.patch, operation.path, operation.source)
        except InvalidInput as error:
            error.within(f"{where}.patch")
            raise


def _needed(table: Mapping[str, object], name: str, where: str) -> object:
    if name not in table:
        place = f"{where}.{name}" if where else name
        raise InvalidInput(f"{place}: is missing", hint=f"{name}: {ABOUT[name]}")
    return table[name]


def _matching(
    table: Mapping[str, object], name: str, where: str, pattern: str, right: str
) -> str | None:
    value = table.get(name)
    if value is None and (name not in table or not where):
        return None
    if not isinstance(value, str) or not re.search(pattern, value):
        raise wrong(f"{where}.{name}" if where else name, right, value)
    return value


def _about(table: Mapping[str, object], name: str, where: str) -> str | None:
    return None if table.get(name) is None else _short(table[name], f"{where}{name}")


def _short(value: object, where: str) -> str:
    text = text_of(value, where)
    if not 0 < len(text) <= TEXT_LENGTH:
        raise InvalidInput(f"{where}: takes 1 to {TEXT_LENGTH} characters, not {len(text)}")
    if re.search(r"[\0\ud800-\udfff]", text):
        raise InvalidInput(f"{where}: holds a NUL or is not valid UTF-8")
    return text
