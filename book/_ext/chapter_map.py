"""Draw the book as a house: the ground at the bottom, a room for each chapter.

Drawn twice, wide and narrow; the style sheet shows the one that fits the screen.
"""

from __future__ import annotations

import textwrap
from html import escape

import house

ROOM, GAP, HEAD, ROOF = 92, 10, 30, 78  # heights in the drawing's own units


def both() -> str:
    drawings = draw(760, 4, "wide"), draw(380, 2, "narrow")
    return "\n".join(["<figure class='map'>", *drawings, "</figure>\n"])


def draw(width: int, columns: int, kind: str) -> str:
    """One drawing; at most `columns` rooms stand side by side."""
    parts: list[str] = []
    y = ROOF
    for caption, names in reversed(house.parts()):
        if is_cellar(names):
            continue
        drawn, y = band(caption, names, y, width, columns)
        parts.append(drawn)
    parts.append(f'<path class="ground" d="M0 {y + 2} h{width}"/>')
    for caption, names in filter(lambda part: is_cellar(part[1]), house.parts()):
        drawn, y = band(caption, names, y + 5, width, columns)
        parts.append(drawn)
    # One line: in Markdown a blank or indented line would end the drawing.
    return (
        f'<svg class="{kind}" role="group" viewBox="0 0 {width} {y + 6}" '
        f'aria-labelledby="map-{kind}-t map-{kind}-d">'
        f'<title id="map-{kind}-t">The house, room by room</title>'
        f'<desc id="map-{kind}-d">{words()}</desc>{roof(width)}{"".join(parts)}</svg>'
    )


def is_cellar(names: list[str]) -> bool:
    """Chapters from 90 on are for looking things up."""
    return names[0] >= "90"


def band(caption, names, top, width, columns) -> tuple[str, float]:
    """A floor from `top` downwards, and where it ends."""
    grid = rows(names, columns)
    tall = HEAD + len(grid) * (ROOM + GAP) + GAP
    parts = [
        f'<rect class="floor" x="1" y="{top}" width="{width - 2}" height="{tall}"/>'
        f'<text class="caption" x="14" y="{top + 21}">{escape(caption)}</text>'
    ]
    for i, row in enumerate(grid):
        wide = (width - GAP * (len(row) + 1)) / len(row)
        for j, name in enumerate(row):
            x, y = GAP + j * (wide + GAP), top + HEAD + i * (ROOM + GAP)
            parts.append(room(name, x, y, wide))
    return "".join(parts), top + tall


def rows(names: list[str], columns: int) -> list[list[str]]:
    """Rooms side by side, as evenly as they go."""
    count = -(-len(names) // columns)
    size = -(-len(names) // count)
    return [names[i : i + size] for i in range(0, len(names), size)]


def roof(width: int) -> str:
    middle = width / 2
    return (
        f'<path class="roof" d="M1 {ROOF} L{middle} 6 L{width - 1} {ROOF} z"/>'
        f'<text class="roof-words" x="{middle}" y="{ROOF - 14}">digits, read</text>'
    )


def room(name: str, x: float, y: float, wide: float) -> str:
    """A chapter: a link once it is written, an outline before."""
    notebook = house.chapters().get(name)
    words = house.title(notebook) if notebook else name[3:].replace("_", " ")
    lines = textwrap.wrap(words, int((wide - 24) / 7.4))[:3]
    text = "".join(
        f'<tspan x="{x + 12:.0f}" y="{y + 45 + 17 * i:.0f}">{escape(line)}</tspan>'
        for i, line in enumerate(lines)
    )
    drawn = (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{wide:.0f}" height="{ROOM}" rx="5"/>'
        f'<text class="number" x="{x + 12:.0f}" y="{y + 24:.0f}">{int(name[:2])}</text>'
        f"<text>{text}</text>"
    )
    if notebook is None:
        return f'<g class="room planned">{drawn}</g>'
    return f'<a class="room" href="chapters/{name}.html">{drawn}</a>'


def words() -> str:
    """The drawing for those who do not see it."""
    said = ["From the doorstep up"]
    for caption, names in house.parts():
        first, last = int(names[0][:2]), int(names[-1][:2])
        said.append(f"{caption}: chapter {first}" + f" to {last}" * (last > first))
    return escape(". ".join([*said, "Under the roof, digits are read."]))
