"""Compose and transport: subscribers in, mails out by SMTP, in one process and one thread."""

import sys
from collections import Counter

from benchmarks.delivery.ours.mail import composer, event_mail, subscribers
from benchmarks.delivery.stopwatch import Job, Stopwatch, tell

from eventpost.adapters.smtp_transport import SmtpServer, SmtpTransport
from eventpost.model import OutcomeKind


def main() -> None:
    """Send the job's mails."""
    job = Job.given()
    audience = list(subscribers(job.mails))
    transport = SmtpTransport(SmtpServer("127.0.0.1", job.port, "none"))
    by = composer(job)
    with Stopwatch() as watch:
        mail = event_mail(job, by)
        outcomes = Counter(outcome.kind for outcome in transport.send(map(mail.to, audience)))
    if outcomes != {OutcomeKind.SENT: job.mails}:
        sys.exit(f"not all were sent: {dict(outcomes)}")
    tell(watch, mail_bytes=len(mail.to(audience[0]).content))


if __name__ == "__main__":
    main()
