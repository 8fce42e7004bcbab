"""The columns of the files that are imported and exported, and what a cell may hold.

A spreadsheet takes a cell that begins with one of a few signs for a formula, and an address or the name of a form may
begin so. An exported cell of that kind gets an apostrophe in front (OWASP, "CSV Injection"); so does one that begins
with apostrophes and such a sign, so that taking one off always gives back what was there.
https://owasp.org/www-community/attacks/CSV_Injection
"""

import re
from typing import Final

ADDRESS: Final = "address"
LISTS: Final = "lists"
STATE: Final = "state"
ATTRIBUTES: Final = "attributes"
JOINED_HOW: Final = "joined_how"

EXPORTED: Final = (
    ADDRESS,
    LISTS,
    STATE,
    "joined_at",
    JOINED_HOW,
    "joined_form",
    "left_at",
    "left_how",
    "left_form",
    "suppressed",
    ATTRIBUTES,
)

# The signs in full width too: some spreadsheets take them for the plain ones.
_FORMULA: Final = re.compile("'*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n]")


def guarded(cell: str) -> str:
    """The cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What was there before `guarded`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
