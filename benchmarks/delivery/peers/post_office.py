"""django-post_office on SQLite: mails are queued in the database, then two processes of four threads send them.

Runs in an environment of its own (`post_office.txt`). Templates are rendered when a mail is sent, as its documentation
advises for many mails alike.
"""

import hashlib
import hmac
import json
import sys
import tempfile
from base64 import urlsafe_b64encode
from itertools import islice
from pathlib import Path
from typing import Any, Final

from benchmarks.delivery.stopwatch import Job, Stopwatch, tell

PROCESSES: Final = 2
THREADS: Final = 4
KEY: Final = b"k" * 32


def main() -> None:
    """Queue and send the mails of the job."""
    job = Job.given()
    with tempfile.TemporaryDirectory() as folder:
        _set_up(Path(folder), job.port)
        with Path(job.data, "people.jsonl").open() as lines:
            people = [json.loads(line) for line in islice(lines, job.mails)]
        with Stopwatch() as watch:
            _queue(job, people)
            sent = _send()
    if sent != job.mails:
        sys.exit(f"{sent} of {job.mails} mails were sent")
    tell(watch)


def _set_up(folder: Path, port: int) -> None:
    """Django with an empty database in the folder, as its authors set it up for many writers."""
    import django  # noqa: PLC0415 - only the peer's own environment has it
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    write_ahead = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(folder / "mails.sqlite3"),
                "OPTIONS": {"timeout": 60, "init_command": write_ahead},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        MEDIA_ROOT=str(folder / "media"),
        SECRET_KEY="k",  # noqa: S106 - nothing is signed with it
        USE_TZ=True,
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates"},
            {"BACKEND": "post_office.template.backends.post_office.PostOfficeTemplates", "APP_DIRS": True},
        ],
        POST_OFFICE={
            "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
            "BATCH_SIZE": 1_000_000,
            "BATCH_DELIVERY_TIMEOUT": 600,
            "LOG_LEVEL": 0,
            "TEMPLATE_ENGINE": "django",
            "THREADS_PER_PROCESS": THREADS,
        },
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _queue(job: Job, people: list[dict[str, Any]]) -> None:
    from post_office import mail  # noqa: PLC0415
    from post_office.models import Email, EmailTemplate  # noqa: PLC0415

    folder = Path(job.data, job.template, "offers")
    event = json.loads(Path(job.data, "event.json").read_text())
    template = EmailTemplate.objects.create(
        name="offers",
        subject="{{ event.title|safe }}",
        content="{% autoescape off %}" + (folder / "body.txt").read_text() + "{% endautoescape %}",
        html_content=(folder / "body.html").read_text(),
    )
    mail.send_many([_mail(template, event, person, picture=job.picture) for person in people])
    if job.picture:
        attachment = _attachment(Path(job.data, "picture.png"))
        link = Email.attachments.through
        links = [link(email_id=key, attachment_id=attachment.pk) for key in Email.objects.values_list("pk", flat=True)]
        link.objects.bulk_create(links, batch_size=400)


def _mail(template: Any, event: dict[str, Any], person: dict[str, Any], *, picture: bool) -> dict[str, Any]:
    unsubscribe = _unsubscribe_link(person["id"])
    screenshot = {"src": "cid:picture@lists.example.org", "width": 320} if picture else None
    return {
        "recipients": [person["address"]],
        "sender": "news@lists.example.org",
        "template": template,
        "context": {
            "event": event,
            "subscriber": person,
            "links": {"unsubscribe": unsubscribe},
            "screenshot": screenshot,
        },
        "render_on_delivery": True,
        "headers": {
            "List-Id": "<offers.lists.example.org>",
            "List-Unsubscribe": f"<{unsubscribe}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    }


def _unsubscribe_link(subscriber: str) -> str:
    mac = hmac.digest(KEY, f"offers\0{subscriber}".encode(), hashlib.sha256)[:16]
    return f"https://mail.example.org/u/offers/{subscriber}/{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def _attachment(picture: Path) -> Any:
    from django.core.files.base import ContentFile  # noqa: PLC0415
    from post_office.models import Attachment  # noqa: PLC0415

    attachment = Attachment()
    attachment.file.save("screenshot.png", ContentFile(picture.read_bytes()), save=True)
    return attachment


def _send() -> int:
    from post_office import mail  # noqa: PLC0415

    sent, _, _ = mail.send_queued(processes=PROCESSES)
    return int(sent)


if __name__ == "__main__":
    main()
