"""Tasks of site watch: a page whose screenshot is mailed at a rhythm; a schedule with an audience of its own each."""

from eventpost.tasks.faults import TaskFault, TaskRefused
from eventpost.tasks.keeping import OVER, Kept, Tasks
from eventpost.tasks.page_due import SITE_WATCH, audience_of, rule_of
from eventpost.tasks.task import Task, read_task

__all__ = [
    "OVER",
    "SITE_WATCH",
    "Kept",
    "Task",
    "TaskFault",
    "TaskRefused",
    "Tasks",
    "audience_of",
    "read_task",
    "rule_of",
]
