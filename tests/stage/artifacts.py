"""What `sam build` made of the project, function by function, and a Python that brings what Lambda's brings."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WITHOUT_SUBSCRIBERS: Final = frozenset({"Capture", "Relay", "Sweeper"})


@dataclass(frozen=True, slots=True)
class Artifacts:
    """A build, the project's templates, and an interpreter that knows nothing of this project.

    Attributes:
        firestore: The layer of those who read subscribers, where Firestore has them.
    """

    build: Path
    templates: Path
    python: Path
    firestore: Path | None = None

    def function(self, name: str) -> list[Path]:
        """The package of a function by its logical id in template.yaml, then its layers as Python finds them."""
        if name == "Capture":
            return [self.build / name]
        of_a_list = self.build / name / "Function"  # a nested stack's
        layers = [*self.layers, *([self.firestore] if self.firestore and name not in WITHOUT_SUBSCRIBERS else [])]
        return [of_a_list if of_a_list.is_dir() else self.build / name, *layers]

    @property
    def layers(self) -> Sequence[Path]:
        """The library, and the templates, which need no build."""
        return self.build / "SharedLayer" / "python", self.templates
