"""Which sessions buy: trained on months to September, tested on October to December, with and without `PageValues`.

`PageValues` is worked out from what the visitor bought later, so that figures with it are no forecast; they stand there
to be compared with those of others.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from analytics.ai_services.learning.scores import FloatArray
from bench.ai.histories_asof import one_hot
from bench.ai.tables import Table, measure_table, read_columns

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FIRST_TESTED = MONTHS.index("Oct")
NEEDED = ("Month", "Revenue", "ProductRelated")
NUMBERS = (
    "Administrative",
    "Administrative_Duration",
    "Informational",
    "Informational_Duration",
    "ProductRelated",
    "ProductRelated_Duration",
    "BounceRates",
    "ExitRates",
    "SpecialDay",
    "Weekend",
)
#: Browser, system, region and source of traffic cost .006 AUC in cross-validation inside the months to September.
KINDS = ("VisitorType",)


def measure(folder: Path) -> dict[str, Any]:
    """Figures a file of `conversion/`, without `PageValues` under its own name."""
    found = {}
    for path in sorted((folder / "conversion").glob("*.parquet")):
        columns = read_columns(path, NEEDED)
        if columns is None:
            continue
        found[path.stem] = measure_table(sessions(columns))
        if "PageValues" in columns:
            found[f"{path.stem}_with_page_values"] = measure_table(sessions(columns, ("PageValues",)))
    return found


def sessions(columns: dict[str, np.ndarray], more: tuple[str, ...] = ()) -> Table:
    """One row a session; the rule: the more product pages, the likelier a purchase."""
    month = np.array(
        [MONTHS.index(name) if name in MONTHS else -1 for name in columns["Month"]], dtype=np.int64
    )
    features: dict[str, FloatArray] = {}
    for name in NUMBERS + more:
        if name in columns:
            features[name] = columns[name].astype(np.float64)
    for name in KINDS:
        if name in columns:
            features |= one_hot(name, list(columns[name]))
    pages = columns["ProductRelated"].astype(np.float64)
    if "ProductRelated_Duration" in columns:
        features["seconds_per_page"] = columns["ProductRelated_Duration"] / np.maximum(pages, 1)
    return Table(features, columns["Revenue"].astype(bool), pages / (pages + 100), month, month, FIRST_TESTED)
