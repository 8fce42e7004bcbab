"""Files that go with a mail: a large one arrives as it was uploaded, one that no mail can carry is refused."""

import hashlib
import random
import uuid
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any, Final

import pytest

import received_mail
import sentinels
from deployed import Deployed, wait_until
from signed_api import SignedApi, answer_to

LIST: Final = "direct_mail"
LARGE: Final = 9_000_000
TOO_LARGE: Final = 50_000_000
LIMIT: Final = "25,000,000 bytes"  # of a mail, and what a file makes of it is a third larger
ANN: Final = sentinels.address("ann")


@pytest.fixture
def api(deployed: Deployed) -> SignedApi:
    """The API, to who may do everything."""
    return SignedApi(deployed.stack.addresses.email_api)


@pytest.fixture(scope="module")
def film() -> bytes:
    """Nine megabytes, of all bytes, that nothing can be made smaller of."""
    return random.Random(7).randbytes(LARGE)


def mail_with(key: str, name: str) -> dict[str, Any]:
    """A mail with this file."""
    return {
        "to": [ANN],
        "subject": "The film of the house",
        "text": f"Here it is. {sentinels.BODY}",
        "attachments": [{"key": key, "filename": name}],
        "transactional": True,
    }


def test_nine_megabytes_arrive_as_they_were_uploaded(deployed: Deployed, api: SignedApi, film: bytes) -> None:
    """To the API the size and the digest, to S3 the file, to the API the mail: its reader has the same bytes."""
    digest = hashlib.sha256(film).hexdigest()
    offered = api.ask("POST", "/attachments", {"media_type": "video/mp4", "size": LARGE, "sha256": digest})
    assert offered.status == HTTPStatus.CREATED, offered.content
    upload = offered.json
    put = answer_to(upload["method"], upload["url"], film, upload["headers"])
    assert put.status == HTTPStatus.OK, put.content

    accepted = api.ask("POST", "/emails", mail_with(upload["key"], "das Häuschen.mp4"))
    assert accepted.status == HTTPStatus.ACCEPTED, accepted.content
    state = wait_until(lambda: _finished(api, accepted.json["state_url"]))
    (mail,) = deployed.mails()

    assert state["counts"] == {"sent": 1}
    assert received_mail.defects(mail) == []
    (file,) = mail.iter_attachments()
    assert isinstance(file, EmailMessage)
    assert (file.get_filename(), file.get_content_type()) == ("das Häuschen.mp4", "video/mp4")
    assert hashlib.sha256(file.get_content()).hexdigest() == digest


def test_fifty_megabytes_are_refused_before_they_are_uploaded(deployed: Deployed, api: SignedApi) -> None:
    """With the limit in words, a pointer to what is too large, and no place to upload it to."""
    refused = api.ask("POST", "/attachments", {"media_type": "video/mp4", "size": TOO_LARGE})

    problem = refused.json
    assert refused.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert LIMIT in str(problem)
    assert "#/size" in str(problem["errors"])
    assert not {"url", "key"} & problem.keys()


def test_fifty_megabytes_that_are_there_already_are_refused_with_the_mail(deployed: Deployed, api: SignedApi) -> None:
    """A service may put a file into the bucket itself: the door looks at what is there, not at what it was told."""
    key = f"attachments/{uuid.uuid4().hex}"
    deployed.stack.client("s3").put_object(
        Bucket=deployed.stack.outputs["ScreenshotsBucket"], Key=key, Body=bytes(TOO_LARGE), ContentType="video/mp4"
    )

    refused = api.ask("POST", "/emails", mail_with(key, "film.mp4"))
    deployed.settle(LIST)

    assert refused.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE, refused.content
    assert LIMIT in str(refused.json)
    assert "#/attachments" in str(refused.json["errors"])
    assert (deployed.mails(), deployed.letters(LIST)) == ([], {})


def test_a_file_that_is_not_there_gives_the_mail_up_and_names_its_key(deployed: Deployed) -> None:
    """What comes over the queue has passed no door: it is a dead letter whose reason says which file is missing."""
    key = f"attachments/{uuid.uuid4().hex}"

    event_id = deployed.raise_event(LIST, mail_with(key, "film.mp4"))
    deployed.settle(LIST)

    letter = deployed.letters(LIST)[event_id]
    assert letter.attributes["error"] == "AttachmentMissing"
    assert key in letter.attributes["reason"]
    assert letter.attributes["receives"] == "1"
    assert deployed.mails() == []


def _finished(api: SignedApi, path: str) -> dict[str, Any] | None:
    state: dict[str, Any] = api.ask("GET", path).json
    return state if state["state"] == "finished" else None
