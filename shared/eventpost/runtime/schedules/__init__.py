"""The schedules' API: services have events raised later, once or again and again, and pages watched."""

from eventpost.runtime.schedules.function import SchedulesFunction, serve_schedules

__all__ = ["SchedulesFunction", "serve_schedules"]
