"""The subject and the two bodies of an event's mail, rendered by the list's templates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from eventpost.compose.attributes import Personal
from eventpost.compose.frame import Written
from eventpost.compose.inlining import Inliner
from eventpost.compose.mime import field
from eventpost.compose.quoted_printable import encoded
from eventpost.compose.rendering import Templates, render_text
from eventpost.lists import MailList


class Rendered(NamedTuple):
    """What the templates gave. The CSS of the HTML is not inlined yet."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Bodies:
    """One event's templates with what they know of the event.

    Attributes:
        mail_list: Whose templates.
        shared: What templates know, whoever the mail goes to.
        inliner: Inlines the CSS; made once, for many events.
        subject: The subject, where it is the same for everybody; else nothing.
    """

    mail_list: MailList
    shared: Mapping[str, Any]
    inliner: Inliner
    subject: str = ""

    def rendered(self, templates: Templates, personal: Mapping[str, object]) -> Rendered:
        """The templates with these personal values in their context, true or deferred.

        Raises:
            TemplateFault: A template is missing or fails.
            NotDeferrable: A template looks at a deferred value.
        """
        context = {**self.shared, **personal}
        subject = self.subject or render_text(self.mail_list.subject, context, guarded=templates.guarded)
        text = templates.render(f"{self.mail_list.name}/body.txt", context)
        html = templates.render(f"{self.mail_list.name}/body.html", context)
        return Rendered(subject, text, html)

    def written(self, templates: Templates, personal: Personal) -> Written:
        """The mail's contents for one subscriber, all of it rendered and encoded for them alone.

        Raises:
            TemplateFault: A template is missing or fails, or the subject would hold a line break.
        """
        subject, text, html = self.texts(templates, personal)
        return Written(field("Subject", subject), encoded(text), encoded(html))

    def texts(self, templates: Templates, personal: Personal) -> list[str]:
        """The subject, the text and the HTML for one subscriber, before they are encoded.

        Raises:
            TemplateFault: A template is missing or fails.
        """
        rendered = self.rendered(templates, {"subscriber": personal.subscriber, "links": personal.links})
        return [rendered.subject, rendered.text, self.inlined(rendered.html)]

    def inlined(self, html: str) -> str:
        """The HTML with its CSS inlined.

        Raises:
            TemplateFault: Its style sheet cannot be.
        """
        return self.inliner.inlined(html, f"{self.mail_list.name}/body.html: its style sheet")
