"""The proof that travels with every answer: how fresh it is, what was read, and the SQL that did it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a number can be believed.

    `fresh_to`: every event stored before this instant is counted. `rows_read`: rows of the files and hot
    rows that the queries looked through. `lake_version`: -1 when there was no lake. `definition`: name and
    version of the analysis, which changes whenever its meaning does. `sql`: the statements as they ran, with
    the bound values in comments.
    """

    fresh_to: dt.datetime
    rows_read: int
    lake_version: int
    definition: str
    sql: str
    duration_ms: float
