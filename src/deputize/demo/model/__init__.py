"""A model that needs no account: it follows a script, for the demo and for tests.

It speaks OpenAI Chat Completions, OpenAI Responses, Anthropic Messages and Gemini's
generateContent, so that real agent programs run against it. A request comes in through `handler`,
is read by its dialect (`chat`, `responses`, `messages`, `contents`) into a `conversation`, gets its
cue from the `director`, has its steps turned into the agent's own `tools`, and goes out through the
dialect again.
"""

from __future__ import annotations

from deputize.demo.model.answer import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
)
from deputize.demo.model.gates import Ending
from deputize.demo.model.handler import MODEL_NAME
from deputize.demo.model.record import ModelRequest
from deputize.demo.model.script import (
    CallTool,
    CutStream,
    EditFile,
    ErrorReply,
    Fault,
    FetchAddress,
    Hang,
    ReadFile,
    RunShell,
    Scene,
    Script,
    Step,
    Turn,
    WriteFile,
)
from deputize.demo.model.script_file import dump_script, load_script, load_script_file
from deputize.demo.model.server import ScriptedModel

__all__ = [
    "CACHED_TOKENS",
    "INPUT_TOKENS",
    "MODEL_NAME",
    "OUTPUT_TOKENS",
    "REASONING_TOKENS",
    "CallTool",
    "CutStream",
    "EditFile",
    "Ending",
    "ErrorReply",
    "Fault",
    "FetchAddress",
    "Hang",
    "ModelRequest",
    "ReadFile",
    "RunShell",
    "Scene",
    "Script",
    "ScriptedModel",
    "Step",
    "Turn",
    "WriteFile",
    "dump_script",
    "load_script",
    "load_script_file",
]
