"""An event and a subscriber in, a complete mail out. So it is for letters."""

from eventpost.compose.frame import Sender
from eventpost.compose.letter import Addressed, LetterComposer
from eventpost.compose.mail import Composer, EventMail
from eventpost.compose.rendering import Templates, render_text

__all__ = ["Addressed", "Composer", "EventMail", "LetterComposer", "Sender", "Templates", "render_text"]
