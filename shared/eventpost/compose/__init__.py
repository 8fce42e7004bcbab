"""An event and a subscriber in, a complete mail out. So it is for letters.

Direct mail is imported as `eventpost.compose.email`: no other list is to pay for it.
"""

from eventpost.compose.frame import Sender
from eventpost.compose.letter import Addressed, LetterComposer
from eventpost.compose.mail import Composer, EventMail
from eventpost.compose.rendering import Templates, render_text

__all__ = ["Addressed", "Composer", "EventMail", "LetterComposer", "Sender", "Templates", "render_text"]
