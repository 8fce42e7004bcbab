"""An event and a subscriber in, a complete mail out."""

from eventpost.compose.mail import Composer, EventMail, Sender
from eventpost.compose.rendering import Templates, render_text

__all__ = ["Composer", "EventMail", "Sender", "Templates", "render_text"]
