"""The parameters of a local deploy: those of samconfig.toml, overlaid with what only this run knows."""

from pathlib import Path

from eventpost_cli.local.parameters import as_overrides, configured, of_this_run, parse_overrides

PROJECT = Path(__file__).parents[2]


def test_quoted_values_keep_their_spaces() -> None:
    """samconfig.toml quotes a sender's name as a shell would."""
    read = parse_overrides(["SmtpPort=1025", "Sender='Eventpost <news@example.com>'", "A=1 B=2"])

    assert read == {"SmtpPort": "1025", "Sender": "Eventpost <news@example.com>", "A": "1", "B": "2"}


def test_what_is_written_is_read_again() -> None:
    """A path with spaces, a quote or a backslash reaches the template as it is."""
    parameters = {"ChromiumPath": '/Applications/My "best" Chromium\\x', "Empty": ""}

    assert parse_overrides(as_overrides(parameters)) == parameters


def test_the_project_says_what_a_local_deploy_is() -> None:
    """The sender comes from samconfig.toml, for nobody else knows it."""
    assert configured(PROJECT)["Environment"] == "local"
    assert "@" in configured(PROJECT)["Sender"]


def test_mail_and_pages_stay_on_this_machine() -> None:
    """What this run adds leads mail to its inbox, and lets the browser see this machine alone."""
    added = of_this_run(smtp_port=4711, browser=Path("/usr/bin/chromium"), link_base_url="http://127.0.0.1:1/links")

    assert (added["SmtpHost"], added["SmtpPort"], added["SmtpSecurity"]) == ("127.0.0.1", "4711", "none")
    assert added["CaptureAllowHosts"] == "127.0.0.1,localhost"
    assert added["ChromiumPath"] == "/usr/bin/chromium"
