"""Starts ministack with what our templates need of it: `python -m eventpost_cli.local.embedded_aws.launcher`.

EVENTPOST_UNPACKED names the folder for unpacked functions, EVENTPOST_LAMBDA_PYTHON the interpreter that runs them.
"""

import os
import sys
from pathlib import Path

from ministack import app

from eventpost_cli.local.embedded_aws import (
    accepted_types,
    alarms,
    batch_permissions,
    full_queues,
    generated_secrets,
    lifecycle,
    links,
    log_metrics,
    nested_stacks,
    property_types,
    queries,
    query_ranges,
    queue_lock,
    queue_metrics,
    retirement,
    row_copies,
    row_permissions,
    tether,
    time_to_live,
    workers,
)

OURS = ("PYTHONPATH", "EVENTPOST_UNPACKED", "EVENTPOST_LAMBDA_PYTHON")


def main() -> None:
    """Serve until the standard input ends."""
    # Functions inherit this process's environment; what is ours is none of their business.
    _, unpacked, python = (os.environ.pop(name) for name in OURS)
    loopback_is_secure()
    nested_stacks.install()
    accepted_types.install()
    property_types.install()
    generated_secrets.install()
    queries.install()
    query_ranges.install()
    row_copies.install()
    full_queues.install()
    queue_lock.install()
    row_permissions.install()
    batch_permissions.install()
    alarms.install()
    log_metrics.install()
    retirement.install()
    lifecycle.install()
    time_to_live.install()
    links.install()
    workers.install(Path(unpacked), python)
    queue_metrics.start()
    lifecycle.start()
    tether.start()
    sys.argv = ["ministack"]
    app.main()


def loopback_is_secure() -> None:
    """Take each call for an encrypted one: queues and buckets refuse others, and these never leave the machine."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, True)


if __name__ == "__main__":
    main()
