"""Direct mail: one mail to the people that its event names, with the files that go with it."""

from eventpost.lists import MailList
from eventpost.model.email import EmailRequested
from eventpost.runtime import serve

direct_mail = MailList(
    name="direct_mail",
    title="Direct mail",
    description="Mails that one of our services sends to you in particular.",
    event=EmailRequested,
    subject="{{ event.subject }}",
    addressed=True,
    open=False,
    critical=True,  # somebody waits for a receipt or a password's reset, behind whatever large event there is
)

lambda_handler = serve(direct_mail)
