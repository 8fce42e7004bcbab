"""The audiences on the local AWS. The benchmark's list has topics by the event's currency, one for each size."""

from typing import Final

WARMING: Final = "USD"
PATH: Final = "EUR"
SMALL: Final = "GBP"
LARGE: Final = "JPY"
SIZES: Final = {WARMING: 1, PATH: 2_000, SMALL: 1_000, LARGE: 100_000}
