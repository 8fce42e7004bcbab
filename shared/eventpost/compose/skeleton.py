"""A mail's contents with blanks for the personal values: what a deferred rendering leaves to be done for each mail."""

from collections.abc import Sequence

from eventpost.compose.attributes import Personal
from eventpost.compose.blanks import Blank, Pieces, in_html, in_text
from eventpost.compose.bodies import Rendered
from eventpost.compose.deferred import Value
from eventpost.compose.forms import Form, is_plain, is_simple
from eventpost.compose.frame import Written
from eventpost.compose.mime import field
from eventpost.compose.quoted_printable import quoted


class Skeleton:
    """The contents of an event's mail for all subscribers for whom its templates take the same way.

    Args:
        rendered: What the templates gave, with marks.
        inlined: Its HTML, with the CSS inlined.
        values: Which value each mark's number stands for.

    Raises:
        NotDeferrable: A value stands where it may change more than its own characters.
        TemplateFault: The subject would hold a line break.
    """

    def __init__(self, rendered: Rendered, inlined: str, values: Sequence[Value]) -> None:
        subject = in_text(rendered.subject)
        text, html = in_text(rendered.text), in_html(rendered.html, inlined)
        numbers: dict[Blank, int] = {}
        for piece in (*subject, *text, *html):
            if isinstance(piece, Blank):
                numbers.setdefault(piece, len(numbers))
        self._values = values
        self._pieces = (subject, text, html)
        self._blanks = list(numbers)
        self._numbers = [blank.number for blank in numbers]
        self._same_subject = field("Subject", rendered.subject) if len(subject) == 1 else ""
        self._text, self._html = Form(text, numbers), Form(html, numbers)

    def written(self, personal: Personal) -> Written:
        """The contents for this subscriber.

        Raises:
            TemplateFault: The subject would hold a line break.
        """
        values = [value.of(personal) for value in self._values]
        simple = [is_simple(value) for value in values]
        encoded, plain = [], []
        for number, blank in zip(self._numbers, self._blanks, strict=True):
            if simple[number]:
                encoded.append(values[number])
                plain.append(True)
            else:
                encoded.append(quoted(blank.written(values[number])))
                plain.append(is_plain(encoded[-1]))
        subject = self._same_subject or self._subject_field(values)
        return Written(subject, self._text.filled(encoded, plain), self._html.filled(encoded, plain))

    def texts(self, personal: Personal) -> list[str]:
        """The subject, the text and the HTML for this subscriber, before they are encoded."""
        values = [value.of(personal) for value in self._values]
        return [_filled(pieces, values) for pieces in self._pieces]

    def _subject_field(self, values: Sequence[str]) -> str:
        return field("Subject", _filled(self._pieces[0], values))


def _filled(pieces: Pieces, values: Sequence[str]) -> str:
    return "".join([piece if isinstance(piece, str) else piece.written(values[piece.number]) for piece in pieces])
