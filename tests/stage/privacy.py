"""Fails a test whose output (standard output, standard error, log records) holds a sentinel.

A conftest.py turns it on for its folder by importing the hook. Needs pytest's capturing: `-s` turns it off.
"""

from collections.abc import Generator

import pytest

from sentinels import found_in


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a passed report into a failed one if what was captured until now holds a sentinel."""
    report = yield
    return judged(report)


def judged(report: pytest.TestReport) -> pytest.TestReport:
    """The report itself, or a failed one if it tells of a subscriber or a body."""
    phase = report.when or ""
    leaks = found_in(content for name, content in report.sections if name.endswith(phase))
    if report.passed and leaks:
        report.outcome = "failed"
        report.longrepr = f"logs hold what no log may hold: {', '.join(leaks)}"
    return report
