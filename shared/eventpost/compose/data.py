"""What templates know of the data that a service gives with a mail."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue


class Data:
    """An object of JSON as templates see it: `data.total`; one within it likewise.

    No mapping: of one, a template would see its methods before a name such as `items`.
    """

    __slots__ = ("__values",)

    def __init__(self, values: Mapping[str, JsonValue]) -> None:
        self.__values = values

    def __getitem__(self, name: str) -> object:
        return _told(self.__values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.__values)

    def __len__(self) -> int:
        return len(self.__values)


def _told(value: JsonValue) -> object:
    if isinstance(value, Mapping):
        return Data(value)
    return [_told(each) for each in value] if isinstance(value, list) else value
