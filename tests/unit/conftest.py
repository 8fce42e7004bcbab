"""Unit tests run in memory: a socket is a mistake."""

import socket
from pathlib import Path
from typing import NoReturn

import pytest

import given


def _refuse(*_: object, **__: object) -> NoReturn:
    msg = "a unit test reached for the network"
    raise AssertionError(msg)


# What these test starts servers and processes: that is their unit.
_SERVERS = ("test_cli_", "test_dcf_engine", "test_local_", "test_soak")


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.path.name.startswith(_SERVERS):
        return
    for name in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, name, _refuse)
    monkeypatch.setattr(socket, "getaddrinfo", _refuse)


@pytest.fixture
def system(tmp_path: Path) -> given.System:
    """Every port in memory, with plain templates for the list `price_moves`."""
    return given.System(given.write_templates(tmp_path / "templates"))
