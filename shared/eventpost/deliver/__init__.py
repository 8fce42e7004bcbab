"""From a raised event to a mail for everyone in its audience, exactly once as far as anyone can know."""

from eventpost.deliver.delivery import Delivering, Report
from eventpost.deliver.reading import read_event

__all__ = ["Delivering", "Report", "read_event"]
