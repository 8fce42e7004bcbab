"""The template's parameters as the local stack sets them: those of samconfig.toml, and what only this run knows."""

import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from eventpost_cli.local.ports import LOOPBACK


def configured(root: Path) -> dict[str, str]:
    """Return the parameters that samconfig.toml gives the local environment."""
    config = tomllib.loads((root / "samconfig.toml").read_text())
    return parse_overrides(config["local"]["deploy"]["parameters"]["parameter_overrides"])


def parse_overrides(overrides: Iterable[str]) -> dict[str, str]:
    """Return overrides such as `SmtpPort=1025` and `Sender='Eventpost <news@example.com>'` by their names."""
    words = (word for override in overrides for word in shlex.split(override))
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def of_this_run(*, smtp_port: int, browser: Path, link_base_url: str) -> dict[str, str]:
    """Return the parameters that are known only now: mail to this inbox, pages of this machine, by this browser."""
    return {
        "Environment": "local",
        "Transport": "smtp",
        "SmtpHost": LOOPBACK,
        "SmtpPort": str(smtp_port),
        "SmtpSecurity": "none",
        "CaptureAllowHosts": f"{LOOPBACK},localhost",
        "ChromiumPath": str(browser),
        "LinkBaseUrl": link_base_url,
    }


def as_overrides(parameters: Mapping[str, str]) -> list[str]:
    """Return the parameters as `sam deploy --parameter-overrides` reads them, quoted for the sake of spaces."""
    return [f'{name}="{_escaped(value)}"' for name, value in parameters.items()]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
