"""The watch over what tests print sees what it is to see."""

import pytest

from privacy import judged
from sentinels import ADDRESS_DOMAIN, BODY, NAME


def report(*sections: tuple[str, str]) -> pytest.TestReport:
    """The report of a test that passed and printed this."""
    return pytest.TestReport("id", ("file", 1, "name"), {}, "passed", None, "call", sections)


@pytest.mark.parametrize("leak", [f"to ann@{ADDRESS_DOMAIN.upper()}", f"Hello {NAME}", f'{{"body": "{BODY}"}}'])
@pytest.mark.parametrize("section", ["Captured stdout call", "Captured stderr call", "Captured log call"])
def test_a_leak_fails_the_test(section: str, leak: str) -> None:
    """An address, a name or a body in any kind of output turns a passed test into a failed one."""
    assert judged(report((section, f"line\n{leak}\n"))).outcome == "failed"


def test_quiet_output_passes() -> None:
    """Ids and counts may be printed."""
    assert judged(report(("Captured stdout call", '{"sent": 2, "event_id": "e1"}'))).outcome == "passed"
