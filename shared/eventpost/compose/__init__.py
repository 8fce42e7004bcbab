"""An event and a subscriber in, a complete mail out."""

from eventpost.compose.frame import Sender
from eventpost.compose.mail import Composer, EventMail
from eventpost.compose.rendering import Templates, render_text

__all__ = ["Composer", "EventMail", "Sender", "Templates", "render_text"]
