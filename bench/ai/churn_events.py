"""Event logs of any naming as churn snapshots: the columns of `churn_features`, by one GROUP BY a cutoff.

A log is a Parquet file with a person, a time and perhaps an amount, an event name, a session or a project. Files that
have neither person nor time are no logs and are left out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from analytics.ai_services.learning.churn_features import (
    ACTIVE_HORIZONS,
    OPTIONAL_COLUMNS,
    churn_features,
    churn_rule,
    horizon_of,
)
from analytics.ai_services.learning.examples import Examples

PERSON = (
    "customer",
    "user",
    "customer_id",
    "customerid",
    "user_id",
    "person",
    "src",
    "source",
    "sender",
    "from",
    "id",
)
TIME = ("ts", "timestamp", "time", "invoicedate", "invoice_date", "date", "created")
AMOUNT = ("revenue", "amount", "value", "total")
EVENT = ("event", "event_name", "name")
SESSION = ("session", "session_id", "invoice", "invoiceno")

#: The horizons that these public logs are usually measured with; others follow from the data.
HORIZONS = {
    "cdnow": 90,
    "online_retail": 60,
    "retail": 60,
    "collegemsg": 14,
    "college_msg": 14,
    "git_activity": 90,
}
#: CDNOW's own split: calibrated to 1997-09-30, the rest predicted (Fader and Hardie).
FIRST_TESTS = {"cdnow": dt.datetime(1997, 10, 1)}  # noqa: DTZ001 - the files carry naive UTC
#: Elsewhere the newest third of the snapshots is predicted, three years of quarters at most.
TESTED_RATIO, MOST_TESTED, MOST_SNAPSHOTS = 1 / 3, 12, 24
#: A snapshot with fewer persons than this teaches little.
LEAST_PERSONS = 20

COLUMNS_SQL = """
WITH past AS (
    SELECT person, ts, event, session, amount, ts::DATE AS day, $cutoff::TIMESTAMP - ts AS ago
    FROM log WHERE ts < $cutoff::TIMESTAMP
),
later AS (
    SELECT DISTINCT person FROM log
    WHERE ts >= $cutoff::TIMESTAMP AND ts < $cutoff::TIMESTAMP + to_days($horizon)
),
people AS (
    SELECT
        person,
        epoch(max(ago)) / 86400.0 AS first_seen_days,
        epoch(min(ago)) / 86400.0 AS last_seen_days,
        count(*) AS events_total,
        count(*) FILTER (WHERE ago <= to_days($horizon)) AS events_horizon,
        count(*) FILTER (WHERE ago > to_days($horizon) AND ago <= to_days(2 * $horizon)) AS events_before,
        count(DISTINCT day) AS active_days_total,
        count(DISTINCT day) FILTER (WHERE ago <= to_days($horizon) / 4) AS active_days_quarter,
        count(DISTINCT day) FILTER (WHERE ago <= to_days($horizon)) AS active_days_horizon,
        count(DISTINCT day) FILTER (WHERE ago > to_days($horizon) AND ago <= to_days(2 * $horizon))
            AS active_days_before,
        count(DISTINCT event) AS event_names,
        count(DISTINCT session) AS sessions_total,
        sum(amount) AS revenue_total
    FROM past GROUP BY person
)
SELECT people.*, later.person IS NULL AS churned
FROM people LEFT JOIN later USING (person)
WHERE last_seen_days <= $horizon * $active
ORDER BY person
"""


@dataclass(frozen=True, slots=True)
class ChurnSet:
    """All snapshots of one log, numbered from the oldest, and the first that is predicted."""

    name: str
    horizon_days: int
    examples: Examples
    first_tested: int


def list_logs(folder: Path) -> list[Path]:
    """Files that may hold a log, by name."""
    found = sorted((folder / "churn").glob("*.parquet"))
    activity = folder / "events" / "git_activity.parquet"
    return found + ([activity] if activity.exists() else [])


def read_churn_set(path: Path, horizon_days: int | None = None) -> ChurnSet | None:
    """The snapshots of a file, one horizon apart, the newest label just complete; None if it holds no log."""
    with duckdb.connect() as lake:
        lake.execute("SET threads = 1")
        optional = _load(lake, path)
        if optional is None:
            return None
        horizon = horizon_days or HORIZONS.get(path.stem) or _horizon(lake)
        cutoffs, first_tested = _cutoffs(lake, path.stem, horizon)
        parts = [part for cutoff in cutoffs if (part := _snapshot(lake, cutoff, horizon, optional))]
    if len(parts) < 2:
        return None
    # Numbered from the back: young logs lose their first snapshots.
    first_tested = max(1, first_tested - (len(cutoffs) - len(parts)))
    numbers = np.repeat(np.arange(len(parts)), [len(part[2]) for part in parts])
    examples = Examples(
        features=np.vstack([part[0] for part in parts]),
        names=parts[0][1],
        labels=np.concatenate([part[2] for part in parts]),
        cutoffs=numbers,
        rule=np.concatenate([part[3] for part in parts]),
    )
    return ChurnSet(path.stem, horizon, examples, first_tested)


def _load(lake: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...] | None:
    """The file as table `log`; the optional columns that it can fill."""
    lake.read_parquet(str(path)).create_view("file")
    columns = {row[0].lower(): row[0] for row in lake.execute("DESCRIBE file").fetchall()}
    person, time, amount, event, session = (
        next((columns[name] for name in names if name in columns), None)
        for names in (PERSON, TIME, AMOUNT, EVENT, SESSION)
    )
    if person is None or time is None:
        return None
    who = f'"project" || \':\' || "{person}"' if "project" in columns else f'"{person}"::VARCHAR'
    when = _instant(lake, time)
    money = f'"{amount}"::DOUBLE' if amount else _priced(columns)
    lake.execute(
        f"CREATE TABLE log AS SELECT {who} AS person, {when} AS ts, {_text(event)} AS event,"  # noqa: S608
        f" {_text(session)} AS session, {money} AS amount FROM file"
        f' WHERE "{person}" IS NOT NULL AND "{time}" IS NOT NULL'
    )
    filled = zip(OPTIONAL_COLUMNS, (event, session, money != "NULL"), strict=True)
    return tuple(name for name, is_there in filled if is_there)


def _instant(lake: duckdb.DuckDBPyConnection, column: str) -> str:
    """SQL for the column as a timestamp; numbers are seconds since 1970, or milliseconds when too large for that."""
    found = lake.execute(f'SELECT typeof("{column}"), max("{column}") FROM file GROUP BY 1').fetchone()  # noqa: S608
    if found is None or not isinstance(found[1], int | float):
        return f'"{column}"::TIMESTAMP'
    return f'make_timestamp(("{column}" * {1_000 if found[1] > 1e11 else 1_000_000})::BIGINT)'


def _priced(columns: dict[str, str]) -> str:
    price = columns.get("unitprice") or columns.get("unit_price") or columns.get("price")
    units = columns.get("quantity") or columns.get("units")
    return f'"{price}"::DOUBLE * "{units}"' if price and units else "NULL"


def _text(column: str | None) -> str:
    return f'"{column}"::VARCHAR' if column else "NULL::VARCHAR"


def _horizon(lake: duckdb.DuckDBPyConnection) -> int:
    found = lake.execute(
        "SELECT median(gap) FROM (SELECT day - lag(day) OVER (PARTITION BY person ORDER BY day) AS gap"
        " FROM (SELECT DISTINCT person, ts::DATE AS day FROM log))"
    ).fetchone()
    return horizon_of(float("nan") if found is None or found[0] is None else float(found[0]))


def _cutoffs(lake: duckdb.DuckDBPyConnection, name: str, horizon: int) -> tuple[list[dt.datetime], int]:
    """Cutoffs, ascending, and the number of the first that is predicted."""
    bounds = lake.execute("SELECT min(ts), max(ts) FROM log").fetchone()
    assert bounds is not None
    oldest, newest = bounds
    step = dt.timedelta(days=horizon)
    last = newest - step
    if name in FIRST_TESTS:
        last = FIRST_TESTS[name] + (last + dt.timedelta(days=1) - FIRST_TESTS[name]) // step * step
    cutoffs: list[dt.datetime] = []
    while last >= oldest + step and len(cutoffs) < MOST_SNAPSHOTS:
        cutoffs.insert(0, last)
        last -= step
    tested = max(1, min(MOST_TESTED, round(len(cutoffs) * TESTED_RATIO)))
    first = len(cutoffs) - tested
    if name in FIRST_TESTS:
        first = sum(cutoff < FIRST_TESTS[name] for cutoff in cutoffs)
    return cutoffs, first


def _snapshot(
    lake: duckdb.DuckDBPyConnection, cutoff: dt.datetime, horizon: int, optional: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...], np.ndarray, np.ndarray] | None:
    values = {"cutoff": cutoff, "horizon": horizon, "active": ACTIVE_HORIZONS}
    columns = dict(lake.execute(COLUMNS_SQL, values).fetchnumpy())
    labels = np.asarray(columns.pop("churned"), dtype=np.bool_)
    if len(labels) < LEAST_PERSONS:
        return None
    for name in set(OPTIONAL_COLUMNS) - set(optional):
        del columns[name]
    features, names = churn_features(columns, horizon)
    return features, names, labels, churn_rule(columns, horizon)
