"""What is told of what was handed in, as JSON. No answer holds an address."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field

from eventpost.mailapi import Followed, FollowedState
from eventpost.model import DeliveryState
from eventpost.model.receipt import Receipt
from eventpost.ports import GivenUp
from eventpost.ports.mailapi import Upload
from eventpost.registry import ListEntry
from eventpost.runtime.api_parts import Answer, Id, Moment

type Reason = Annotated[
    str, Field(description="Why: a reply code or a word of ours.", examples=["suppressed: bounce 5.1.1"])
]


class Accepted(Answer):
    """That an event was taken."""

    id: Annotated[Id, Field(description="What it is asked for by.")]
    list: Annotated[str, Field(examples=["stock_alerts"])]
    event_id: Annotated[
        str,
        Field(description="What its list knows it by: `eventpost explain` takes it.", examples=["9a1e6f0c4b7d42d8"]),
    ]
    accepted_at: Annotated[Moment, Field(description="When it came first.")]
    state_url: Annotated[str, Field(description="Where to ask what became of it: a path of this API.")]

    @classmethod
    def of(cls, receipt: Receipt, below: str) -> Self:
        """What is told of this; what became of it stands `below` this path."""
        return cls(
            id=receipt.id,
            list=receipt.list_name,
            event_id=receipt.event_id,
            accepted_at=receipt.accepted_at.replace(microsecond=0),
            state_url=f"{below}/{receipt.id}",
        )


class CountedReason(Answer):
    """How many deliveries ended so."""

    state: DeliveryState
    reason: Reason
    count: Annotated[int, Field(ge=1)]


class RecipientAnswer(Answer):
    """What became of one whom a mail names."""

    pointer: Annotated[str, Field(description="Who: a place in what was handed in.", examples=["#/to/0"])]
    state: Annotated[DeliveryState | None, Field(description="Null: nobody has seen to it yet.")]
    reason: Reason


class WhyGivenUp(Answer):
    """Why it is on dead letters. An operator may mend that and replay it."""

    error: Annotated[str, Field(examples=["TemplateFault"])]
    reason: str
    at: Moment

    @classmethod
    def of(cls, given_up: GivenUp) -> Self:
        """What is told of it."""
        return cls(error=given_up.error, reason=given_up.reason, at=given_up.at.replace(microsecond=0))


class StateAnswer(Accepted):
    """What became of an event."""

    state: Annotated[
        FollowedState,
        Field(
            description=(
                "`unconfirmed`: nobody noted that its queue has it; whoever was answered 202 may rely on it all the "
                "same. `accepted`: the queue has it. `mailing`: its list has begun. `finished`: everybody is settled. "
                "`given_up`: it, or a part of it, is on dead letters."
            )
        ),
    ]
    counts: Annotated[
        Mapping[DeliveryState, int],
        Field(description="How many people are in which state; a state in which nobody is is left out."),
    ]
    exact: Annotated[
        bool,
        Field(
            description=(
                "False of an audience of more than 2,000: then the counts are of those parts of it that are finished, "
                "and there are no reasons."
            )
        ),
    ]
    reasons: Annotated[tuple[CountedReason, ...], Field(description="The 20 most frequent.")]
    recipients: Annotated[tuple[RecipientAnswer, ...], Field(description="Of a mail that names people: each of them.")]
    given_up: WhyGivenUp | None

    @classmethod
    def told(cls, followed: Followed, below: str) -> Self:
        """What is told of this; it stands `below` this path."""
        return cls(
            **vars(Accepted.of(followed.receipt, below)),
            state=followed.state,
            counts={DeliveryState(state): count for state, count in followed.counts.items()},
            exact=followed.is_exact,
            reasons=tuple(
                CountedReason(state=each.state, reason=each.reason, count=each.deliveries) for each in followed.reasons
            ),
            recipients=tuple(RecipientAnswer(**each._asdict()) for each in followed.recipients),
            given_up=WhyGivenUp.of(followed.given_up) if followed.given_up else None,
        )


class UploadAnswer(Answer):
    """Where to upload a file to."""

    key: Annotated[
        str,
        Field(
            description="What goes into the mail's `attachments`.",
            examples=["attachments/5f1d7c0a9b3e8d2f4c6a1b0e9d8c7f65"],
        ),
    ]
    url: Annotated[str, Field(description="Where to. Whoever has it may upload this file, so keep it to yourself.")]
    method: Annotated[str, Field(examples=["PUT"])]
    headers: Annotated[Mapping[str, str], Field(description="What the upload is to be sent with, as it stands here.")]
    expires_at: Annotated[Moment, Field(description="Until when.")]

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """What is told of it."""
        return cls(**{**upload._asdict(), "expires_at": upload.expires_at.replace(microsecond=0)})


class ListAnswer(Answer):
    """A list."""

    name: str
    title: Annotated[str, Field(description="What subscribers know it as.")]
    description: str
    topics: Annotated[tuple[str, ...], Field(description="The audiences inside it; none where everybody gets it all.")]
    any_topic: Annotated[bool, Field(description="Whether any name is a topic.")]
    open: Annotated[bool, Field(description="Whether anybody may join it by themselves.")]
    addressed: Annotated[bool, Field(description="Whether its events name whom they go to: nobody is on it.")]

    @classmethod
    def of(cls, entry: ListEntry, **more: Any) -> Self:
        """What is told of this list."""
        return cls(**{name: getattr(entry, name) for name in ListAnswer.model_fields}, **more)


class Lists(Answer):
    """Every list of the stack."""

    lists: tuple[ListAnswer, ...]


class ListInFull(ListAnswer):
    """A list, and what its events look like."""

    event_schema: Annotated[dict[str, Any], Field(description="The JSON Schema (2020-12) that its events fit.")]
