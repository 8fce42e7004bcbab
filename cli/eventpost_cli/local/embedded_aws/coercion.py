"""Properties as their resource types read them: text where text is meant, numbers where numbers are."""

from typing import Any

NUMBERS = frozenset(
    {
        "BatchSize",
        "EvaluationPeriods",
        "MaximumBatchingWindowInSeconds",
        "MaximumConcurrency",
        "Period",
        "RetentionInDays",
        "Threshold",
    }
)
TEXTS = "Variables"


def coerced(properties: Any) -> Any:
    """Return properties with each value of the kind that is meant; what is no properties as it is."""
    if isinstance(properties, dict):
        return {name: _read(name, value) for name, value in properties.items()}
    return properties


def _read(name: str, value: Any) -> Any:
    if name in NUMBERS and isinstance(value, str):
        return float(value) if "." in value else int(value)
    if name == TEXTS and isinstance(value, dict):
        return {variable: _text(item) for variable, item in value.items()}
    return coerced(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
