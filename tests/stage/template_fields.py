"""What a list's templates use of its event, found in their syntax trees: what no schema promises, what may be null.

A field that may be null must be asked for where it is used: in `{% if event.x %}`, in `... if event.x else ...`, before
`or`, or in a test such as `is none`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, nodes
from pydantic import BaseModel

type Path_ = tuple[str, ...]

EVENT: Final = "event"


@dataclass(frozen=True)
class Use:
    """A field that a template uses.

    Attributes:
        path: Its names, from the event's field on; "*" where only the event itself can tell which one it is.
        line: Where, in the template.
        asked: Whether the template asks whether it is there.
    """

    path: Path_
    line: int
    asked: bool


@dataclass(frozen=True)
class Promises:
    """What a schema promises of an event.

    Attributes:
        schema: The schema.
        model: The model, for names that producers write otherwise, and for what it works out itself (properties).
    """

    schema: Mapping[str, Any]
    model: type[BaseModel]

    def fault(self, use: Use) -> str:
        """What is wrong with this use; "" if nothing is."""
        name = f"{EVENT}.{'.'.join(use.path)}"
        if use.path[0] == "*":
            return f"line {use.line}: gives {EVENT} another name, or looks up a field by what a variable says"
        if isinstance(getattr(self.model, use.path[0], None), property):
            return ""
        inner: Any = self.schema
        for part in use.path:
            inner = self._whole(inner)
            if "properties" not in inner:
                return self._unasked(inner, use, name)  # from here on it is a method of a text or the like
            if (spelt := self._spelt(use.path, part)) not in inner["properties"]:
                return f"line {use.line}: {name} is promised by no schema"
            inner = inner["properties"][spelt]
        return self._unasked(inner, use, name)

    def _unasked(self, field: Mapping[str, Any], use: Use, name: str) -> str:
        may_be_null = {"type": "null"} in field.get("anyOf", ())
        return f"line {use.line}: {name} may be null, which is not asked for" if may_be_null and not use.asked else ""

    def _spelt(self, path: Path_, part: str) -> str:
        info = self.model.model_fields.get(part) if part == path[0] else None
        alias = info.validation_alias if info else None
        return alias if isinstance(alias, str) else part

    def _whole(self, field: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" in field:
            return {**self.schema["$defs"][field["$ref"].rpartition("/")[2]], **field}
        return field


def sources(templates: Path, folder: str) -> Iterator[tuple[str, str]]:
    """Every template of this folder, and every one that these bring in, each by its name with its text."""
    environment = _environment(templates)
    wanted, seen = sorted(path.relative_to(templates).as_posix() for path in (templates / folder).rglob("*.*")), set()
    while wanted:
        name = wanted.pop(0)
        if name in seen or not name.endswith((".html", ".txt")):
            continue
        seen.add(name)
        text = (templates / name).read_text(encoding="utf-8")
        yield name, text
        brings = (nodes.Extends, nodes.Import, nodes.FromImport, nodes.Include)
        others = [each.template for each in environment.parse(text).find_all(brings)]
        assert all(isinstance(other, nodes.Const) for other in others), f"{name}: names a template by a variable"
        wanted += [other.value for other in others]


def uses(text: str) -> list[Use]:
    """The event's fields that this template uses, in the order of the text."""
    found: list[Use] = []
    _walk(_environment(Path()).parse(text), frozenset(), found.append)
    return found


def _environment(templates: Path) -> Environment:
    return Environment(loader=FileSystemLoader(templates), trim_blocks=True, lstrip_blocks=True)  # noqa: S701 - parses


def _walk(node: nodes.Node, asked: frozenset[Path_], note: Callable[[Use], None]) -> None:
    """Go through this node; `asked` are the fields that are known to be there, or asked for, here."""
    match node:
        case nodes.Macro() if any(argument.name == EVENT for argument in node.args):
            return  # another event, as its caller has it
        case nodes.Assign() if _is_event(node.node):
            note(Use(("*",), node.lineno, asked=False))
        case nodes.Getattr() | nodes.Getitem() if path := _path(node):
            note(Use(path, node.lineno, any(path[: len(each)] == each for each in asked)))
            return
        case _:
            pass
    for child, known in _children(node):
        _walk(child, asked | known, note)


def _children(node: nodes.Node) -> Iterator[tuple[nodes.Node, frozenset[Path_]]]:
    """The parts of this node, each with the fields that are there, or asked for, in it beside those around it."""
    nothing: frozenset[Path_] = frozenset()
    match node:
        case nodes.If() | nodes.CondExpr():
            yield node.test, _looked_at(node.test)
            yield from (
                (each, _asked_by(node.test)) for each in (node.body if isinstance(node, nodes.If) else [node.expr1])
            )
            others = [*node.elif_, *node.else_] if isinstance(node, nodes.If) else [node.expr2]
            yield from ((each, _denied_by(node.test)) for each in others if each)
        case nodes.Or():
            yield node.left, _looked_at(node.left)
            yield node.right, nothing
        case nodes.And():
            yield node.left, _looked_at(node.left)
            yield node.right, _asked_by(node.left)
        case nodes.Test() | nodes.Not():
            yield node.node, _looked_at(node.node)
        case _:
            yield from ((child, nothing) for child in node.iter_child_nodes())


def _looked_at(test: nodes.Node) -> frozenset[Path_]:
    """The fields of which this asks whether they are there."""
    match test:
        case nodes.And() | nodes.Or():
            return _looked_at(test.left) | _looked_at(test.right)
        case nodes.Not() | nodes.Test():
            return _looked_at(test.node)
        case _:
            return _itself(test)


def _asked_by(test: nodes.Node) -> frozenset[Path_]:
    """The fields that are there if this holds."""
    match test:
        case nodes.And():
            return _asked_by(test.left) | _asked_by(test.right)
        case nodes.Not():
            return _denied_by(test.node)
        case _:
            return _itself(test)


def _denied_by(test: nodes.Node) -> frozenset[Path_]:
    """The fields that are there if this does not hold."""
    match test:
        case nodes.Not():
            return _asked_by(test.node)
        case nodes.Or():
            return _denied_by(test.left) | _denied_by(test.right)
        case nodes.Test() if test.name == "none":
            return _itself(test.node)
        case _:
            return frozenset()


def _itself(node: nodes.Node) -> frozenset[Path_]:
    path = _path(node)
    return frozenset({path}) if path else frozenset()


def _path(node: nodes.Node) -> Path_:
    """The names behind `event`, or nothing where this leads elsewhere."""
    names: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
        else:
            names.append(str(node.arg.value) if isinstance(node.arg, nodes.Const) else "*")
        node = node.node
    return tuple(reversed(names)) if _is_event(node) and names else ()


def _is_event(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == EVENT
