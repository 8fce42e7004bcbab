"""Runs SAM CLI's commands one after another in forks of a process that has imported it already.

Run by the interpreter of SAM's own environment: `python launcher.py FOLDER_FOR_ZIPS`.
Each line of the standard input is an order: {"arguments": [...], "environment": {...}, "folder": "...", "log": "..."};
each is answered by a line with the exit code. Importing takes over a second, twice per deploy without this.
"""

import json
import os
import sys
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from samcli.cli.main import cli  # type: ignore[import-not-found]
from samcli.lib.package import utils as packaging  # type: ignore[import-not-found]
from samcli.lib.utils.hash import dir_checksum  # type: ignore[import-not-found]

COMMANDS = ("build", "deploy", "delete")


def main() -> None:
    """Carry out orders until the standard input ends."""
    for command in COMMANDS:
        import_module(f"samcli.commands.{command}.command")
    read_yaml_fast()
    keep_zips(Path(sys.argv[1]))
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            carry_out(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def read_yaml_fast() -> None:
    """Have YAML read by the compiled parser: SAM reads our templates 13 times a deploy, and took half of it so."""
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # type: ignore[misc]


def keep_zips(folder: Path) -> None:
    """Have each folder zipped once for all deploys of the same contents, and with more haste than thrift.

    A deploy here starts from an empty bucket; zipping the browser's driver alone took nine seconds of each.
    """
    zlib.Z_DEFAULT_COMPRESSION = 1  # type: ignore[misc]  # zipfile looks it up at each file

    @contextmanager
    def zip_folder(path: str, zip_method: Callable[[str, str], str]) -> Iterator[tuple[str, str]]:
        checksum = dir_checksum(path, followlinks=True)
        kept = folder / f"{checksum}.zip"
        if not kept.exists():
            Path(zip_method(str(folder / f"{checksum}.{os.getpid()}"), path)).replace(kept)
        kept.touch()
        yield str(kept), checksum

    packaging.zip_folder = zip_folder


def carry_out(order: dict[str, Any]) -> None:
    """Run one command, with all that it says in its log; never returns."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    code = 1
    try:
        cli(order["arguments"], prog_name="sam")
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:  # noqa: BLE001  # whatever it is belongs into the log, and the fork must end here
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
