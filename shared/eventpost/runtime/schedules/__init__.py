"""The schedules' API: services have events raised later, once or again and again, and pages watched."""

from eventpost.runtime.schedules.function import KINDS, SchedulesFunction, serve_schedules

__all__ = ["KINDS", "SchedulesFunction", "serve_schedules"]
