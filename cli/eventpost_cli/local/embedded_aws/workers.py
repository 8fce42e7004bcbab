"""The processes that run the functions: with Lambda's own packages only, from one unpacked copy, ready before use.

ministack runs functions in its own interpreter, where a package that they forgot to require is found by accident.
It unpacks code and layers anew for each process, and drops the permissions on the way, so no program in a zip can run.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import hashlib
import logging
import os
import shutil
import zipfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

PERMISSIONS = 0o777
# What functions/list.yaml tells the function of a list, and nobody tells another.
LIST_VARIABLE = "EVENTPOST_LIST"
# On Lambda each invocation has processors of its own; here they share those of the machine, and more at once would
# only make all of them, and their browsers, late.
AT_ONCE = max(2, os.cpu_count() or 1)
log = logging.getLogger(__name__)


def install(unpacked: Path, python: str) -> None:
    """Have functions run by `python`, from copies kept in `unpacked`."""
    detect = lambda_runtime._detect_runtime_binary

    def detect_ours(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (python if runtime.startswith("python") else binary), script

    class KeptZip(zipfile.ZipFile):
        """A zip whose contents are unpacked once for all that ask."""

        def extractall(self, path: Any = None, *_: Any) -> None:
            """Make `path` a link to the one copy of what the zip holds."""
            place = Path(path)
            place.rmdir()
            place.symlink_to(kept_copy(self, unpacked), target_is_directory=True)

    lambda_runtime._detect_runtime_binary = detect_ours
    lambda_runtime.zipfile = SimpleNamespace(**vars(zipfile) | {"ZipFile": KeptZip})
    _take_turns()


def _take_turns() -> None:
    """Let each function run `AT_ONCE` times at once; further invocations wait for one to end."""
    slots: defaultdict[str, BoundedSemaphore] = defaultdict(lambda: BoundedSemaphore(AT_ONCE))
    execute = lambda_svc._execute_function_warm

    def execute_in_turn(function: dict[str, Any], *args: Any) -> Any:
        with slots[_name(function)]:
            return execute(function, *args)

    lambda_svc._execute_function_warm = execute_in_turn


def kept_copy(archive: zipfile.ZipFile, unpacked: Path) -> Path:
    """Return the folder that holds the archive's files with their permissions; it is made if need be."""
    with Path(str(archive.filename)).open("rb") as data:
        place = unpacked / hashlib.file_digest(data, "sha256").hexdigest()[:32]
    if not place.exists():
        making = place.with_suffix(f".{os.urandom(4).hex()}")
        for member in archive.infolist():
            file = Path(archive.extract(member, making))
            if permissions := member.external_attr >> 16 & PERMISSIONS:
                file.chmod(permissions)
        _publish(making, place)
    place.touch()
    return place


def _publish(making: Path, place: Path) -> None:
    """Give the finished copy its name; another process may have been faster."""
    try:
        making.rename(place)
    except OSError:
        shutil.rmtree(making)


def warm() -> None:
    """Start a process for every list's function, so that the first event finds it ready.

    Pages and letters can wait the second that theirs take: a start of the stack would wait for it too.
    """
    functions = [function for function in lambda_svc._functions._data.values() if _is_a_lists(function)]
    with ThreadPoolExecutor(AT_ONCE) as starters:
        list(starters.map(_start, functions))


def _is_a_lists(function: dict[str, Any]) -> bool:
    return LIST_VARIABLE in function["config"].get("Environment", {}).get("Variables", {})


def _start(function: dict[str, Any]) -> None:
    worker, _ = lambda_runtime.acquire_worker(_name(function), function["config"], function["code_zip"])
    try:
        lambda_runtime.ensure_spawned(worker)
    except Exception:
        log.exception("%s cannot start", _name(function))
    finally:
        lambda_runtime.release_worker(worker)


def _name(function: dict[str, Any]) -> str:
    name: str = function["config"]["FunctionName"]
    return name
