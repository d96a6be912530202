"""Where the events and links of paths stand in the picture: columns of steps, and bands between them.

Numbers only, in the units of an SVG's field; the template draws them and the style sheet colours them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.api.query_answer_shapes import Link
from analytics.dashboard import wording

NODE_WIDTH = 10
_COLUMN_WIDTH = 180
_LABEL_WIDTH = 168
_MAX_LABEL_CHARACTERS = 21
#: The height of the largest column without its gaps, and the least that a node with two lines of text needs.
_COLUMN_HEIGHT, _LEAST_SLOT, _GAP = 340.0, 34.0, 10.0
_LEAST_HEIGHT = 3.0
_TOP = 30.0


@dataclass(frozen=True)
class Node:
    """An event as a step. `x` and `y` are its upper left corner; `text_x` is where its name begins."""

    name: str
    label: str
    count: str
    x: float
    y: float
    height: float

    @property
    def text_x(self) -> float:
        """Where its words begin."""
        return self.x + NODE_WIDTH + 6

    @property
    def text_y(self) -> float:
        """The base line of its name."""
        return self.y + 11

    @property
    def count_y(self) -> float:
        """The base line of its count."""
        return self.y + 25


@dataclass(frozen=True)
class Band:
    """A link as a stroked curve. `path` is an SVG path; `title` says what it is."""

    path: str
    width: float
    source: str
    target: str
    count: str


@dataclass(frozen=True)
class Column:
    """The heading of a step."""

    number: int
    x: float


@dataclass(frozen=True)
class Flow:
    """The whole picture. `key` names (step, event) to their place."""

    width: float
    height: float
    columns: list[Column]
    nodes: list[Node]
    bands: list[Band]


def flow_of(links: Sequence[Link]) -> Flow:
    """The picture of links; of none, one without nodes."""
    weights = _weights(links)
    by_step: dict[int, list[str]] = defaultdict(list)
    for (step, name), _count in sorted(weights.items(), key=lambda item: (item[0][0], -item[1], item[0][1])):
        by_step[step].append(name)
    steps = sorted(by_step)
    heaviest = max((sum(weights[step, name] for name in by_step[step]) for step in steps), default=1)
    scale = _COLUMN_HEIGHT / heaviest
    nodes: dict[tuple[int, str], Node] = {}
    for column, step in enumerate(steps):
        y = _TOP
        for name in by_step[step]:
            height = max(weights[step, name] * scale, _LEAST_HEIGHT)
            nodes[step, name] = _node(name, weights[step, name], column * _COLUMN_WIDTH, y, height)
            y += max(height, _LEAST_SLOT) + _GAP
    height = max((node.y + max(node.height, _LEAST_SLOT) for node in nodes.values()), default=0.0)
    return Flow(
        width=max(len(steps) - 1, 0) * _COLUMN_WIDTH + _LABEL_WIDTH,
        height=round(height + 6, 1),
        columns=[Column(number, place * _COLUMN_WIDTH) for place, number in enumerate(steps)],
        nodes=list(nodes.values()),
        bands=_bands(links, nodes, scale),
    )


def _weights(links: Sequence[Link]) -> dict[tuple[int, str], int]:
    """How many sequences pass an event as a step: the larger of those that come and those that go on."""
    come: dict[tuple[int, str], int] = defaultdict(int)
    go_on: dict[tuple[int, str], int] = defaultdict(int)
    for link in links:
        go_on[link.step, link.source] += link.count
        come[link.step + 1, link.target] += link.count
    return {place: max(come[place], go_on[place]) for place in {*come, *go_on}}


def _node(name: str, count: int, x: float, y: float, height: float) -> Node:
    label = name if len(name) <= _MAX_LABEL_CHARACTERS else f"{name[: _MAX_LABEL_CHARACTERS - 1]}…"
    return Node(name, label, wording.number(count), x, round(y, 1), round(height, 1))


def _bands(links: Sequence[Link], nodes: dict[tuple[int, str], Node], scale: float) -> list[Band]:
    """Bands leave and reach a node in the order of the nodes on the other side, so that they cross least."""
    left: dict[tuple[int, str], float] = defaultdict(float)
    reached: dict[tuple[int, str], float] = defaultdict(float)
    ends: dict[int, tuple[float, float]] = {}
    for number, link in sorted(
        enumerate(links), key=lambda item: (item[1].step, nodes[item[1].step + 1, item[1].target].y)
    ):
        place = (link.step, link.source)
        ends[number] = (nodes[place].y + left[place] + link.count * scale / 2, 0.0)
        left[place] += link.count * scale
    for number, link in sorted(
        enumerate(links), key=lambda item: (item[1].step, nodes[item[1].step, item[1].source].y)
    ):
        place = (link.step + 1, link.target)
        ends[number] = (ends[number][0], nodes[place].y + reached[place] + link.count * scale / 2)
        reached[place] += link.count * scale
    return [_band(link, nodes, ends[number], scale) for number, link in enumerate(links)]


def _band(link: Link, nodes: dict[tuple[int, str], Node], ends: tuple[float, float], scale: float) -> Band:
    x1 = nodes[link.step, link.source].x + NODE_WIDTH
    x2 = nodes[link.step + 1, link.target].x
    middle = (x1 + x2) / 2
    y1, y2 = (round(end, 1) for end in ends)
    path = f"M{x1:g} {y1:g}C{middle:g} {y1:g} {middle:g} {y2:g} {x2:g} {y2:g}"
    return Band(
        path, round(max(link.count * scale, 1.0), 1), link.source, link.target, wording.number(link.count)
    )
