"""The chart in the README, drawn from the kept figures: `python -m benchmarks.delivery.chart`.

It has a background of its own, so it reads the same on a light and on a dark page; and it is narrow, so its words are
still words on a phone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.delivery.place import RESULTS, ROOT

CHART: Final = ROOT / "docs" / "pictures" / "delivery.svg"
PANELS: Final = {"plain": "Mails a second", "attach": "Mails a second, each with a picture of 200 KB"}
BARS: Final = {
    "ours": "Eventpost",
    "nodemailer": "nodemailer",
    "post_office": "django-\npost_office",
    "raw": "the limit:\nfinished bytes",
}
_PAPER, _INK, _FAINT, _LIMIT, _OURS, _THEIRS = "#ffffff", "#1f2328", "#59636e", "#d1d9e0", "#1a7f64", "#8c959f"
_COLOURS: Final = {"raw": _LIMIT, "ours": _OURS}
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 13,
    "svg.hashsalt": "eventpost",  # the same figures give the same file
    "text.color": _INK,
    "axes.labelcolor": _INK,
}


def draw(figures: Mapping[str, float], to: Path = CHART) -> Path:
    """Draw both runs, one below the other; returns where. Nothing is drawn while figures are missing."""
    if not all(f"delivery.{run}.{who}_per_s" in figures for run in PANELS for who in BARS):
        return to
    import matplotlib as mpl  # noqa: PLC0415 - only who draws needs it

    mpl.use("svg")
    import matplotlib.pyplot as plt  # noqa: PLC0415
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415

    layout = ConstrainedLayoutEngine(w_pad=0.2, h_pad=0.2, hspace=0.08, rect=(0, 0, 1, 0.99))
    with plt.rc_context(_STYLE):
        figure, panels = plt.subplots(len(PANELS), figsize=(5.4, 6.2), layout=layout, facecolor=_PAPER)
        for panel, (run, title) in zip(panels, PANELS.items(), strict=True):
            _panel(panel, run, title, figures)
        figure.savefig(to, metadata={"Date": None}, facecolor=_PAPER)
        plt.close(figure)
    return to


def _panel(panel: Any, run: str, title: str, figures: Mapping[str, float]) -> None:
    rates = {who: figures[f"delivery.{run}.{who}_per_s"] for who in BARS}
    places = range(len(rates))
    panel.barh(places, list(rates.values()), color=[_COLOURS.get(who, _THEIRS) for who in rates], height=0.66)
    for place, (who, rate) in zip(places, rates.items(), strict=True):
        weight = "bold" if who == "ours" else "normal"
        panel.text(rate, place, f" {_told(who, rate, rates['ours'])}", va="center", fontweight=weight)
    panel.annotate(title, (0.03, 1.04), xycoords=("figure fraction", "axes fraction"), fontsize=14, fontweight="bold")
    panel.set_yticks(places, [BARS[who] for who in rates])
    panel.set_xlim(0, max(rates.values()) * 1.34)
    panel.invert_yaxis()
    panel.xaxis.set_visible(False)
    panel.tick_params(length=0, colors=_INK)
    for side in panel.spines.values():
        side.set_visible(False)
    panel.spines["left"].set(visible=True, color=_FAINT)
    panel.set_facecolor(_PAPER)


def _told(who: str, rate: float, ours: float) -> str:
    """The rate, and by how much we are faster than a peer."""
    if who in ("ours", "raw"):
        return f"{rate:,.0f}"
    return f"{rate:,.0f}  (1/{ours / rate:,.0f} of Eventpost)"


if __name__ == "__main__":
    print(draw(json.loads(RESULTS.read_text())))
