"""The page that everybody photographs: a dashboard in one file of 75 KB, the same on every machine.

Tables, sparklines and charts in SVG, tiles with shadows and gradients, and a picture inside the page as data. Nothing
on it moves, and nothing has to be fetched besides the page: what is measured is the camera, not a network.
"""

import base64
import math
import random
import struct
import zlib
from typing import Final

BYTES: Final = 75 * 1024
PAPER: Final = (244, 246, 250)  # the page's ground, in red, green and blue; `checked` looks for it
_ROWS: Final = 70
_TILES: Final = ("Orders", "Revenue", "Visitors", "Returns", "Latency", "Errors", "Uptime", "Open tickets")
_CITIES: Final = ("Łódź", "Köln", "Porto", "Oslo", "Brno", "Lyon", "Graz", "Turku", "Malmö", "Siena")
_STYLE: Final = """
* { box-sizing: border-box }
body { margin: 0; padding: 24px; background: PAPER; color: #1f2937; font: 14px/1.45 "Liberation Sans", sans-serif }
h1 { margin: 0 0 16px; font-size: 24px } h2 { margin: 0 0 8px; font-size: 15px; color: #374151 }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px }
.tile, .panel { background: linear-gradient(#fff, #fafbff); border-radius: 10px; padding: 14px 16px;
  box-shadow: 0 1px 3px rgba(15, 23, 42, .14), 0 8px 24px rgba(15, 23, 42, .06) }
.tile b { display: block; font-size: 26px } .tile small { color: #059669 }
.panels { display: flex; gap: 16px; margin: 16px 0 } .panel { flex: 1 }
table { width: 100%; border-collapse: collapse; font-size: 12px } td, th { padding: 5px 8px; text-align: left }
tr:nth-child(even) td { background: rgba(99, 102, 241, .05) } th { border-bottom: 2px solid #c7d2fe }
svg { display: block; width: 100% } img { width: 100%; border-radius: 8px }
""".replace("PAPER", f"rgb{PAPER}")


def dashboard() -> bytes:
    """The page, UTF-8, of exactly `BYTES` bytes."""
    chance = random.Random(11)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Dashboard</title>",
        f"<style>{_STYLE}</style><h1>Operations, week 47</h1>",
        "<div class=tiles>", *(_tile(name, chance) for name in _TILES), "</div>",
        "<div class=panels>", _chart(chance), _rings(chance), _map(chance), "</div>",
        "<div class=panel><h2>By city</h2>", _table(chance), "</div>",
    ]  # fmt: skip
    page = "\n".join(parts).encode()
    return page + b"<!--" + b"-" * (BYTES - len(page) - 7) + b"-->"


def _walk(chance: random.Random, steps: int, height: float) -> list[float]:
    at, walked = height / 2, []
    for _ in range(steps):
        at = min(height, max(0.0, at + chance.gauss(0, height / 14)))
        walked.append(at)
    return walked


def _line(values: list[float], width: float, colour: str) -> str:
    step = width / (len(values) - 1)
    points = " ".join(f"{index * step:.1f},{value:.1f}" for index, value in enumerate(values))
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _tile(name: str, chance: random.Random) -> str:
    spark = _line(_walk(chance, 60, 30), 240, "#6366f1")
    figure = f"{chance.randint(1_000, 99_999):,}"
    change = f"+{chance.uniform(0, 9):.1f} % against last week"
    words = f"<h2>{name}</h2><b>{figure}</b><small>{change}</small>"
    return f'<div class=tile>{words}<svg viewBox="0 0 240 34">{spark}</svg></div>'


def _chart(chance: random.Random) -> str:
    lines = "".join(
        _line(_walk(chance, 170, 150), 360, colour) for colour in ("#6366f1", "#059669", "#d97706", "#db2777")
    )
    grid = "".join(f'<path d="M0 {y}H360" stroke="#e5e7eb"/>' for y in range(0, 160, 25))
    return f'<div class=panel><h2>Orders an hour</h2><svg viewBox="0 0 360 160">{grid}{lines}</svg></div>'


def _rings(chance: random.Random) -> str:
    rings = []
    for ring in range(9):
        around = 2 * math.pi * (12 + 8 * ring)
        filled = chance.uniform(0.2, 0.9) * around
        rings.append(
            f'<circle cx="90" cy="80" r="{12 + 8 * ring}" fill="none" stroke="hsl({ring * 40} 70% 55%)" '
            f'stroke-width="5" stroke-dasharray="{filled:.1f} {around:.1f}" filter="url(#soft)"/>'
        )
    soft = '<filter id="soft"><feGaussianBlur stdDeviation=".6"/></filter>'
    return f'<div class=panel><h2>Share by region</h2><svg viewBox="0 0 180 160">{soft}{"".join(rings)}</svg></div>'


def _map(chance: random.Random) -> str:
    data = base64.b64encode(_heat(chance)).decode()
    return f'<div class=panel><h2>Load by day and hour</h2><img alt="" src="data:image/png;base64,{data}"></div>'


def _heat(chance: random.Random, width: int = 120, height: int = 70) -> bytes:
    """A PNG of noise in rows, so that it weighs what a picture on a page weighs."""
    rows = b"".join(b"\0" + bytes(min(255, x * 2 + chance.randint(0, 90)) for x in range(width)) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def _table(chance: random.Random) -> str:
    head = "<tr>" + "".join(
        f"<th>{name}" for name in ("City", "Orders", "Revenue", "Returns", "Trend", "Last 24 hours")
    )
    return f"<table>{head}{''.join(_row(chance) for _ in range(_ROWS))}</table>"


def _row(chance: random.Random) -> str:
    cells = (
        chance.choice(_CITIES),
        f"{chance.randint(10, 9_999):,}",
        f"€ {chance.uniform(100, 90_000):,.2f}",
        f"{chance.uniform(0, 12):.1f} %",
        chance.choice(("▲ rising", "▼ falling", "■ steady")),
        f'<svg viewBox="0 0 200 18">{_line(_walk(chance, 48, 16), 200, "#6366f1")}</svg>',
    )
    return "<tr>" + "".join(f"<td>{cell}" for cell in cells)
