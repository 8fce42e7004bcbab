"""DCF results: tells subscribers what a company is worth by the model, and shows its report."""

from datetime import date

from pydantic import HttpUrl

from eventpost.lists import MailList, Screenshot
from eventpost.model import Amount, Event
from eventpost.runtime import serve


class DcfResult(Event):
    """A discounted-cash-flow valuation has finished."""

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
