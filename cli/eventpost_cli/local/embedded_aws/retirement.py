"""Processes of functions that are replaced: those in the middle of an invocation finish it first, as on Lambda.

ministack kills them; the event in their hands would then be out of sight for the queue's visibility timeout.
"""

# ruff: noqa: SLF001  # what there is to patch is private

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_kill, _release = lambda_runtime.kill_workers, lambda_runtime.release_worker


def install() -> None:
    """Have busy processes outlive their function's update until they are released."""
    lambda_runtime.kill_workers = retire
    lambda_runtime.release_worker = lambda_svc.release_worker = release


def retire(workers: list[Any]) -> None:
    """Kill the idle processes, and mark the busy ones to be killed when they are released."""
    with lambda_runtime._lock:
        busy = [worker for worker in workers if worker.in_use]
        for worker in busy:
            worker.retired = True
    _kill([worker for worker in workers if worker not in busy])


def release(worker: Any) -> None:
    """Give a process back, or end it where its function has been replaced meanwhile."""
    _release(worker)
    if getattr(worker, "retired", False):
        _kill([worker])


def end_all() -> None:
    """Kill every process of every function, busy or not."""
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
    _kill(workers)
