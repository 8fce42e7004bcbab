"""The local stack: an embedded AWS, an inbox, and the real templates deployed between them."""
