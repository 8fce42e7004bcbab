"""What CloudFormation makes of the functions in a template, for the parameters of a test."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Deploy:
    """A deploy with these values.

    Attributes:
        values: What references come to: parameters, pseudo parameters and the names of resources.
        conditions: The template's conditions.
    """

    values: Mapping[str, str]
    conditions: Mapping[str, Any]

    def holds(self, condition: Any) -> bool:
        """Whether a condition is true, be it one by its name or a function of conditions."""
        if isinstance(condition, str):
            return self.holds(self.conditions[condition])
        ((function, arguments),) = condition.items()
        match function:
            case "Condition":
                return self.holds(str(arguments))
            case "Fn::Equals":
                left, right = map(self.worked_out, arguments)
                return bool(left == right)
            case "Fn::Not":
                return not self.holds(arguments[0])
            case "Fn::And":
                return all(map(self.holds, arguments))
            case "Fn::Or":
                return any(map(self.holds, arguments))
        raise AssertionError(function)

    def worked_out(self, value: Any) -> Any:
        """What a property comes to."""
        if not isinstance(value, dict):
            return value
        ((function, arguments),) = value.items()
        match function, arguments:
            case "Ref", name:
                return self.values[name]
            case "Fn::If", [condition, then, otherwise]:
                return self.worked_out(then if self.holds(condition) else otherwise)
            case "Fn::Select", [index, items]:
                return self.worked_out(items)[index]
            case "Fn::Split", [separator, text]:
                return self.worked_out(text).split(separator)
            case "Fn::Sub", _:
                text, own = arguments if isinstance(arguments, list) else (arguments, {})
                return filled(text, {**self.values, **{name: self.worked_out(each) for name, each in own.items()}})
        raise AssertionError(function)


def filled(text: str, values: Mapping[str, str] | None = None) -> str:
    """What `Fn::Sub` makes of the text, with 1 for what is not given."""
    return re.sub(r"\$\{([^}]+)\}", lambda found: (values or {}).get(found[1], "1"), text)


def actions(statement: Mapping[str, Any]) -> list[str]:
    """The actions of a policy's statement."""
    return [str(action) for action in listed(statement["Action"])]


def listed(value: Any) -> list[Any]:
    """What a policy may hold as one or as a list of several."""
    return value if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """The text of a `Fn::Sub`, with or without variables of its own; "" of anything else."""
    text = value.get("Fn::Sub", "") if isinstance(value, dict) else ""
    return str(text[0] if isinstance(text, list) else text)


def spelt_out(metrics: list[list[Any]]) -> list[tuple[str, ...]]:
    """A widget's metrics with what they repeat of the one before, which CloudWatch lets stand as a dot."""
    spelt: list[tuple[str, ...]] = []
    for metric in metrics:
        words = [word for word in metric if isinstance(word, str)]
        spelt.append(tuple(spelt[-1][at] if word == "." else word for at, word in enumerate(words)))
    return spelt
