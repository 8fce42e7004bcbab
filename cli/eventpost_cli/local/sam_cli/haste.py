"""What SAM CLI 1.170 does over and over, done once: a start and every saved file wait for it.

The commands stay SAM's own and so does what they make; the version is pinned in `pins/sam.txt`.
"""

# ruff: noqa: SLF001  # what there is to patch is private

import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from aws_lambda_builders.workflows.python_pip.utils import OSUtils  # type: ignore[import-not-found]
from samcli.lib.build.build_strategy import (  # type: ignore[import-not-found]
    CachedOrIncrementalBuildStrategyWrapper as Strategy,
)
from samcli.lib.package import utils as packaging  # type: ignore[import-not-found]
from samcli.lib.providers.provider import LayerVersion  # type: ignore[import-not-found]
from samcli.lib.utils.hash import dir_checksum  # type: ignore[import-not-found]


def install(zips: Path, makefile_builds: Path) -> None:
    """Replace the slow steps; what is kept is kept in the folders given."""
    read_yaml_fast()
    keep_zips(zips)
    pass_over_empty_requirements()
    keep_makefile_builds(makefile_builds)
    pass_over_unused_layers()


def read_yaml_fast() -> None:
    """Have YAML read by the compiled parser: SAM reads our templates 13 times a deploy, half its time."""
    yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # type: ignore[misc]


def keep_zips(folder: Path) -> None:
    """Have each folder zipped once for all deploys of the same contents, and with more haste than thrift.

    A deploy here starts from an empty bucket; zipping the browser's driver alone took nine seconds of each.
    """
    zlib.Z_DEFAULT_COMPRESSION = 1  # type: ignore[misc]  # zipfile looks it up at each file

    @contextmanager
    def zip_folder(path: str, zip_method: Callable[[str, str], str]) -> Iterator[tuple[str, str]]:
        """Give a zip of the folder and its checksum, as SAM's own; the zip is kept."""
        checksum = dir_checksum(path, followlinks=True)
        kept = folder / f"{checksum}.zip"
        if not kept.exists():
            Path(zip_method(str(folder / f"{checksum}.{os.getpid()}"), path)).replace(kept)
        kept.touch()
        yield str(kept), checksum

    packaging.zip_folder = zip_folder


def pass_over_empty_requirements() -> None:
    """Have requirements that name no package taken for none: SAM runs pip for them at every build, two seconds each."""
    OSUtils.file_exists = lambda _self, name: Path(name).is_file() and _names_packages(Path(name))


def _names_packages(requirements: Path) -> bool:
    return any(line.partition("#")[0].strip() for line in requirements.read_text().splitlines())


def keep_makefile_builds(folder: Path) -> None:
    """Have what a Makefile made kept until its sources change: SAM caches no function built so, and each runs pip."""
    build = Strategy.build_single_function_definition

    def build_or_reuse(self: Any, definition: Any) -> Any:
        """Return where each function was built, as SAM's own."""
        if (definition.metadata or {}).get("BuildMethod") != "makefile":
            return build(self, definition)
        source = Path(self._cached_build_strategy._base_dir) / definition.codeuri
        kept = folder / f"{definition.get_function_name()}-{dir_checksum(str(source))}"
        if kept.exists():
            place = definition.get_build_dir(self._cached_build_strategy._build_dir)
            shutil.copytree(kept, place, copy_function=os.link, symlinks=True)
            kept.touch()
            return {function.full_path: place for function in definition.functions}
        built = build(self, definition)
        shutil.copytree(next(iter(built.values())), kept, copy_function=os.link, symlinks=True)
        return built

    Strategy.build_single_function_definition = build_or_reuse


def pass_over_unused_layers() -> None:
    """Have the layers in EVENTPOST_UNUSED_LAYERS left as they are: SAM builds even what a condition leaves out."""
    own = LayerVersion.skip_build.fget

    def skip_build(layer: Any) -> bool:
        return own(layer) or layer.name in os.environ["EVENTPOST_UNUSED_LAYERS"].split(",")

    LayerVersion.skip_build = property(skip_build)
