"""Hand coding tasks to AI agents and keep working."""

__version__ = "0.1.0"
