"""What a message says to a person: title, text and facts, made of its payload, as text and as HTML.

A payload may hold `title`, `text`, `link`, `unsubscribe`, `facts` (label to value, or pairs) and `tables` (each with
`title`, `columns` and `rows`, or a `note` instead); other plain values are facts as well.
All of it may come from strangers (names of events and metrics), so HTML escapes everything and titles are one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.template import Context, Engine

_TEMPLATES = Path(__file__).parent / "templates"
_MAX_TITLE = 200
_MAX_TEXT = 2_000
_MAX_FACTS = 60
_MAX_TABLES = 30
_MAX_ROWS = 60
_MAX_COLUMNS = 8
_OWN = ("title", "text", "link", "facts", "tables", "unsubscribe", "to")


@dataclass(frozen=True)
class LetterTable:
    """Rows under a heading. The first column holds names, the others numbers in words."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @property
    def lines(self) -> list[str]:
        """The rows for a reader of plain text, each column as wide as its longest cell.

        Example:
            >>> LetterTable("", ("", "Now"), (("Paid", "12"), ("Sign ups", "7"))).lines
            ['          Now', 'Paid       12', 'Sign ups    7']
        """
        rows = [self.columns, *self.rows]
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        return [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in rows
        ]


@dataclass(frozen=True)
class Letter:
    """A message in words."""

    title: str
    text: str
    facts: tuple[tuple[str, str], ...]
    link: str
    tables: tuple[LetterTable, ...] = ()
    unsubscribe: str = ""

    def as_text(self) -> str:
        """The body as plain text."""
        return _render("letter.txt", self, autoescape=False)

    def as_html(self) -> str:
        """The body as HTML: no image, no script, nothing that loads."""
        return _render("letter.html", self, autoescape=True)


def compose(kind: str, payload: Mapping[str, Any]) -> Letter:
    """The letter of a message's payload."""
    facts = [*_pairs(payload.get("facts"))]
    facts += [(name, value) for name, value in payload.items() if name not in _OWN and _is_plain(value)]
    return Letter(
        title=_one_line(payload.get("title") or kind)[:_MAX_TITLE],
        text=str(payload.get("text") or "")[:_MAX_TEXT],
        facts=tuple((_label(name), _one_line(value)[:_MAX_TEXT]) for name, value in facts[:_MAX_FACTS]),
        link=_address(payload.get("link")),
        tables=tuple(_tables(payload.get("tables"))),
        unsubscribe=_address(payload.get("unsubscribe")),
    )


def _address(given: Any) -> str:
    text = _one_line(given or "")
    return text if text.startswith(("https://", "http://")) else ""


def _tables(given: Any) -> Iterable[LetterTable]:
    for one in given[:_MAX_TABLES] if isinstance(given, list) else ():
        if isinstance(one, Mapping):
            columns = _cells(one.get("columns"))
            rows = [_cells(row) for row in (one.get("rows") or [])[:_MAX_ROWS]]
            yield LetterTable(
                title=_one_line(one.get("title") or "")[:_MAX_TITLE],
                columns=columns,
                rows=tuple(row for row in rows if len(row) == len(columns)),
                note=str(one.get("note") or "")[:_MAX_TEXT],
            )


def _cells(given: Any) -> tuple[str, ...]:
    listed = given[:_MAX_COLUMNS] if isinstance(given, list | tuple) else ()
    return tuple(_one_line(cell)[:_MAX_TITLE] for cell in listed)


def _pairs(given: Any) -> Iterable[tuple[str, Any]]:
    pairs = given.items() if isinstance(given, Mapping) else given if isinstance(given, list) else ()
    return [(str(pair[0]), pair[1]) for pair in pairs if isinstance(pair, tuple | list) and len(pair) == 2]


def _is_plain(value: Any) -> bool:
    return value != "" and isinstance(value, str | int | float)


def _label(name: str) -> str:
    text = _one_line(name).replace("_", " ")
    return text[:1].upper() + text[1:]


def _one_line(value: Any) -> str:
    """Without line breaks and control characters, of which a header could be made."""
    if value is None:
        return "–"  # noqa: RUF001 (a dash is meant)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)).split())


def _render(name: str, letter: Letter, *, autoescape: bool) -> str:
    return _engine().get_template(name).render(Context({"letter": letter}, autoescape=autoescape))


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(_TEMPLATES)], autoescape=True)
