"""Feedback: takes what SES says of mails off its queue; whoever bounced or complained is mailed no more."""

from eventpost.runtime.feedback import serve_feedback

lambda_handler = serve_feedback()
