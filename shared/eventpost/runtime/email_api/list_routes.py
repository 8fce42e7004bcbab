"""The operations that tell of lists."""

from http import HTTPStatus

from eventpost import schemas
from eventpost.runtime.email_api.answers import ListAnswer, ListInFull, Lists
from eventpost.runtime.email_api.operating import Routes
from eventpost.runtime.email_api.parameters import ListName
from eventpost.runtime.json_api import Operation


class ListRoutes(Routes):
    """Lists over HTTP."""

    def operations(self) -> tuple[Operation, ...]:
        """All of them."""
        return (
            Operation("GET", "/lists", self.every, "Every list.", "lists", {200: "All of them."}),
            Operation(
                "GET",
                "/lists/<list_name>",
                self.get,
                "A list, and the schema of its events.",
                "lists",
                {200: "It."},
                (HTTPStatus.NOT_FOUND,),
            ),
        )

    def every(self) -> Lists:
        """All lists, in order of title."""
        return Lists(lists=tuple(map(ListAnswer.of, self.platform().consenting.registry.lists)))

    def get(self, list_name: ListName) -> ListInFull:
        """One list."""
        entry = self.entry(list_name)
        return ListInFull.of(entry, event_schema=schemas.load(entry.name) or {})
