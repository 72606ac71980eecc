"""How a figure is told: against its bar, without one, or not at all."""

from __future__ import annotations


def at_most(name: str, figure: float, bar: float, unit: str = "") -> bool:
    """Print a figure that should not be above its bar; True where it is not short."""
    return _told(name, figure, bar, unit, good=figure <= bar)


def at_least(name: str, figure: float, bar: float, unit: str = "x") -> bool:
    """Print a figure that should not be below its bar; True where it is not short."""
    return _told(name, figure, bar, unit, good=figure >= bar)


def note(text: str) -> None:
    """Print what has no bar."""
    print(f"# {text}", flush=True)


def skipped(name: str, why: str) -> None:
    """Print that something could not be measured: that is neither good nor short."""
    print(f"skipped {name} {why}", flush=True)


def _told(name: str, figure: float, bar: float, unit: str, *, good: bool) -> bool:
    print(f"{'ok' if good else 'short'} {name} {figure:.3g}{unit} {bar:g}{unit}", flush=True)
    return good
