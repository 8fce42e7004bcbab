"""From a raised event to a mail for everyone in its audience, exactly once as far as anyone can know."""

from eventpost.deliver.delivery import Delivering
from eventpost.deliver.event_mails import EventMails
from eventpost.deliver.invocation import Invocation
from eventpost.deliver.reading import read_event
from eventpost.deliver.report import Report

__all__ = ["Delivering", "EventMails", "Invocation", "Report", "read_event"]
