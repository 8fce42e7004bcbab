"""Loopback ports: a free one, or the one asked for."""

import socket

from eventpost_cli.local.errors import PortTaken

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def claim(port: int, option: str) -> int:
    """Return `port` when it can be listened on, and any free one for 0.

    Raises:
        PortTaken: something listens there; `option` is how to choose another.
    """
    if port == 0:
        return free_port()
    with socket.socket() as probe:
        # As servers do: a port whose last connections still linger is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise PortTaken(port, option) from error
    return port
