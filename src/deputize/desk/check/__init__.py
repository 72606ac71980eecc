"""The verb `check`: whether an agent's program works here, and obeys the gate."""

from deputize.desk.check.checking import Wanted, check, check_document

__all__ = ["Wanted", "check", "check_document"]
