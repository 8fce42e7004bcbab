"""The environments that the stack's processes run in.

Nothing of the caller's AWS account gets in: a local deploy must never find its way to a real one.
"""

import os
from collections.abc import Mapping
from pathlib import Path

REGION = "us-east-1"
# Where another interpreter finds the modules of ours that it runs.
SOURCES = Path(__file__).parents[2]
# ministack takes the key `test` for the account's root, as LocalStack taught everyone; all else must be signed.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
# What one Python must not pass on to another, and what would hide where a bytecode cache helps.
PYTHON_STATE = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")


def cleaned(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return an environment without the caller's AWS settings and Python state."""
    return {
        name: value
        for name, value in environment.items()
        if name not in PYTHON_STATE and not name.startswith(("AWS_", "SAM_CLI_"))
    }


def toward(endpoint: str) -> dict[str, str]:
    """Return the variables that lead an AWS client to the local endpoint, and to no other."""
    return {
        **CREDENTIALS,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def bare(temporary: Path) -> dict[str, str]:
    """Return the little that a local function may inherit: paths, home and language."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return {**kept, "TMPDIR": str(temporary)}
