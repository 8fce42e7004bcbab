"""A client of Firestore, by whichever of the three ways of access a deployment has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore.client import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.grpc import FirestoreGrpcTransport

from eventpost.adapters.firestore_channel import authorized_channel, plain_channel
from eventpost.adapters.firestore_tokens import Tokens, federated, of_key
from eventpost.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class FirestoreAccess:
    """A database, and by what right it is used: an emulator, an AWS role's federated identity, or a key.

    Attributes:
        project: The Google Cloud project.
        database: The database in it.
        emulator: `host:port` of an emulator, or empty.
        identity_provider: `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`, or empty.
        service_account: The e-mail address of the service account that this identity then acts as.
        key: Reads the JSON of a service account's key; asked again for each token, so that a new key is picked up.
    """

    project: str
    database: str = "(default)"
    emulator: str = ""
    identity_provider: str = ""
    service_account: str = ""
    key: Callable[[], str] | None = None


@dataclass(frozen=True, slots=True)
class Google:
    """Where Google is.

    Attributes:
        firestore: `host:port` of Firestore.
        sts: The URL that exchanges an AWS identity for one of Google's.
        impersonation: The URL that gives a token of a service account, with its e-mail address left to be filled in.
        roots: The certificates that Firestore's is checked by; None is the usual ones.
    """

    firestore: str = "firestore.googleapis.com:443"
    sts: str = "https://sts.googleapis.com/v1/token"
    impersonation: str = (
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    )
    roots: bytes | None = None


GOOGLE: Final = Google()


def open_client(access: FirestoreAccess, google: Google = GOOGLE) -> firestore.Client:
    """A client of the database. Nothing is connected to, and no secret read, before its first call.

    Calls without an answer end by their own time-outs; what the connection does by itself takes some two seconds.
    Calls raise Google's errors, and ours where it is the token that is missing.

    Raises:
        Misconfigured: There is not exactly one way of access.
    """
    client = firestore.Client(project=access.project, database=access.database, credentials=AnonymousCredentials())
    # The library takes neither a channel nor an emulator but from the environment. Whatever stands there, this client
    # goes where it was told to: nobody's subscribers are to be looked for in an emulator that a shell still names.
    client._emulator_host = access.emulator or None  # noqa: SLF001
    client._firestore_api_internal = FirestoreClient(  # noqa: SLF001
        transport=FirestoreGrpcTransport(channel=_channel(access, google))
    )
    return client


def _channel(access: FirestoreAccess, google: Google) -> Any:
    match bool(access.emulator), bool(access.identity_provider), access.key:
        case True, False, None:
            return plain_channel(access.emulator)
        case False, True, None if access.service_account:
            credentials = federated(
                access.identity_provider, google.sts, google.impersonation.format(account=access.service_account)
            )
            return authorized_channel(google.firestore, Tokens(lambda: credentials).token, google.roots)
        case False, False, key if key is not None:
            return authorized_channel(google.firestore, Tokens(lambda: of_key(key())).token, google.roots)
    msg = "Firestore takes one way of access: firestore_identity_provider with firestore_service_account, "
    msg += "or firestore_key_secret (or firestore_emulator on this machine)"
    raise Misconfigured(msg)
