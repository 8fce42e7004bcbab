"""What the function is told by its environment; read nowhere else.

The browser's flags differ by place. Root has no sandbox, so there it is off by default; elsewhere it is on. Lambda has
none either, and is known for browsers that hang in several processes, so the package's own browser runs in a single one
there. `CAPTURE_BROWSER_FLAGS` replaces that default: `--no-sandbox --no-zygote` are several processes.

`CAPTURE_RECYCLE_SHOTS` (100) and `CAPTURE_RECYCLE_MB` (512) say when a browser is worn out: after so many shots, or
when its processes hold more memory for themselves than that between two shots. An idle one holds some 60 MB.

Pages reach public addresses on the ports of `CAPTURE_ALLOW_PORTS` (80,443), and the hosts of `CAPTURE_ALLOW_HOSTS` at
any address and port. A shot may move `CAPTURE_MAX_BYTES` (100000000), both ways together.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from eventpost_capture.errors import Misconfigured

NO_SANDBOX = "--no-sandbox"
SINGLE_PROCESS = "--single-process"
LAMBDA_FLAGS = (NO_SANDBOX, "--no-zygote", SINGLE_PROCESS)
_TOP_PORT = 65_535
_MAX_BYTES = 100_000_000
_RECYCLE_SHOTS = 100
_RECYCLE_MB = 512
_ALLOW_PORTS = "80,443"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one deployment."""

    bucket: str
    allow_hosts: frozenset[str]
    chromium_path: str | None
    browser_flags: tuple[str, ...]
    recycle_shots: int = _RECYCLE_SHOTS
    recycle_mb: int = _RECYCLE_MB
    allow_ports: frozenset[int] = frozenset(map(int, _ALLOW_PORTS.split(",")))
    max_bytes: int = _MAX_BYTES

    @property
    def shots_per_browser(self) -> int:
        """How many shots a browser is good for. In a single process a second context would end it, so there: one."""
        return 1 if SINGLE_PROCESS in self.browser_flags else self.recycle_shots

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; raise Misconfigured where one is missing that has no default."""
        bucket = environment.get("SCREENSHOTS_BUCKET", "")
        if not bucket:
            raise Misconfigured("no bucket to keep screenshots in: set SCREENSHOTS_BUCKET on the capture function")
        return cls(
            bucket=bucket,
            allow_hosts=_hosts(environment.get("CAPTURE_ALLOW_HOSTS", "")),
            chromium_path=environment.get("CHROMIUM_PATH") or None,
            browser_flags=_flags(environment),
            recycle_shots=_number(environment, "CAPTURE_RECYCLE_SHOTS", _RECYCLE_SHOTS),
            recycle_mb=_number(environment, "CAPTURE_RECYCLE_MB", _RECYCLE_MB),
            allow_ports=_ports(environment.get("CAPTURE_ALLOW_PORTS", "")),
            max_bytes=_number(environment, "CAPTURE_MAX_BYTES", _MAX_BYTES),
        )


def _hosts(listed: str) -> frozenset[str]:
    return frozenset(host for entry in listed.split(",") if (host := entry.strip().strip("[]").casefold()))


def _ports(listed: str) -> frozenset[int]:
    told = [port.strip() for port in (listed.strip() or _ALLOW_PORTS).split(",")]
    if not all(port.isascii() and port.isdigit() and 0 < int(port) <= _TOP_PORT for port in told):
        raise Misconfigured("CAPTURE_ALLOW_PORTS lists no ports by commas: correct it on the capture function")
    return frozenset(map(int, told))


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    told = environment.get(name, "").strip() or str(default)
    if not (told.isascii() and told.isdigit() and int(told)):
        raise Misconfigured(f"{name} is no whole number above 0: correct it on the capture function")
    return int(told)


def _flags(environment: Mapping[str, str]) -> tuple[str, ...]:
    if "CAPTURE_BROWSER_FLAGS" in environment:
        return tuple(environment["CAPTURE_BROWSER_FLAGS"].split())
    in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in environment
    if in_lambda and not environment.get("CHROMIUM_PATH"):
        return LAMBDA_FLAGS
    return (NO_SANDBOX,) if in_lambda or os.geteuid() == 0 else ()
