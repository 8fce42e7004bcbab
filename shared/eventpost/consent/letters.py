"""Letters on their queue: a JSON body that names people by id and holds no address."""

import json
from dataclasses import asdict

from eventpost.errors import InvalidEvent
from eventpost.model import Letter, LetterKind


def posted(letter: Letter) -> str:
    """The letter as the body of a message on the queue."""
    return json.dumps(asdict(letter))


def read(body: str) -> Letter:
    """The letter in such a body.

    Raises:
        InvalidEvent: It is none.
    """
    try:
        fields = json.loads(body)
        return Letter(
            kind=LetterKind(fields["kind"]),
            subscriber=str(fields["subscriber"]),
            audiences=tuple(map(str, fields["audiences"])),
            asked=str(fields["asked"]),
            language=str(fields["language"]),
        )
    except (ValueError, KeyError, TypeError):
        msg = "not a letter: this queue takes what the preferences function puts on it"
        raise InvalidEvent(msg) from None
