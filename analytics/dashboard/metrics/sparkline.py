"""The last weeks of a metric as one small line of an SVG: numbers in attributes, no style and no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, _MARGIN = 160, 40, 3


@dataclass(frozen=True)
class Sparkline:
    """Paths of an SVG of WIDTH by HEIGHT: the closed days, the stretch to the open one, and the area below both."""

    line: str
    open_line: str
    area: str


def sparkline_of(points: Sequence[tuple[float, bool]]) -> Sparkline | None:
    """The line of values, oldest first, each with whether its day still goes on; None for fewer than two.

    Example:
        >>> sparkline_of([(0.0, False), (1.0, False)]).line
        'M0 37L160 3'
    """
    if len(points) < 2:
        return None
    values = [value for value, _ in points]
    low, high = min(values), max(values)
    spread = high - low or 1.0
    step = WIDTH / (len(points) - 1)
    places = [
        f"{number * step:.4g} {HEIGHT - _MARGIN - (value - low) / spread * (HEIGHT - 2 * _MARGIN):.4g}"
        for number, value in enumerate(values)
    ]
    is_open = points[-1][1]
    closed = places[:-1] if is_open else places
    return Sparkline(
        line="M" + "L".join(closed),
        open_line=f"M{places[-2]}L{places[-1]}" if is_open else "",
        area=f"M0 {HEIGHT}L{'L'.join(places)}L{WIDTH} {HEIGHT}Z",
    )
