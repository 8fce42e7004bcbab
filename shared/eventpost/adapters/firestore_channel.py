"""The connection to Firestore: made so that it mends within seconds, however long the function was frozen."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import grpc  # type: ignore[import-untyped]

# What is done where Google's library leaves gRPC to wait: it connects for up to 20 s and pauses up to 120 s between
# attempts, and believes in a connection for 20 s on which nothing is acknowledged any more.
# https://github.com/grpc/grpc/blob/master/doc/connection-backoff.md, keepalive.md; gRFC A18 for TCP_USER_TIMEOUT.
OPTIONS: Final = (
    # As often as Google's own library asks its servers whether they are there; who asks more often is cut off.
    ("grpc.keepalive_time_ms", 30_000),
    # Also how long what was sent may stay unacknowledged (TCP_USER_TIMEOUT): the first call after a thaw finds out.
    ("grpc.keepalive_timeout_ms", 2_000),
    # How long connecting may take, in spite of its name.
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)


class _Authorized(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Puts a token into each call, got in the caller's own thread.

    gRPC's own way, a plugin of the channel's credentials, tells every refusal of a token as `UNAVAILABLE`, which looks
    like an outage and would be tried again for ever.
    """

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token

    def intercept_unary_unary(self, go_on: Callable[..., Any], call: grpc.ClientCallDetails, request: object) -> Any:
        return go_on(self._signed(call), request)

    def intercept_unary_stream(self, go_on: Callable[..., Any], call: grpc.ClientCallDetails, request: object) -> Any:
        return go_on(self._signed(call), request)

    def _signed(self, call: grpc.ClientCallDetails) -> "_Call":
        metadata = (*(call.metadata or ()), ("authorization", f"Bearer {self._token()}"))
        return _Call(
            method=call.method,
            timeout=call.timeout,
            metadata=metadata,
            credentials=call.credentials,
            wait_for_ready=call.wait_for_ready,
            compression=call.compression,
        )


class _Call(NamedTuple):
    """What gRPC's `ClientCallDetails` has."""

    method: str
    timeout: float | None
    metadata: tuple[tuple[str, str | bytes], ...]
    credentials: Any
    wait_for_ready: bool | None
    compression: Any


def plain_channel(target: str) -> Any:
    """A channel to an emulator, which speaks no TLS and asks for no token."""
    return grpc.insecure_channel(target, OPTIONS)


def authorized_channel(target: str, token: Callable[[], str], roots: bytes | None = None) -> Any:
    """A channel by TLS, with a token in each call.

    Whatever `token` raises comes out of the call. `roots` are the certificates to trust; None is gRPC's own.
    """
    channel = grpc.secure_channel(target, grpc.ssl_channel_credentials(roots), OPTIONS)
    return grpc.intercept_channel(channel, _Authorized(token))
