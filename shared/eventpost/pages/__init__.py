"""The pages that links in mails lead to: their look, in the reader's language, and the headers they go out with."""

from eventpost.pages.headers import headers
from eventpost.pages.rendering import Pages

__all__ = ["Pages", "headers"]
