"""What a list's model checks beyond its schema: the validators that its author wrote, told by their docstrings."""

import inspect
from collections.abc import Iterator
from typing import NamedTuple, get_args

from pydantic import BaseModel


class Check(NamedTuple):
    """A validator.

    Attributes:
        place: The field that it is for, `outer.inner` in an object; "" where it is for the event as a whole.
        name: What it is called in the code.
        about: Its docstring, on one line.
    """

    place: str
    name: str
    about: str


def checks(model: type[BaseModel], before: str = "") -> Iterator[Check]:
    """Every validator of this model and of those in its fields."""
    found = model.__pydantic_decorators__
    for name, whole in found.model_validators.items():
        yield Check(before.rstrip("."), name, _told(whole.func))
    for name, single in found.field_validators.items():
        yield from (Check(f"{before}{field}", name, _told(single.func)) for field in single.info.fields)
    for field, info in model.model_fields.items():
        for inner in _models(info.annotation):
            yield from checks(inner, f"{before}{field}.")


def _told(function: object) -> str:
    return " ".join((inspect.getdoc(function) or "").split())


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
