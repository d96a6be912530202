"""Hot properties: properties of events that are asked for often enough to be columns of their own.

Which ones, each rewrite of a day finds out from the day itself. The JSON stays whole: a column of a hot property only
repeats, as text, what the JSON says, so that reading one or the other is the same. Files without the column are read
from the JSON.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from eventlake.analyses.statements import statement
from eventlake.engine import Run
from eventlake.parameters import Parameters
from eventlake.relations import Relation
from eventlake.schema import PROPERTY_PREFIX

#: Names that every format and engine takes for a column as they are.
_PLAIN = re.compile(r"[A-Za-z0-9_$]{1,64}")

#: Columns of one day, and of the table.
MOST_OF_A_DAY = 24
MOST_OF_THE_TABLE = 64

#: Rows of a day that are looked at, and the share of them in which a hot property occurs.
_SAMPLE_ROWS = 20_000
_LEAST_RATIO = 0.02


def choose_properties(run: Run, events: Relation, *, known: Collection[str]) -> list[str]:
    """Names of the day's most frequent properties, at most MOST_OF_A_DAY; those with a column already first.

    Ids, which hardly ever repeat, are left out: nobody breaks a chart down by them. Numbers need not repeat: they are
    averaged.
    """
    parameters = Parameters()
    parameters.name("sample_rows", _SAMPLE_ROWS)
    parameters.name("least_ratio", _LEAST_RATIO)
    found = [name for (name,) in run.rows(statement("hot_properties"), parameters, events=events)]
    chosen: dict[str, str] = {name.lower(): name for name in known}  # engines do not tell case apart
    for name in found:
        if _PLAIN.fullmatch(name) and len(chosen) < MOST_OF_THE_TABLE:
            chosen.setdefault(name.lower(), name)
    return [name for name in found if chosen.get(name.lower()) == name][:MOST_OF_A_DAY]


def property_columns(properties: Collection[str], parameters: Parameters) -> str:
    """These properties as further columns of a SELECT."""
    return "".join(f', {parameters.read_property(name)} as "{PROPERTY_PREFIX}{name}"' for name in properties)
