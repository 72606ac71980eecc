"""Redaction: secrets that it finds in transcripts, false alarms in real code, and its speed."""

from __future__ import annotations

import random
import sysconfig
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench.verdict import at_least, at_most, note, skipped
from deputize.redaction import Redactor, redacted, version
from deputize.redaction.engine import engine
from tests.fixtures.secrets import Entry, corpus

if TYPE_CHECKING:
    from collections.abc import Iterator

SEEDS = range(5)
LEAST_RECALL = 99.0
MOST_FALSE_ALARMS = 1.0
LEAST_SPEED = 50.0
LINES = 10_000
FEWEST_LINES = 1_000_000
PASSES = 3
TRANSCRIPT_SHARE = 1_000
"""In the transcripts that the speed is measured on, a secret is in one line of so many."""


def measure() -> bool:
    """Print each figure against its bar; True where none is short."""
    note(f"rules {version()}, engine {engine().name}")
    code = list(_real_code())
    return all([_recall(), _pieces(), _false_alarms(code), *_speeds(code)])


def _recall() -> bool:
    entries = [entry for seed in SEEDS for entry in corpus(seed)]
    missed = [entry for entry in entries if entry.left_in(redacted(entry.text))]
    for entry in missed[:10]:
        note(f"missed: {entry.kind}")
    note(f"{len(entries)} secrets in transcripts, {len(missed)} missed")
    return at_least("redaction-recall", _percent(entries, missed), LEAST_RECALL, "%")


def _pieces() -> bool:
    """Cut each transcript at random, and look for its secret in what came out."""
    draw = random.Random(1)  # noqa: S311 - sizes of pieces
    entries = corpus()
    missed = [entry for entry in entries if entry.left_in(_in_pieces(entry.text, draw))]
    return at_least("redaction-recall-in-pieces", _percent(entries, missed), LEAST_RECALL, "%")


def _in_pieces(text: str, draw: random.Random) -> str:
    stream, shown, place = Redactor().stream(), "", 0
    while place < len(text):
        size = draw.randint(1, 40)
        shown += stream.feed(text[place : place + size])
        place += size
    return shown + stream.end()


def _percent(entries: list[Entry], missed: list[Entry]) -> float:
    return 100 * (1 - len(missed) / len(entries))


def _real_code() -> Iterator[bytes]:
    """Yield each Python file that is installed here."""
    for path in sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py")):
        yield path.read_bytes()


def _false_alarms(code: list[bytes]) -> bool:
    lines = sum(content.count(b"\n") for content in code)
    if lines < FEWEST_LINES:
        skipped("redaction-false-alarms", f"only {lines} lines of code are installed")
        return True
    found: Counter[str] = Counter()
    for content in code:
        sweep = Redactor().sweep()
        sweep.take(content, ends=True)
        found.update(sweep.found)
    rules = ", ".join(f"{rule} {count}" for rule, count in found.most_common())
    note(f"{lines} lines of code: {rules}")
    per_lines = LINES * sum(found.values()) / lines
    return at_most("redaction-false-alarms-per-10000", per_lines, MOST_FALSE_ALARMS)


def _speeds(code: list[bytes]) -> Iterator[bool]:
    yield _speed("redaction-code", b"".join(code))
    yield _speed("redaction-transcripts", _transcripts(code))


def _transcripts(code: list[bytes]) -> bytes:
    """Return real code as a program would print it, with secrets in between."""
    lines = b"".join(code).splitlines(keepends=True)
    secrets = [entry.text.encode() for entry in corpus()]
    pieces = []
    for number, place in enumerate(range(0, len(lines), TRANSCRIPT_SHARE)):
        pieces += lines[place : place + TRANSCRIPT_SHARE]
        pieces.append(secrets[number % len(secrets)])
    return b"".join(pieces)


def _speed(name: str, content: bytes) -> bool:
    """Print megabytes a second of processor time: others may be at work on this machine.

    The first pass is among them, which makes everything ready.
    """
    spans = []
    for _ in range(PASSES):
        began = time.process_time()
        Redactor().sweep().take(content, ends=True)
        spans.append(time.process_time() - began)
    speeds = [len(content) / 1e6 / span for span in spans]
    note(f"{name}: {len(content) / 1e6:.0f} MB, {', '.join(f'{each:.0f}' for each in speeds)} MB/s")
    return at_least(name, min(speeds), LEAST_SPEED, " MB/s")


if __name__ == "__main__":
    raise SystemExit(0 if measure() else 1)
