"""DCF results: tells subscribers what a company is worth by the model, and shows its report."""

from datetime import date

from pydantic import HttpUrl

from eventpost.lists import MailList, Screenshot
from eventpost.model import Amount, Event
from eventpost.runtime import serve


class DcfResult(Event):
    """A discounted-cash-flow valuation has finished.

    Attributes:
        ticker: The company's sign at its exchange.
        company: What people call it.
        fair_value: What a share is worth by the model, in `currency`.
        price: What a share costs, in `currency`.
        currency: Of both.
        upside_percent: How far the fair value lies above the price; below it, it is negative.
        as_of: The day that the price is of.
        assumptions: What the model takes for granted, a line each. What stands before ": " is shown as its name.
        report_url: The page with the whole valuation. The mail shows a picture of it, and leads there.
    """

    ticker: str
    company: str
    fair_value: Amount
    price: Amount
    currency: str = "USD"
    upside_percent: Amount
    as_of: date
    assumptions: tuple[str, ...] = ()
    report_url: HttpUrl


dcf_engine_results = MailList(
    name="dcf_engine_results",
    title="DCF results",
    description="What a company is worth by our discounted-cash-flow model, as soon as a valuation has finished.",
    event=DcfResult,
    subject="{{ event.ticker }}: fair value {{ event.fair_value }} {{ event.currency }}",
    screenshot=Screenshot(url="{{ event.report_url }}", selector="#report"),
)

lambda_handler = serve(dcf_engine_results)
