"""Stock alerts: tells the subscribers of a ticker that its price has moved."""

from datetime import datetime

from pydantic import HttpUrl

from eventpost.lists import MailList, Topics
from eventpost.model import Amount, Event
from eventpost.runtime import serve


class PriceMoved(Event):
    """A stock's price has moved by more than its usual day.

    Attributes:
        ticker: The company's sign at its exchange.
        company: What people call it.
        price: What a share costs now, in `currency`.
        previous_price: What it cost before.
        change_percent: How far the price lies above the one before; below it, it is negative.
        currency: Of both.
        occurred_at: When it had moved that far.
        chart_url: A page with the price's course, where there is one.
    """

    ticker: str
    company: str
    price: Amount
    previous_price: Amount
    change_percent: Amount
    currency: str = "USD"
    occurred_at: datetime
    chart_url: HttpUrl | None = None


stock_alerts = MailList(
    name="stock_alerts",
    title="Stock alerts",
    description="A mail when the price of a stock that you follow has moved.",
    event=PriceMoved,
    subject="{{ event.ticker }} {{ '%+.1f'|format(event.change_percent) }}%: {{ event.price }} {{ event.currency }}",
    topics=Topics(field="ticker", names=("AAPL", "AMZN", "GOOG", "IBM", "MSFT")),
)

lambda_handler = serve(stock_alerts)
