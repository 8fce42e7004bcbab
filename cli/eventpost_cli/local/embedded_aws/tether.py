"""The line to the process that started us: it gives orders, and when it ends so do we."""

import os
import sys
import threading
from collections.abc import Callable

from eventpost_cli.local.embedded_aws import retirement, workers

ORDERS: dict[str, Callable[[], None]] = {"warm": workers.warm}


def start() -> None:
    """Follow orders from the standard input until it ends; then end the functions and ourselves."""
    threading.Thread(target=_follow, daemon=True, name="tether").start()


def _follow() -> None:
    for line in sys.stdin:
        order = ORDERS.get(line.strip())
        if order:
            order()
    retirement.end_all()
    os._exit(0)
