"""What a list takes whose events name whom they go to. Apart, since no other list is to import it."""

from functools import cached_property

from eventpost.adapters.s3_uploads import S3Uploads
from eventpost.addressees import Addressees
from eventpost.compose.email import EmailComposer
from eventpost.deliver import Delivering
from eventpost.deliver.addressees import NamedSubscribers
from eventpost.deliver.attachments import Attachments
from eventpost.deliver.emails import EmailMails
from eventpost.wiring import Wiring


class DirectWiring(Wiring):
    """Everything that the function of an addressed list needs."""

    @cached_property
    def delivering(self) -> Delivering:
        """The use case of such a list."""
        composer = EmailComposer(self._templates_read, self._links, self._sender)
        mails = EmailMails(composer, self._attachments, self.transport, self.clock)
        addressees = Addressees(self.subscribers, self.id_key)
        return self._delivering(lambda raised: NamedSubscribers(addressees, raised), mails)

    @cached_property
    def _attachments(self) -> Attachments:
        uploads = S3Uploads(self._s3, self.settings.screenshots_bucket, self.clock)
        return Attachments(self._blobs, uploads)
