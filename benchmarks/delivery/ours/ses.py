"""Compose and SES's API: the mails as raw messages to an endpoint that answers as SES v2 does."""

import sys
from collections import Counter

import boto3
from benchmarks.delivery.ours.mail import composer, event_mail, subscribers
from benchmarks.delivery.stopwatch import Job, Stopwatch, tell
from botocore.config import Config

from eventpost.adapters.ses_transport import SesTransport
from eventpost.model import OutcomeKind


def main() -> None:
    """Send the job's mails."""
    job = Job.given()
    audience = list(subscribers(job.mails))
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    client = boto3.client(
        "sesv2",
        endpoint_url=job.endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - as the local AWS takes it
        config=once,
    )
    transport = SesTransport(client, "")
    by = composer(job)
    with Stopwatch() as watch:
        mail = event_mail(job, by)
        outcomes = Counter(outcome.kind for outcome in transport.send(map(mail.to, audience)))
    if outcomes != {OutcomeKind.SENT: job.mails}:
        sys.exit(f"not all were sent: {dict(outcomes)}")
    tell(watch)


if __name__ == "__main__":
    main()
