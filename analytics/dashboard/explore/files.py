"""An answer as a CSV file: the numbers as they are, and no text that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from analytics.dashboard.explore.results.result import Number, Sheet
from analytics.reports.csv_cells import put_out_of_action


def csv_of(sheet: Sheet) -> str:
    """The text of the file, with a line of headings."""
    texts = io.StringIO()
    writer = csv.writer(texts)
    lines: list[list[str | Number]] = [[*sheet.columns], *([*row] for row in sheet.rows)]
    safe = _safe({cell for line in lines for cell in line if isinstance(cell, str)})
    for line in lines:
        writer.writerow([_cell(cell, safe) for cell in line])
    return texts.getvalue()


def _safe(texts: Iterable[str]) -> dict[str, str]:
    """Each text as it may stand in a cell."""
    import pyarrow as pa

    given = sorted(texts)
    column = pa.chunked_array([pa.array(given, pa.string())])
    return dict(zip(given, put_out_of_action(column).to_pylist(), strict=True))


def _cell(cell: str | Number, safe: dict[str, str]) -> str | Number:
    if isinstance(cell, str):
        return safe[cell]
    return "" if cell is None else cell
