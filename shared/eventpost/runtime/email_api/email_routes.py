"""The operations on mails to the people they name, and on the files that go with these."""

from http import HTTPStatus

from aws_lambda_powertools.event_handler import Response

from eventpost.errors import UnknownReceipt
from eventpost.mailapi import Posted
from eventpost.mailapi.addressing import DIRECT_MAIL
from eventpost.runtime.email_api.answers import Accepted, StateAnswer, UploadAnswer
from eventpost.runtime.email_api.email_bodies import EmailFields, FileToUpload
from eventpost.runtime.email_api.event_routes import taken
from eventpost.runtime.email_api.operating import TAKEN, TAKING, WHERE, Routes
from eventpost.runtime.email_api.parameters import PathId, Token, known
from eventpost.runtime.json_api import Operation


class EmailRoutes(Routes):
    """Mails and files over HTTP."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        return (
            Operation(
                "POST",
                "/emails",
                self.hand_in,
                "Have a mail sent to the people it names.",
                "emails",
                TAKEN,
                (HTTPStatus.NOT_FOUND, *TAKING),
                WHERE,
            ),
            Operation(
                "GET",
                "/emails/<email>",
                self.get,
                "What became of a mail, for each whom it names.",
                "emails",
                {200: "How far it has come."},
                (HTTPStatus.NOT_FOUND,),
            ),
            Operation(
                "POST",
                "/attachments",
                self.offer,
                "Where to upload a file that is to go with a mail.",
                "attachments",
                {201: "Upload it there."},
                (HTTPStatus.TOO_MANY_REQUESTS,),
            ),
        )

    def hand_in(self, email: EmailFields, token: Token = None) -> Response[Accepted]:
        """Put it on the queue, unless it is there."""
        del email  # it is JSON; what is mailed is what was sent, to the last digit
        posted = Posted(DIRECT_MAIL, self.sent().text, token=token or "")
        return taken(Accepted.of(self.platform().accepting.accept(self.caller(), posted), "/emails"))

    def get(self, email: PathId) -> StateAnswer:
        """How far it has come."""
        followed = self.platform().following.follow(self.caller(), known(email))
        if followed.receipt.list_name != DIRECT_MAIL:
            msg = "what was accepted under this id is no mail to people it names: GET /events/{id} tells of it"
            raise UnknownReceipt(msg)
        return StateAnswer.told(followed, "/emails")

    def offer(self, file: FileToUpload) -> Response[UploadAnswer]:
        """Let it be uploaded."""
        upload = self.platform().attaching.offer(self.caller(), file.file)
        return Response(HTTPStatus.CREATED, "application/json", UploadAnswer.of(upload))
