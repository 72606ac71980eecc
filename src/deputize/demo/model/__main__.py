"""The scripted model as a program: `python -m deputize.demo.model --port 0 --script FILE`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from deputize.demo.model.director import LAST_WORDS
from deputize.demo.model.script import Scene, Script, Turn
from deputize.demo.model.script_file import load_script_file
from deputize.demo.model.server import ScriptedModel
from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = Script(scenes=(Scene(name="plain", turns=(Turn(say=LAST_WORDS),)),))
USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT, having printed one JSON line that says where."""
    options = _parser().parse_args(arguments)
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        script = load_script_file(options.script) if options.script else PLAIN
        model = ScriptedModel(script, port=options.port, record_path=options.record).start()
    except (InvalidInput, OSError, OverflowError) as exc:
        sys.stderr.write(f"error: {exc}\n")
        return USAGE_ERROR
    where = {"base_url": model.base_url, "openai_url": model.openai_url}
    sys.stdout.write(json.dumps(where) + "\n")
    sys.stdout.flush()
    ended.wait()
    model.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deputize.demo.model", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free port")
    parser.add_argument("--script", type=Path, help="a script as JSON; without: a plain answer")
    parser.add_argument("--record", type=Path, help="append each request to this file, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
