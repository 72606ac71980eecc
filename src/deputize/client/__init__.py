"""The public Python API: what the command line does, for programs.

client      `Client`, for programs with an event loop
blocking    `SyncClient`, the same verbs for programs without one
asking      what may be said of a task, and how Python says it
watch       how those who wait in one event loop hear of what was committed
"""

from deputize.client.asking import TaskFields, Wanted
from deputize.client.blocking import SyncClient
from deputize.client.client import Client
from deputize.desk.logs import LogLine
from deputize.desk.streaming import Happening
from deputize.desk.tasks import TaskView
from deputize.model.approval import Approval
from deputize.model.event import Entry
from deputize.model.need import Need, On
from deputize.model.plan import PlacedTask, SubmittedPlan
from deputize.model.states import TaskState
from deputize.model.task import Task, TaskSpec

__all__ = [
    "Approval",
    "Client",
    "Entry",
    "Happening",
    "LogLine",
    "Need",
    "On",
    "PlacedTask",
    "SubmittedPlan",
    "SyncClient",
    "Task",
    "TaskFields",
    "TaskSpec",
    "TaskState",
    "TaskView",
    "Wanted",
]
