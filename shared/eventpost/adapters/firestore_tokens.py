"""Google's tokens: got by an AWS role's identity without any key, or by a service account's key.

How the first works: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds. The role signs
a call that asks AWS who it is. Google's STS makes that call, and gives a token for whom AWS names; that token gets
one of the service account, which is what Firestore sees. Each is good for an hour.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import boto3
import requests
from google.auth.aws import AwsSecurityCredentials, AwsSecurityCredentialsSupplier
from google.auth.aws import Credentials as AwsCredentials
from google.auth.credentials import Credentials, TokenState
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport import Request, Response
from google.auth.transport.requests import Request as OneSession
from google.oauth2 import service_account

from eventpost.adapters.aws_errors import translated
from eventpost.errors import Misconfigured, StoreUnavailable

SCOPES: Final = ("https://www.googleapis.com/auth/datastore",)
_TIMEOUT_S: Final = (2, 5)  # to connect, and to wait for an answer
_NEXT_TRY_S: Final = 20  # after one in vain, while the token is good: each may take seconds, and all calls wait for it
_ASKED_TOO_OFTEN: Final = 429
_THEIR_FAULT: Final = 500


class Tokens:
    """A token that is good for some minutes still, got anew whenever the last one is not.

    `credentials` makes what a token is got by; it is asked each time one is due.
    """

    def __init__(self, credentials: Callable[[], Credentials]) -> None:
        self._made_by = credentials
        self._credentials: Credentials | None = None
        self._not_before = 0.0
        self._lock = threading.Lock()

    def token(self) -> str:
        """The token.

        Raises:
            Misconfigured: Google refuses to give one.
            StoreUnavailable: There was no answer, or Google has a fault of its own.
        """
        with self._lock:
            if self._credentials is None or self._is_due(self._credentials):
                self._credentials = self._renewed()
            return str(self._credentials.token)

    def _is_due(self, credentials: Credentials) -> bool:
        if credentials.token_state is TokenState.STALE:
            return time.monotonic() >= self._not_before
        return credentials.token_state is TokenState.INVALID

    def _renewed(self) -> Credentials:
        try:
            credentials = self._made_by()
            _refresh(credentials)
        except StoreUnavailable:
            # The last one is good for some minutes more, and the fault may be over by then.
            if self._credentials is None or self._credentials.token_state is TokenState.INVALID:
                raise
            self._not_before = time.monotonic() + _NEXT_TRY_S
            return self._credentials
        return credentials


def _refresh(credentials: Credentials) -> None:
    asking = _Asking()
    try:
        credentials.refresh(asking)
    except GoogleAuthError as error:
        # Google's library calls what STS and IAM refuse as little retryable as their outages: the status tells.
        passing = isinstance(error, TransportError) or error.retryable or asking.failed_passingly
        if passing:
            msg = f"Google gave no token: {asking.told or type(error).__name__}"
            raise StoreUnavailable(msg) from None
        msg = f"Google refused a token ({asking.told or type(error).__name__}): look at firestore_identity_provider, "
        msg += "firestore_service_account or the key in firestore_key_secret, and at docs/firestore.md"
        raise Misconfigured(msg) from None
    except (ValueError, TypeError, AttributeError, KeyError):  # the library takes an answer apart without a look at it
        msg = f"Google gave no token: {asking.told}, but not as Google does"
        raise StoreUnavailable(msg) from None


class _Asking(Request):
    """Asks for one token: by connections of its own, for none outlives the hour until the next; and not for long."""

    def __init__(self) -> None:
        self._host = ""
        self._status = 0

    @property
    def told(self) -> str:
        """Who answered what last, or nothing."""
        return f"{self._host} answered {self._status}" if self._status else ""

    @property
    def failed_passingly(self) -> bool:
        return self._status == _ASKED_TOO_OFTEN or self._status >= _THEIR_FAULT

    def __call__(  # the library's own signature
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: object = None,  # noqa: ARG002 - ours holds
        **more: Any,
    ) -> Response:
        self._host, self._status = urlsplit(url).hostname or "", 0
        with requests.Session() as session:
            answer: Response = OneSession(session)(url, method, body, headers, _TIMEOUT_S, **more)
        self._status = answer.status
        return answer


def federated(provider: str, sts_url: str, impersonation_url: str) -> Credentials:
    """What the AWS role that this process has is to Google: the service account that the URL names.

    `provider` is the pool's, as `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`.
    """
    credentials: Credentials = AwsCredentials(
        audience=f"//iam.googleapis.com/{provider}",
        subject_token_type="urn:ietf:params:aws:token-type:aws4_request",  # noqa: S106 - a type, as Google names it
        token_url=sts_url,
        aws_security_credentials_supplier=_OwnRole(),
        service_account_impersonation_url=impersonation_url,
        scopes=SCOPES,
    )
    return credentials


class _OwnRole(AwsSecurityCredentialsSupplier):
    """The AWS identity that everything else here has, too: a function's role, or an operator's profile.

    Google's own way asks a metadata server that neither has.
    """

    def __init__(self) -> None:
        self._session: boto3.Session | None = None

    def get_aws_security_credentials(self, context: object, request: object) -> AwsSecurityCredentials:  # noqa: ARG002 - Google's
        """Whatever boto3 finds, as it is now: a function's are replaced while it lives."""
        found = self._aws.get_credentials()
        if found is None:
            msg = "there are no AWS credentials to show to Google: log in, or name a profile"
            raise Misconfigured(msg)
        with translated("AWS, asked for credentials,"):
            now = found.get_frozen_credentials()
        return AwsSecurityCredentials(str(now.access_key), str(now.secret_key), now.token)

    def get_aws_region(self, context: object, request: object) -> str:  # noqa: ARG002 - Google's
        """The region whose STS Google is to ask."""
        if self._aws.region_name is None:
            msg = "no AWS region is set, by whose STS Google would ask who this is: set AWS_DEFAULT_REGION"
            raise Misconfigured(msg)
        return self._aws.region_name

    @property
    def _aws(self) -> boto3.Session:
        if self._session is None:
            self._session = boto3.Session()
        return self._session


def of_key(key: str) -> Credentials:
    """What the JSON of a service account's key gives, as Google's console or `gcloud` writes it.

    Raises:
        Misconfigured: It is not that.
    """
    try:
        credentials: Credentials = service_account.Credentials.from_service_account_info(json.loads(key), scopes=SCOPES)
    except (ValueError, TypeError, AttributeError, KeyError):
        # Nothing of the error is told: it may show what is in the key.
        msg = "the secret that firestore_key_secret names is not the JSON of a service account's key"
        raise Misconfigured(msg) from None
    return credentials
