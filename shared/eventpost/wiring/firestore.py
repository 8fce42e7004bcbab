"""Subscribers in Firestore. Apart: the library that it takes is in a layer that only this choice deploys."""

from typing import TYPE_CHECKING

from eventpost.adapters.firestore_client import FirestoreAccess, open_client
from eventpost.adapters.firestore_subscribers import FirestoreSubscribers
from eventpost.errors import Misconfigured

if TYPE_CHECKING:
    from eventpost.wiring import Wiring


def firestore_subscribers(wired: "Wiring") -> FirestoreSubscribers:
    """The subscribers in Firestore.

    Raises:
        Misconfigured: The settings name no database, or not exactly one way of access to it.
    """
    settings = wired.settings
    if not settings.firestore_project:
        msg = "firestore_project is not set: deploy with FirestoreProject and one way of access to it "
        msg += "(docs/firestore.md); SubscriberStore may stay as it is"
        raise Misconfigured(msg)
    key_secret = settings.firestore_key_secret
    access = FirestoreAccess(
        project=settings.firestore_project,
        database=settings.firestore_database,
        emulator=settings.firestore_emulator,
        identity_provider=settings.firestore_identity_provider,
        service_account=settings.firestore_service_account,
        key=(lambda: wired.secrets.text(key_secret)) if key_secret else None,
    )
    return FirestoreSubscribers(open_client(access), wired.clock)
