"""Whatever a producer may put on a queue: what a list wants, mutated; JSON of any shape; envelopes; no JSON at all.

Everything here is a text that SQS takes, with attributes that it takes: a message that is not that never comes.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st

import sentinels

SECRET: Final = f"{sentinels.NAME} <{sentinels.address('eve')}> {sentinels.BODY}"
"""Told nowhere but in mails."""

_HOSTILE: Final = (
    SECRET,
    f"{{{{ 7 * 7 }}}} {SECRET} {{% raw %}} {{{{ subscriber.__class__.__mro__ }}}} {{# {{% for x in range(10**9) %}}",
    f"<script>alert('{SECRET}')</script><!-- ]]> </title><img src=x onerror=alert(1)>",
    f"x\r\nBcc: {sentinels.address('eve')}\r\n\r\n{SECRET}",
    f"x\nX-Smuggled: {SECRET}",
    f"x\x0bX-Smuggled: 1\x85X-Smuggled: 2\u2028X-Smuggled: {SECRET}\x00",
    f"=?utf-8?q?x=0D=0AX-Smuggled:_{sentinels.BODY}?=",
    "\u202e\u2066\ufeff\u200d\U000e0041 ﷽ Z̷͉̈ 🏳️‍🌈",
    "javascript:alert(1)",
    "http://169.254.169.254/latest/meta-data/",
    f"https://{sentinels.BODY}:{sentinels.BODY}@pages.example.com/?to={sentinels.address('eve')}",
    "../../../../etc/passwd",
    "1e9000000",
    "NaN",
    "0" * 5_000,
    SECRET * 400,
    sentinels.address("eve"),
    f'"{sentinels.NAME}"@{sentinels.ADDRESS_DOMAIN}',
    f"eve@{sentinels.ADDRESS_DOMAIN}\r\nBcc: mallory@{sentinels.ADDRESS_DOMAIN}",
    f"eve@{sentinels.ADDRESS_DOMAIN}, mallory@{sentinels.ADDRESS_DOMAIN}",
    f"eve@{'a' * 70}.{sentinels.ADDRESS_DOMAIN}",
    f"{'e' * 65}@{sentinels.ADDRESS_DOMAIN}",
    "eve@[127.0.0.1]",
    "eve@pii.example.com\u3002evil",
)
_TEXT: Final = st.one_of(st.sampled_from(_HOSTILE), st.text(max_size=60))
_LEAF: Final = st.one_of(
    _TEXT, st.none(), st.booleans(), st.integers(), st.integers(10**25, 10**40), st.floats(), st.just(-0.0)
)
_VALUE: Final = st.recursive(
    _LEAF, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_TEXT, inner, max_size=4)), max_leaves=8
)
# As a JSON text may spell them; no parser gives the character that they would be half of.
_HALVES: Final = ("\\ud800", "\\udc00", "\\udc00\\ud800", "\\uD83D", "\\ud83d\\ud83d\\ude00")


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as a producer sends it.

    Attributes:
        body: Its body.
        attributes: Its message attributes, as Lambda tells them.
    """

    body: str = field(repr=False)
    attributes: Mapping[str, Mapping[str, Any]]


def posted(samples: Sequence[Mapping[str, Any]]) -> st.SearchStrategy[Posted]:
    """Any message to the list with these samples; one that is close to a sample as often as not."""
    near = st.one_of(st.sampled_from(samples), _mutated(samples))
    events = near.map(_json)
    bodies = st.one_of(
        events,
        near.flatmap(_envelope).map(_json),
        near.flatmap(_with_half),
        _mutated(samples).map(_json),
        _mutated([_SLICE]).map(_json),
        _VALUE.map(_json),
        st.builds(_broken, events, st.integers(0, 5_000), _TEXT),
        st.builds(_nested, st.sampled_from(("[", '{"a":')), st.sampled_from((90, 200, 5_000, 100_000))),
        st.builds(_swollen, near, st.sampled_from((10_000, 30_000, 200_000))),
        _TEXT,
    )
    return st.builds(lambda body, attributes: Posted(_as_sqs_takes(body), attributes), bodies, _attributes())


def _json(value: Any) -> str:
    return json.dumps(value)  # floats that are none too: Python's own producers write NaN


@st.composite
def _mutated(draw: st.DrawFn, samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A sample of which a field or some are missing, strange, or more than there should be."""
    event = json.loads(json.dumps(draw(st.sampled_from(samples))))
    for _ in range(draw(st.integers(1, 3))):
        inside = draw(st.sampled_from([event, event, *_within(event)]))
        own = [*range(len(inside))] if isinstance(inside, list) else sorted(inside)
        if own and not draw(st.integers(0, 4)):
            inside.pop(draw(st.sampled_from(own)))
        elif isinstance(inside, list):
            inside.append(draw(st.one_of(_TEXT, _VALUE)))
        else:
            inside[draw(st.one_of(st.sampled_from(own or ["x"]), _TEXT))] = draw(st.one_of(_TEXT, _VALUE))
    return event


def _within(value: Any) -> list[Any]:
    """The objects and arrays inside this one, at any depth."""
    inside = value.values() if isinstance(value, dict) else value
    children = [child for child in inside if isinstance(child, dict | list)]
    return [*children, *(inner for child in children for inner in _within(child))]


@st.composite
def _envelope(draw: st.DrawFn, event: Mapping[str, Any]) -> dict[str, Any]:
    """The event in a CloudEvents envelope, which may lack something or say something strange."""
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/shop",
        "type": "com.example.happened",
        "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json",
        "data": event,
    }
    if draw(st.booleans()):
        name = draw(st.sampled_from([*sorted(envelope), "dataschema", "subject", "traceparent", SECRET]))
        envelope[name] = draw(_VALUE)
    if not draw(st.integers(0, 5)):
        envelope.pop(draw(st.sampled_from(sorted(envelope))))
    if not draw(st.integers(0, 5)):
        envelope["data_base64"] = base64.b64encode(_json(envelope.pop("data", None)).encode()).decode()
    return envelope


@st.composite
def _with_half(draw: st.DrawFn, event: Mapping[str, Any]) -> str:
    """The event with half of a character at the end of one of its texts."""
    return _json(event).replace('",', f'{draw(st.sampled_from(_HALVES))}",', draw(st.integers(1, 3)))


def _broken(body: str, at: int, other: str) -> str:
    """The body, cut off there, with something else after it."""
    return body[:at] + other


def _nested(opening: str, deep: int) -> str:
    closing = "]" if opening == "[" else "}"
    return opening * deep + "1" + closing * deep


def _swollen(event: Mapping[str, Any], size: int) -> str:
    """The event with a field of that many characters, which no list knows, and each of its texts as long."""
    longer = {
        name: value * (size // max(len(value), 1)) if isinstance(value, str) else value for name, value in event.items()
    }
    return _json({**(longer if size == 10_000 else event), "swollen": SECRET * (size // len(SECRET))})


def edges(sample: Mapping[str, Any]) -> list[Posted]:
    """Messages that chance seldom finds: what parsers have no error of theirs for."""
    deep, slice_ = _nested("[", 100_000), {"kind": {"stringValue": "slice", "dataType": "String"}}
    event = _json(sample)
    head = '{"specversion": "1.0", "id": "1", "source": "/shop", "type": "x"'
    bodies = [
        deep,
        event[:-1] + f', "unknown": {deep}}}',
        f'{head}, "data": {deep}}}',
        f'{head}, "more": {deep}, "data": {event}}}',
        head.replace('"1.0"', deep) + f', "data": {event}}}',
        head.replace('"1"', '"\\ud800"') + f', "data": {event}}}',
        *(f'{head}, "time": {time}, "data": {event}}}' for time in ("{}", "[]", "7", '""', deep)),
        *(_json({**sample, "time_zone": zone}) for zone in ("Europe", "a" * 300, "Europe/Berlin" * 800, "a/" * 3_000)),
        f'{head}, "data": {event[:-1]}, "x": {"9" * 5_000}}}}}',
    ]
    return [Posted(body, attributes) for body in bodies for attributes in ({}, slice_)]


_MOMENTS: Final = (
    "2026-01-01T00:00:00+00:00",
    "2025-12-30T00:00:00+00:00",
    "2020-01-01T00:00:00+00:00",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "soon",
    "9" * 50,
)
# Ids are told in logs: what of people a producer puts there, it has told itself.
_IDS: Final = ("e-1", "é" * 300, "a b/c#d\te", "-", "0" * 32, "{{ 7 * 7 }}", "x\r\nBcc: y\r\n\r\n", "\U0001f4c8" * 64)
_SLICE: Final = {
    "event_id": "e-1",
    "body_digest": "0" * 64,
    "raised_at": "2026-01-01T00:00:00Z",
    "first": "0" * 32,
    "last": "f" * 32,
    "hops": 0,
    "silences": 0,
    "expires_at": None,
}


def _attributes() -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    """Some of the attributes that mean something here, right or wrong, and others."""
    said = st.one_of(st.none(), st.none(), _attribute(_TEXT))
    return st.fixed_dictionaries({}, optional={
        "event_id": st.one_of(st.none(), _attribute(st.sampled_from(_IDS))),
        "raised_at": st.one_of(_attribute(st.sampled_from(_MOMENTS)), said),
        "kind": st.one_of(said, _attribute(st.sampled_from(("slice", "event", "")))),
        "schedule": st.one_of(_attribute(st.just("0" * 32 + "/1/1767225600")), said),
        "scheduled_for": st.one_of(_attribute(st.sampled_from(_MOMENTS)), said),
        "content-type": _attribute(st.just("application/cloudevents+json")),
        "Other.name": said,
    }).map(lambda told: {name: value for name, value in told.items() if value is not None})  # fmt: skip


def _attribute(text: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """An attribute as Lambda tells it: text, a number, or bytes."""
    texts = text.map(_as_sqs_takes).map(
        lambda value: {
            "stringValue": value or "-",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "String",
        }
    )
    others = st.sampled_from([
        {"stringValue": "1e400", "dataType": "Number"},
        {"stringValue": "7", "dataType": "Number.custom"},
        {"binaryValue": "AAEC/w==", "dataType": "Binary"},
        {"stringValue": None, "dataType": "String"},
    ])  # fmt: skip
    return st.one_of(texts, texts, others)


def _as_sqs_takes(text: str) -> str:
    """The text without the characters that no queue takes, and never empty.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    """
    return "".join(filter(takes, text)) or " "


def takes(character: str) -> bool:
    """Whether SQS takes a text with this character."""
    code = ord(character)
    return character in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x1_0000
