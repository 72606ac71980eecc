"""A check-up of everything that deputize needs: one module per concern, `checkup` has them all."""

from deputize.desk.doctor.checkup import examine, open_fit_desk, require_fit
from deputize.desk.doctor.finding import About, Finding, Level

__all__ = ["About", "Finding", "Level", "examine", "open_fit_desk", "require_fit"]
