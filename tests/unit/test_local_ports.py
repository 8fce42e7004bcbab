"""Ports: one in use is named, with the option that chooses another."""

import socket

import pytest

from eventpost_cli.local.errors import PortTaken
from eventpost_cli.local.ports import LOOPBACK, claim, free_port


def test_a_port_in_use_is_named_with_its_option() -> None:
    """Whoever reads the message knows which port it is and what to type."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortTaken, match=rf"Port {port} is in use.*--smtp-port"):
            claim(port, "--smtp-port")


def test_a_port_that_is_free_is_taken_as_it_is() -> None:
    """A port asked for is not exchanged for another."""
    port = free_port()

    assert claim(port, "--port") == port


def test_zero_is_any_free_port() -> None:
    """Two stacks that ask for any port do not meet."""
    assert claim(0, "--port") > 1023
