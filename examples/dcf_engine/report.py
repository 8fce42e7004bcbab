"""The report of a valuation: one page of HTML with its chart, without script and without any request of its own."""

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from dcf_engine.chart import draw
from dcf_engine.valuation import Valuation


def render(valuation: Valuation) -> str:
    """The page that shows this valuation; the element #report is the part that a mail wants to show."""
    return _template().render(valuation=valuation, chart=draw(valuation), money=money, percent=percent, day=day)


def money(amount: Decimal) -> str:
    """The amount as a reader expects it: 1,234.50."""
    return f"{amount:,.2f}"


def percent(amount: Decimal) -> str:
    """The change with an arrow and a sign, so that colour is not the only one to tell."""
    return f"{'▼' if amount < 0 else '▲'} {amount:+.1f}%".replace("-", "\N{MINUS SIGN}")


def day(moment: date) -> str:
    """The date in words: 1 March 2010."""
    return f"{moment.day} {moment:%B %Y}"


@cache
def _template() -> Template:
    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
    )
    return pages.get_template("report.html")
