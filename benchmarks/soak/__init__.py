"""Whether mails get lost when everything goes wrong at once: `make soak`. See docs/soak.md."""
