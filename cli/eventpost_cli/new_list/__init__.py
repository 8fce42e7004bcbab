"""`eventpost new-list`: everything that a new list is made of, ready to be changed."""

from eventpost_cli.new_list.command import new_list

__all__ = ["new_list"]
