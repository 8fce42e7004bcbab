"""Letters: mails of the system's own to one person, such as the one that asks to confirm a subscription."""

from eventpost.runtime.letters import serve_letters

lambda_handler = serve_letters()
