"""The chart of a report, drawn as SVG: the price as an area, fair value as a line over it, both named at their ends.

It is 560 units wide and set in type that stays legible when a mail shows its screenshot at phone width.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import floor, log10

from markupsafe import Markup

from dcf_engine.prices import Series
from dcf_engine.valuation import Valuation

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 108, 14, 34
_LABEL_GAP = 44


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a day and an amount lie on the paper."""

    first: date
    last: date
    highest: float

    def x(self, day: date) -> float:
        """The distance from the left edge at which this day lies."""
        share = (day - self.first).days / max((self.last - self.first).days, 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, amount: float | Decimal) -> float:
        """The distance from the upper edge at which this amount lies."""
        return HEIGHT - BOTTOM - float(amount) / self.highest * (HEIGHT - TOP - BOTTOM)


def draw(valuation: Valuation) -> Markup:
    """The whole picture of one valuation as an svg element."""
    ticks = _ticks(max(float(amount) for _, amount in (*valuation.prices, *valuation.fair_values)))
    frame = Frame(valuation.prices[0][0], valuation.prices[-1][0], ticks[-1])
    return Markup("").join(
        (
            _opening(valuation),
            *_grid(frame, ticks),
            *_years(frame),
            _area(frame, valuation.prices),
            _line(frame, valuation.prices, "price"),
            _line(frame, valuation.fair_values, "fair"),
            *_ends(frame, valuation),
            Markup("</svg>"),
        )
    )


def _opening(valuation: Valuation) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">'
        '<defs><linearGradient id="shade" x1="0" y1="0" x2="0" y2="1">'
        '<stop class="shade-from" offset="0"/><stop class="shade-to" offset="1"/></linearGradient></defs>'
    ).format(
        *(WIDTH, HEIGHT) * 2,
        f"{valuation.company}: price {valuation.price:,.2f} and fair value {valuation.fair_value:,.2f} "
        f"{valuation.currency}, {valuation.prices[0][0].year} to {valuation.as_of.year}",
    )


def _ticks(highest: float) -> list[float]:
    """Round amounts from nothing to just above the highest, three to six of them."""
    power = 10.0 ** floor(log10(highest))
    step = next(power * part for part in (0.2, 0.25, 0.5, 1.0, 2.5) if highest / (power * part) <= 5)  # noqa: PLR2004
    return [step * number for number in range(int(highest // step) + 2)]


def _grid(frame: Frame, ticks: Sequence[float]) -> Iterable[Markup]:
    for tick in ticks:
        yield Markup('<line class="{}" x1="{}" x2="{}" y1="{y:.1f}" y2="{y:.1f}"/>').format(
            "grid" if tick else "axis", LEFT, WIDTH - RIGHT, y=frame.y(tick)
        )
        yield Markup('<text class="tick amounts" x="{}" y="{:.1f}">{:,g}</text>').format(
            LEFT - 10, frame.y(tick) + 5, tick
        )


def _years(frame: Frame) -> Iterable[Markup]:
    span = frame.last.year - frame.first.year
    for year in range(frame.first.year, frame.last.year + 1):
        new_year = date(year, 1, 1)
        if new_year >= frame.first and (span <= 6 or year % 2 == 0):  # noqa: PLR2004 - seven labels have room
            yield Markup('<text class="tick years" x="{:.1f}" y="{}">{}</text>').format(
                frame.x(new_year), HEIGHT - BOTTOM + 22, year
            )


def _points(frame: Frame, series: Series) -> str:
    return " ".join(f"{frame.x(day):.1f},{frame.y(amount):.1f}" for day, amount in series)


def _line(frame: Frame, series: Series, kind: str) -> Markup:
    return Markup('<polyline class="line {}" points="{}"/>').format(kind, _points(frame, series))


def _area(frame: Frame, series: Series) -> Markup:
    floor_y = frame.y(0)
    return Markup('<polygon fill="url(#shade)" points="{:.1f},{y:.1f} {} {:.1f},{y:.1f}"/>').format(
        frame.x(series[0][0]), _points(frame, series), frame.x(series[-1][0]), y=floor_y
    )


def _ends(frame: Frame, valuation: Valuation) -> Iterable[Markup]:
    """A dot at the end of both series, each with its name and amount beside it, kept apart where they meet."""
    ends = {"price": valuation.price, "fair": valuation.fair_value}
    label_y = dict(zip(ends, _apart([frame.y(amount) for amount in ends.values()]), strict=True))
    for kind, amount in ends.items():
        yield Markup(
            '<circle class="dot {kind}" cx="{x}" cy="{y:.1f}" r="5"/>'
            '<text class="end {kind}" x="{text_x}" y="{name_y:.1f}">{name}</text>'
            '<text class="end amount {kind}" x="{text_x}" y="{amount_y:.1f}">{amount:,.2f}</text>'
        ).format(
            kind=kind,
            name="Price" if kind == "price" else "Fair value",
            amount=amount,
            x=WIDTH - RIGHT,
            y=frame.y(amount),
            text_x=WIDTH - RIGHT + 14,
            name_y=label_y[kind] - 5,
            amount_y=label_y[kind] + 16,
        )


def _apart(heights: Sequence[float]) -> list[float]:
    """Two heights moved apart as far as two labels need, and inside the picture."""
    upper, lower = sorted(heights)
    missing = max(_LABEL_GAP - (lower - upper), 0) / 2
    shift = max(TOP + 6 - (upper - missing), 0) - max(lower + missing - (HEIGHT - BOTTOM - 10), 0)
    moved = {upper: upper - missing + shift, lower: lower + missing + shift}
    if upper == lower:
        return [upper - missing + shift, lower + missing + shift]
    return [moved[height] for height in heights]
