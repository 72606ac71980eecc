"""List the providers that serve models, and whether their keys are there.

Keys themselves are never shown. The one that variables describe for Copilot is called COPILOT_BYOK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.providers import ProviderView
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize provider list
  deputize provider list --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `provider list` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the providers."""
    from deputize.config.home import find_home
    from deputize.desk.providers import listing

    del arguments
    found = listing(find_home())
    if output.json:
        output.document([document_of(view) for view in found])
        return 0
    output.table(map(_row, found), ("NAME", "TYPE", "URL", "", "KEY"))
    for view in found:
        if view.hint:
            output.note(f"hint: {view.name}: {view.hint}")
    if not found:
        output.note("no provider is configured: agents use logins of their own")
    return 0


def document_of(view: ProviderView) -> dict[str, object]:
    """Return a provider as JSON."""
    settings = view.settings
    told = {"name": view.name, "type": settings.type, "base_url": settings.base_url}
    more = {"model": settings.model, "wire": settings.wire, "key": view.key}
    ends = {"has_key": view.has_key, "problem": view.problem, "hint": view.hint}
    return {**told, **more, **ends}


def _row(view: ProviderView) -> tuple[Part, ...]:
    from deputize.surfaces.cli.output import green, red

    state: Part = green("key is there") if view.has_key else red("key is missing")
    if view.has_key is None:
        state = "needs no key"
    told = view.problem or view.key or ""
    return view.name, view.settings.type, view.settings.base_url, state, told
