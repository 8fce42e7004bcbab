"""Where the benchmark keeps what it fetches and makes: `.eventpost/bench/`, ignored by git."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
HERE: Final = Path(__file__).parent
BENCH: Final = ROOT / ".eventpost" / "bench"
RESULTS: Final = ROOT / "benchmarks" / "results.json"


def once(place: Path, recipe: bytes, make: Callable[[], None]) -> Path:
    """Return the place; `make` has filled it by this recipe, now or in an earlier run."""
    mark = place.with_name(f"{place.name}.made-by")
    wanted = hashlib.sha256(recipe).hexdigest()
    if not (place.exists() and mark.exists() and mark.read_text() == wanted):
        place.parent.mkdir(parents=True, exist_ok=True)
        make()
        mark.write_text(wanted)
    return place
