"""What a company is worth by a small discounted-cash-flow model: an illustration, not investment advice.

The only input is a series of prices, so the cash flows are assumed too. The model is honest about what it does:

1. This year's cash flow is a fixed yield on the normal price, which is the average of the last two years.
2. It grows as the price grew over the last five years (the slope of the log prices, within bounds), and that growth
   fades in a straight line to the terminal growth, which it reaches in the last year of the horizon.
3. The discount rate is a risk-free rate plus a reward for the volatility of the same five years, within bounds.
4. Fair value is the sum of the discounted cash flows and of the discounted terminal value (Gordon's formula).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import exp, log, sqrt
from statistics import fmean, linear_regression, stdev

from dcf_engine.prices import Series, read_prices

COMPANIES = {
    "AAPL": "Apple",
    "AMZN": "Amazon.com",
    "GOOG": "Google",
    "IBM": "International Business Machines",
    "MSFT": "Microsoft",
}

CASH_FLOW_YIELD = 0.065
NORMAL_PRICE_MONTHS = 24
TREND_MONTHS = 60
GROWTH_BOUNDS = (-0.05, 0.15)
TERMINAL_GROWTH = 0.03
HORIZON_YEARS = 10
RISK_FREE_RATE = 0.04
REWARD_FOR_VOLATILITY = 0.15
DISCOUNT_BOUNDS = (0.085, 0.12)

_CENT = Decimal("0.01")
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the model reads out of a price series before it discounts anything."""

    cash_flow: float
    growth: float
    volatility: float
    discount_rate: float


@dataclass(frozen=True, slots=True)
class Valuation:
    """One company's fair value beside its price, with the series that the report draws."""

    ticker: str
    company: str
    as_of: date
    price: Decimal
    fair_value: Decimal
    outlook: Outlook
    prices: Series
    fair_values: Series
    currency: str = "USD"

    @property
    def upside_percent(self) -> Decimal:
        """How far fair value lies above the price, in percent of the price; negative when it lies below."""
        return ((self.fair_value / self.price - 1) * 100).quantize(_TENTH)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The numbers behind the fair value, each as "name: value"."""
        return (
            f"Discount rate: {self.outlook.discount_rate:.1%}",
            f"Growth, first year: {self.outlook.growth:.1%}",
            f"Terminal growth: {TERMINAL_GROWTH:.1%}",
            f"Horizon: {HORIZON_YEARS} years",
            f"Cash flow, first year: {self.outlook.cash_flow:,.2f} {self.currency}",
            f"Volatility, yearly: {self.outlook.volatility:.1%}",
        )


def value_all() -> list[Valuation]:
    """A valuation of every company, in the order of their tickers."""
    return [value(ticker, prices) for ticker, prices in read_prices().items()]


def value(ticker: str, prices: Series) -> Valuation:
    """The company valued at the last of its prices, and at every month before that has two years behind it."""
    fair_values = tuple(
        (prices[end - 1][0], _fair_value_at([float(price) for _, price in prices[:end]]))
        for end in range(NORMAL_PRICE_MONTHS + 1, len(prices) + 1)
    )
    as_of, price = prices[-1]
    return Valuation(
        ticker=ticker,
        company=COMPANIES[ticker],
        as_of=as_of,
        price=price.quantize(_CENT),
        fair_value=fair_values[-1][1],
        outlook=outlook([float(price) for _, price in prices]),
        prices=prices,
        fair_values=fair_values,
    )


def outlook(prices: Sequence[float]) -> Outlook:
    """The model's reading of a series of monthly prices, the newest last."""
    trend = prices[-TREND_MONTHS:]
    volatility = stdev(log(later / earlier) for earlier, later in pairwise(trend)) * sqrt(12)
    return Outlook(
        cash_flow=CASH_FLOW_YIELD * fmean(prices[-NORMAL_PRICE_MONTHS:]),
        growth=_within(GROWTH_BOUNDS, _yearly_growth(trend)),
        volatility=volatility,
        discount_rate=_within(DISCOUNT_BOUNDS, RISK_FREE_RATE + REWARD_FOR_VOLATILITY * volatility),
    )


def fair_value(view: Outlook) -> float:
    """The present value of ten years of cash flow and of all that follows them."""
    cash_flow, present_value = view.cash_flow, 0.0
    for year in range(1, HORIZON_YEARS + 1):
        present_value += cash_flow / (1 + view.discount_rate) ** year
        faded = (year - 1) / (HORIZON_YEARS - 1)
        cash_flow *= 1 + view.growth + (TERMINAL_GROWTH - view.growth) * faded
    terminal_value = cash_flow / (view.discount_rate - TERMINAL_GROWTH)
    return present_value + terminal_value / (1 + view.discount_rate) ** HORIZON_YEARS


def _fair_value_at(prices: Sequence[float]) -> Decimal:
    return Decimal(fair_value(outlook(prices))).quantize(_CENT)


def _yearly_growth(prices: Sequence[float]) -> float:
    # The slope of a line through the log prices: one odd month at either end moves it little.
    return exp(linear_regression(range(len(prices)), [log(price) for price in prices]).slope * 12) - 1


def _within(bounds: tuple[float, float], number: float) -> float:
    return min(max(number, bounds[0]), bounds[1])
