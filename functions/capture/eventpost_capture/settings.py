"""What the function is told by its environment; read nowhere else.

The browser's flags differ by place. Lambda and root have no sandbox, so there it is off by default; elsewhere it is on.
`CAPTURE_BROWSER_FLAGS` replaces that default. Lambda's process model goes there too:
`--no-sandbox --no-zygote --single-process`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from eventpost_capture.errors import Misconfigured

NO_SANDBOX = "--no-sandbox"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one deployment."""

    bucket: str
    allow_hosts: frozenset[str]
    chromium_path: str | None
    browser_flags: tuple[str, ...]

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
        )


def _hosts(listed: str) -> frozenset[str]:
    return frozenset(host for entry in listed.split(",") if (host := entry.strip().strip("[]").casefold()))


def _flags(environment: Mapping[str, str]) -> tuple[str, ...]:
    if "CAPTURE_BROWSER_FLAGS" in environment:
        return tuple(environment["CAPTURE_BROWSER_FLAGS"].split())
    unsandboxable = "AWS_LAMBDA_FUNCTION_NAME" in environment or os.geteuid() == 0
    return (NO_SANDBOX,) if unsandboxable else ()
