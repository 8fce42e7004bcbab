"""How fast a page becomes a picture, and how fast others take one of the same page: `make bench-capture`."""
