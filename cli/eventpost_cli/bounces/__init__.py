"""`eventpost bounces`: bounces and complaints that came by mail, where mail goes out by SMTP."""

from eventpost_cli.bounces.command import bounces

__all__ = ["bounces"]
