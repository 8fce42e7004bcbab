"""`eventpost demo`: the main job from end to end on this machine, checked mail by mail."""

from eventpost_cli.demo.command import demo

__all__ = ["demo"]
