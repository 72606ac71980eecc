"""A change request is refused with the operation and the field that is wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.changes.reading import hash_of, read_request, request_of
from deputize.changes.schema import change_schema
from deputize.changes.shape import CONTENT_BYTES
from deputize.errors import InvalidInput
from deputize.model.change import Operation
from deputize.model.change_request import MOST_OPERATIONS, REQUEST_BYTES, Signature
from tests.changes.requests import HASH, PATCH, chmod, create, delete, modify, rename, request

SCHEMA = jsonschema.Draft202012Validator(change_schema())
WHOLE = {
    "task": 12,
    "repo": "/project",
    "base": "1" * 40,
    "target": "main",
    "author": "somebody",
    "title": "Fix it",
    "signature": {"key": "k", "value": "v"},
}
GOOD = (
    request(create()),
    request(create(mode="100755", after=hash_of(b"new\n")), **WHOLE),
    request(create(), **dict.fromkeys(WHOLE)),
    request(create(content="")),
    request(modify(), delete("b"), chmod("c"), rename("d", "e"), create("f/g")),
    request(modify(content="x", before=HASH, after=HASH, mode="100644")),
    request(rename(content="x"), base="2" * 64),
    request(rename("README.md", "readme.md")),
    request(delete("a"), create("a/b"), delete("x/y"), create("x")),
    request(rename("a", "b"), delete("A"), create("c")),
)


@pytest.mark.parametrize("document", GOOD)
def test_what_is_good_is_taken_and_the_schema_says_so(document: dict[str, Any]) -> None:
    """All its operations, in their order."""
    found = read_request(document)
    assert [each.op for each in found.operations] == [each["op"] for each in document["operations"]]
    assert not list(SCHEMA.iter_errors(document))


def test_a_request_is_read_whole() -> None:
    """Every field has its place."""
    document = request(rename(patch=PATCH.replace("b/a", "b/b"), before=HASH), **WHOLE)
    found = request_of(json.dumps(document).encode())
    (operation,) = found.operations
    assert (operation.op, operation.source, operation.path) == (Operation.RENAME, "a.txt", "b.txt")
    assert (operation.before, operation.content, operation.mode) == (HASH, None, None)
    assert (found.task, found.base, found.target, found.title) == (12, "1" * 40, "main", "Fix it")
    assert (found.repo, found.author) == ("/project", "somebody")
    assert found.signature == Signature(key="k", value="v")


BAD = (
    ([], "the change request: must be an object"),
    ({}, "schema: is missing"),
    ({"schema": "deputize.change/2", "operations": [create()]}, "schema: must be"),
    ({"schema": "deputize.change/1"}, "operations: is missing"),
    (request(), "operations: must be 1 to 1000, not 0"),
    (request(*(create(f"{n}") for n in range(MOST_OPERATIONS + 1))), "not 1001"),
    (request(create(), when="now"), "when: unknown field"),
    (request(create(), task=0), "task: must be"),
    (request(create(), task=True), "task: must be"),
    (request(create(), base="main"), "base: must be the full id of a commit"),
    (request(create(), base="1" * 40 + "\n"), "base: must be"),
    (request(create(), title=""), "title: takes 1 to 1000"),
    (request(create(), author="a\0"), "author: holds a NUL"),
    (request(create(), signature={"key": "k"}), "signature.value: is missing"),
    (request("x"), "operations[0]: must be an object"),
    (request({"path": "a"}), "operations[0].op: is missing"),
    (request({"op": "patch", "path": "a"}), "operations[0].op: must be create or modify"),
    (request({"op": [], "path": "a"}), "operations[0].op: must be"),
    (request(create(), {"op": "delete"}), "operations[1].path: is missing"),
    (request({**create(), "diff": "x"}), "operations[0].diff: unknown field"),
    (request({"op": "create", "path": "a"}), "operations[0].content: is missing"),
    (request(create(patch=PATCH)), "operations[0].patch: does not go with create"),
    (request(create(before=HASH)), "operations[0].before: does not go with create"),
    (request({"op": "modify", "path": "a.txt"}), "operations[0]: has no content or patch"),
    (request(modify(content="x", patch=PATCH)), "operations[0]: has content and patch"),
    (request(modify(content="x", **{"from": "b"})), "operations[0].from: does not go with modify"),
    (request(delete(content="x")), "operations[0].content: does not go with delete"),
    (request(delete(after=HASH)), "operations[0].after: does not go with delete"),
    (request({"op": "rename", "path": "b"}), "operations[0].from: is missing"),
    (request(rename(content="x", patch=PATCH)), "operations[0]: has content and patch"),
    (request({"op": "chmod", "path": "a"}), "operations[0].mode: is missing"),
    (request(chmod(content="x")), "operations[0].content: does not go with chmod"),
    (request(create("../a")), 'operations[0].path: "../a" has the part ..'),
    (request(create(".GIT/hooks/x")), "leads into git's own folder"),
    (request(rename("/etc/passwd")), 'operations[0].from: "/etc/passwd" is absolute'),
    (request(create(7)), "operations[0].path: must be a text"),  # type: ignore[arg-type]
    (request(create(content="a\0b")), "operations[0].content: is binary, with a NUL at 1"),
    (request(create(content="\ud800")), "operations[0].content: is not valid UTF-8"),
    (request(create(content="x" * (CONTENT_BYTES + 1))), "the most is 1048576"),
    (request(create(content=None)), "operations[0].content: must be a text"),  # type: ignore[arg-type]
    (
        request(create(after=HASH)),
        "operations[0].after: the content's hash is sha256:",
    ),
    (request(modify(content="x", before="sha256:0")), "operations[0].before: must be sha256:"),
    (request(modify(content="x", before=None)), "operations[0].before: must be"),
    (request(modify(content="x", after=HASH.upper())), "operations[0].after: must be"),
    (request(modify(patch="nonsense")), "operations[0].patch: is not a patch of 'a.txt' alone"),
    (request(modify("b.txt", patch=PATCH)), "operations[0].patch: is not a patch of 'b.txt' alone"),
    *(
        (request(chmod(mode=mode)), "operations[0].mode: must be")
        for mode in ("120000", "160000", "104755", "020000", "040000", "755", "")
    ),
    (request(chmod(mode=None)), "operations[0].mode: must be"),  # type: ignore[arg-type]
    (request(create("a"), delete("a")), 'operations[1].path: "a" stands in operations[0].path'),
    (
        request(rename("a", "b"), create("a")),
        'operations[1].path: "a" stands in operations[0].from',
    ),
    (request(rename("a", "b"), rename("a", "c")), 'operations[1].from: "a" stands in'),
    (request(rename("a", "a")), 'operations[0].from: "a" stands in operations[0].path'),
    (request(create("a"), create("a/b")), 'operations[1].path: "a/b" is in the file that'),
    (request(create("a/b/c"), create("a/b")), 'operations[0].path: "a/b/c" is in the file that'),
    (request(create("a"), create("A")), 'operations[1].path: "A" and "a" of operations[0] are one'),
    (request(create("Src/a"), create("src/b")), 'operations[1].path: "src" and "Src"'),
    (request(create("caf\u00e9"), create("cafe\u0301")), "are one file"),
)


@pytest.mark.parametrize(("document", "told"), BAD, ids=map(str, range(len(BAD))))
def test_what_is_wrong_is_named(document: Any, told: str) -> None:  # noqa: ANN401 - any JSON
    """The operation, the field, and what would be right."""
    with pytest.raises(InvalidInput) as caught:
        read_request(document)
    assert told in caught.value.message
    assert caught.value.hint


def test_an_error_says_which_file_is_meant() -> None:
    """Beside the number of its operation."""
    with pytest.raises(InvalidInput) as caught:
        read_request(request(create("good"), modify("src/bad.py", patch="x")))
    assert caught.value.message.startswith("operations[1].patch: is not a patch of 'src/bad.py'")
    with pytest.raises(InvalidInput, match=r'\(to delete "a\.txt"\)'):
        read_request(request(delete(content="x")))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "is not valid UTF-8"),
        (b"{", "is not valid JSON at line 1"),
        (b'{"schema": 1, "schema": 2}', 'has the field "schema" twice'),
        (b"[" * 100_000, "is not JSON that can be read"),
        (b" " * (REQUEST_BYTES + 1), "the most is 4194304"),
    ],
)
def test_what_is_no_json_is_refused(content: bytes, told: str) -> None:
    """Before anything is looked at."""
    with pytest.raises(InvalidInput) as caught:
        request_of(content)
    assert told in caught.value.message


def refused(document: object) -> str | None:
    """Return why a document is refused; None where it is taken."""
    try:
        read_request(document)
    except InvalidInput as error:
        return error.message
    return None


VALUES: dict[str, list[Any]] = {
    "op": [*Operation, "link", None],
    "path": ["a", "b/c", "../x", "/x", "a//b", "a/", "", "a\\b", "C:x", 1],
    "from": ["d", "e/./f", None],
    "content": ["", "x", "a\0", None],
    "patch": ["@@ -1 +1 @@\n-a\n+b\n", 1],
    "before": [HASH, "sha256:", None],
    "after": [HASH, HASH + "\n"],
    "mode": ["100644", "100755", "120000", 644],
    "more": [1],
}
LIKELY = ("op", "path")
OPERATION = st.fixed_dictionaries(
    {name: st.sampled_from(VALUES[name]) for name in LIKELY},
    optional={
        name: st.sampled_from(values) for name, values in VALUES.items() if name not in LIKELY
    },
)


@given(OPERATION)
def test_the_schema_and_the_reader_take_the_same_operations(operation: dict[str, Any]) -> None:
    """But for what takes more than a look at one value: here, a hash that is another's."""
    document = request(operation)
    before = copy.deepcopy(document)
    told = refused(document)
    if told is None or "the content's hash is" not in told:
        assert SCHEMA.is_valid(document) is (told is None), told
    assert document == before


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["schema", "operations", "op", "path", "x"]), inner, max_size=3
            )
        ),
    )
)
def test_no_json_breaks_the_reader(document: Any) -> None:  # noqa: ANN401 - any JSON
    """It is a request, or refused with words."""
    with pytest.raises(InvalidInput):
        read_request(document)
