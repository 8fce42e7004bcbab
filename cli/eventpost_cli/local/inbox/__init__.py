"""The local inbox: maildev, which takes mails by SMTP and shows them on a page; nothing leaves the machine."""
