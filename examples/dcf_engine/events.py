"""How a microservice tells Eventpost that something happened: one SQS message, and nothing about mail in it."""

import json
from uuid import uuid4

import boto3

from dcf_engine.valuation import Valuation


def raise_event(queue_url: str, valuation: Valuation, report_url: str) -> str:
    """The list of this queue knows of the valuation. Returns the event's id: sent again with it, it stays one event."""
    event_id, event = str(uuid4()), {**figures(valuation), "report_url": report_url}
    boto3.client("sqs").send_message(
        QueueUrl=queue_url,
        MessageBody=json.dumps(event, default=str),
        MessageAttributes={"event_id": {"DataType": "String", "StringValue": event_id}},
    )
    return event_id


def figures(valuation: Valuation) -> dict[str, object]:
    """What the event says of a valuation; amounts travel as text, so that no cent is lost on the way."""
    names = ("ticker", "company", "fair_value", "price", "currency", "upside_percent", "as_of", "assumptions")
    return {name: getattr(valuation, name) for name in names}
