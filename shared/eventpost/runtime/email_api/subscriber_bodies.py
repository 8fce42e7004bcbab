"""What is asked and told of subscribers, as JSON. No answer holds an address."""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StrictStr

from eventpost.consent.vouching import Became, Vouched
from eventpost.model.email import Address
from eventpost.runtime.api_parts import Answer, Moment, Part, fault

MOST_TOPICS: Final = 50
MOST_ATTRIBUTES: Final = 20


def _printable(text: str) -> str:
    if not text.isprintable():
        raise fault("printable", "must be on one line, without control characters")
    return text


type Attributes = Annotated[
    Mapping[
        Annotated[StrictStr, Field(pattern="^[a-z][a-z0-9_]{0,31}$")],
        Annotated[StrictStr, Field(max_length=200), AfterValidator(_printable)],
    ],
    Field(
        max_length=MOST_ATTRIBUTES,
        description="What templates may say of them. Those that are given are renewed, the others stay.",
        examples=[{"name": "Ann"}],
    ),
]


class Consent(Part):
    """What the person said, and where: it is kept as the record of their consent."""

    source: Annotated[
        StrictStr,
        Field(
            min_length=1,
            max_length=100,
            description="Where in your service they said so.",
            examples=["account settings"],
        ),
        AfterValidator(_printable),
    ]
    at: Annotated[
        Moment | None,
        Field(
            description=(
                "When they said so; now, if left out. What they said last holds: a word that is older than what is "
                "stored changes nothing. Give it where you may send this again, or late."
            )
        ),
    ] = None


class WhoLeaves(Part):
    """A user of yours who wants to be off a list."""

    address: Annotated[Address, Field(description="Where their mails go.", examples=["ann@example.com"])]
    topics: Annotated[
        tuple[StrictStr, ...],
        Field(max_length=MOST_TOPICS, fail_fast=True, description="Which of the list's topics; left out, all of them."),
    ] = ()
    consent: Consent


class WhoJoins(WhoLeaves):
    """A user of yours who wants to be on a list."""

    topics: Annotated[
        tuple[StrictStr, ...],
        Field(max_length=MOST_TOPICS, fail_fast=True, description="Which of the list's topics, where it has any."),
    ] = ()
    attributes: Attributes = Field(default_factory=dict)


class OfAudience(Answer):
    """What became of it on one audience."""

    audience: Annotated[str, Field(description="`list` or `list/topic`.", examples=["stock_alerts/AMZN"])]
    became: Annotated[
        Became,
        Field(
            description=(
                "`left since`, `joined since`: they said the opposite later than what was sent here, and that holds."
            )
        ),
    ]


class SubscriberAnswer(Answer):
    """What became of it."""

    subscriber: Annotated[
        str, Field(pattern="^[0-9a-f]{32}$", description="What logs and `eventpost explain` call them.")
    ]
    audiences: tuple[OfAudience, ...]

    @classmethod
    def of(cls, vouched: Vouched) -> Self:
        """What is told of it."""
        each = (OfAudience(audience=audience, became=became) for audience, became in vouched.audiences.items())
        return cls(subscriber=vouched.subscriber, audiences=tuple(each))
