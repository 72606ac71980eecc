"""The door in: what is asked for becomes a task, or an error that says what would be right."""

from deputize.intake.place import wishes_of
from deputize.intake.revising import check_edits
from deputize.intake.submitting import submit

__all__ = ["check_edits", "submit", "wishes_of"]
