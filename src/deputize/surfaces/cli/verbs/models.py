"""List the models that are known: context, dollars for a million tokens, what they are good for.

Prices hold where the model's maker serves it, and for Copilot with a login of its own (`github`).
A `[[models]]` table in your config.toml corrects or adds what it says. Agents may know more models
than these: `--model` takes any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.models import ModelView
    from deputize.model.price import KnownModel
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize models
  deputize models --for docs
  deputize models --provider anthropic --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `models` takes."""
    parser.add_argument("--provider", metavar="P", help="only those that are served there")
    parser.add_argument(
        "--for", dest="kind", metavar="KIND", help="only those recommended for a kind or role"
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the models."""
    from deputize.config.home import find_home
    from deputize.desk.models import listing, model_document

    found = listing(find_home(), provider=arguments.provider, kind=arguments.kind)
    if output.json:
        output.document([model_document(view) for view in found])
        return 0
    titles = ("MODEL", "PROVIDER", "CONTEXT", "IN", "OUT", "CACHED", "FOR", "OFFERED BY")
    output.table(map(_row, found), titles)
    return 0


def _row(view: ModelView) -> tuple[str, ...]:
    known = view.known
    context = f"{known.context_tokens:,}" if known.context_tokens else "–"
    good_for = ", ".join(known.recommended_for or ()) or "–"
    offers = ", ".join(view.offered_by) or "–"
    return (known.name, known.provider or "any", context, *_prices(known), good_for, offers)


def _prices(known: KnownModel) -> tuple[str, str, str]:
    if not known.is_priced:
        return "unpriced", "–", "–"
    bound = f" (to {known.priced_up_to_tokens:,})" if known.priced_up_to_tokens else ""
    cached = known.input_usd if known.cached_usd is None else known.cached_usd
    return f"{known.input_usd:g}{bound}", f"{known.output_usd:g}", f"{cached:g}"
