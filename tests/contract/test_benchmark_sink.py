"""The sink of the benchmark, which is written in C, counts right and takes nothing that a server would refuse."""

import shutil
import smtplib

import pytest
from benchmarks.delivery.errors import RunWrong
from benchmarks.delivery.sink import Sink, digest

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")

MAIL = b"Subject: one\r\n\r\n.. begins with a dot\r\n"


def send(sink: Sink, *addresses: str, mail: bytes = MAIL) -> None:
    with smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost") as smtp:
        for address in addresses:
            smtp.sendmail("news@example.org", [address], mail)


def test_the_sink_counts_mails_bytes_and_recipients() -> None:
    with Sink() as sink:
        send(sink, "ada@example.org", "bo@example.org")
        counts = sink.check(2, digest(["bo@example.org", "ada@example.org"]), "two mails")
    assert counts.wire_bytes == 2 * (len(MAIL) + 1)  # the line that begins with a dot travels with one more
    assert counts.first_ns > 0


def test_a_mail_that_is_missing_or_went_to_another_is_an_error_and_no_figure() -> None:
    with Sink() as sink:
        send(sink, "ada@example.org")
        with pytest.raises(RunWrong, match="1 mails to other recipients arrived, 2 were to"):
            sink.check(2, digest(["ada@example.org", "bo@example.org"]), "two mails")
        with pytest.raises(RunWrong, match="other recipients"):
            sink.check(1, digest(["bo@example.org"]), "one mail")


def test_the_sink_counts_anew_when_told_to() -> None:
    with Sink() as sink:
        send(sink, "ada@example.org")
        Sink.zero_at(sink.port)
        assert sink.counts() == (0, 0, 0, 0)


@pytest.mark.parametrize("line", [b"x" * 999 + b"\r\n", b"ends in a bare line feed\n"])
def test_the_sink_refuses_a_line_that_no_mail_may_have(line: bytes) -> None:
    with Sink() as sink, smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost") as smtp:
        smtp.ehlo()
        for command in ("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"):
            smtp.docmd(command)
        smtp.send(b"Subject: one\r\n\r\n" + line + b".\r\n")
        assert smtp.getreply()[0] == 554
        assert sink.counts().mails == 0


def test_who_pipelines_where_it_is_not_offered_is_refused() -> None:
    with Sink(pipelining=False) as sink, smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost") as smtp:
        smtp.ehlo()
        assert not smtp.has_extn("pipelining")
        smtp.send(b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n")
        assert smtp.getreply()[0] == 503
