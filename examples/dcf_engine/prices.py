"""Real month-opening prices of five companies, 2000 to 2010, as the PyPI package vega_datasets ships them."""

import csv
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

type Series = tuple[tuple[date, Decimal], ...]


def read_prices() -> dict[str, Series]:
    """Every ticker with its prices, oldest first. Reads one file of an installed package, never the network."""
    prices: dict[str, list[tuple[date, Decimal]]] = defaultdict(list)
    with _stocks_file().open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            month = datetime.strptime(row["date"], "%b %d %Y").replace(tzinfo=UTC).date()
            prices[row["symbol"]].append((month, Decimal(row["price"])))
    return {ticker: tuple(sorted(series)) for ticker, series in sorted(prices.items())}


def _stocks_file() -> Path:
    # Importing vega_datasets would import pandas for the sake of one small file.
    spec = find_spec("vega_datasets")
    if spec is None or spec.origin is None:
        raise SystemExit("The prices come with the package vega_datasets: uv sync --group demo")
    return Path(spec.origin).parent / "_data" / "stocks.csv"
