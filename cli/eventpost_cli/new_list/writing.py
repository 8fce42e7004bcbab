"""What a new list consists of, and where each piece goes.

Generated templates are Jinja themselves, so what is filled in now stands in [[ ]] and [% %].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from eventpost_cli.new_list.stack_block import with_block
from eventpost_cli.project import Project, pascal_case

# The piece's template, and where it goes for a list of this name.
_PIECES: Final = {
    "app.py.jinja": "functions/{name}/app.py",
    "requirements.txt.jinja": "functions/{name}/requirements.txt",
    "typical.json.jinja": "functions/{name}/samples/typical.json",
    "body.html.jinja": "templates/{name}/body.html",
    "body.txt.jinja": "templates/{name}/body.txt",
}


@dataclass(frozen=True, slots=True)
class NewList:
    """What a new list is called, and whether its mails show a page."""

    name: str
    title: str
    event: str
    screenshot: bool = False

    @classmethod
    def named(cls, name: str, title: str = "", event: str = "", *, screenshot: bool = False) -> "NewList":
        """A list of this name; its title and its event's name follow from it unless they are given."""
        readable = name.replace("_", " ").capitalize()
        return cls(name, title or readable, event or f"{pascal_case(name)}Event", screenshot)


def write(project: Project, new: NewList) -> list[Path]:
    """Write every piece of the list, and its block in template.yaml. Returns the files, the changed one last.

    Raises:
        FileExistsError: A piece is there already; nothing has been written.
    """
    pieces = {project.root / place: text for place, text in pieces_of(new).items()}
    for path in pieces:
        if path.exists():
            raise FileExistsError(path.relative_to(project.root))
    stack = project.root / "template.yaml"
    changed = with_block(stack.read_text(encoding="utf-8"), new.name)
    for path, text in pieces.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    stack.write_text(changed, encoding="utf-8")
    return [*pieces, stack]


def pieces_of(new: NewList) -> Mapping[str, str]:
    """The text of each new file, by its place below the project's folder."""
    environment = Environment(
        loader=PackageLoader("eventpost_cli.new_list", ""),
        undefined=StrictUndefined,
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - source code, from names that the command has checked
    )
    values = {"name": new.name, "title": new.title, "event": new.event, "screenshot": new.screenshot}
    return {
        place.format(name=new.name): environment.get_template(template).render(values)
        for template, place in _PIECES.items()
    }
