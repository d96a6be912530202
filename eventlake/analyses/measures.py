"""The measures of a trend: what each counts, as one aggregate over rows with `person_id` or `value`.

Source: API.md, "trends". Sums of doubles are compensated (Kahan), so that the order in which threads meet
the rows does not show; percentiles interpolate linearly between the two nearest values.
"""

from __future__ import annotations

from enum import StrEnum


class Measure(StrEnum):
    """What a series measures."""

    COUNT = "count"
    PERSONS = "persons"
    SESSIONS = "sessions"
    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    P50 = "p50"
    P90 = "p90"
    P95 = "p95"
    P99 = "p99"
    PER_PERSON = "per_person"

    @property
    def needs_property(self) -> bool:
        """Whether it is taken of the numbers in a property."""
        return self in _OF_NUMBERS

    @property
    def of_nothing(self) -> int | None:
        """The measure of no events: nought of what is counted or summed, nothing of what is not there."""
        return 0 if self in _NOUGHT else None

    @property
    def daily_sql(self) -> str | None:
        """The aggregate over rows that count events already (columns events, revenue), if there is one."""
        return _DAILY_SQL.get(self)

    @property
    def column(self) -> str:
        """What the aggregate looks at: `person_id` or `value`."""
        return "person_id" if "person_id" in self.sql else "value"

    @property
    def sql(self) -> str:
        """The aggregate."""
        return _SQL[self]


_NUMBERS = "filter (where isfinite(value))"

_SQL = {
    Measure.COUNT: "count(*)",
    Measure.PERSONS: "count(distinct person_id)",
    Measure.SESSIONS: "count(distinct value)",
    Measure.SUM: f"coalesce(fsum(value) {_NUMBERS}, 0)",
    Measure.AVG: f"favg(value) {_NUMBERS}",
    Measure.MIN: f"min(value) {_NUMBERS}",
    Measure.MAX: f"max(value) {_NUMBERS}",
    Measure.P50: f"quantile_cont(value, 0.50) {_NUMBERS}",
    Measure.P90: f"quantile_cont(value, 0.90) {_NUMBERS}",
    Measure.P95: f"quantile_cont(value, 0.95) {_NUMBERS}",
    Measure.P99: f"quantile_cont(value, 0.99) {_NUMBERS}",
    Measure.PER_PERSON: "count(person_id) / nullif(count(distinct person_id), 0)",
}
_DAILY_SQL = {
    Measure.COUNT: "cast(coalesce(sum(events), 0) as bigint)",
    Measure.SUM: "cast(coalesce(sum(revenue), 0) as double)",  # of revenue_impact, the one column that is summed
    Measure.PERSONS: "count(*)",
    Measure.PER_PERSON: "sum(events) / nullif(count(*), 0)",
}
_NOUGHT = frozenset({Measure.COUNT, Measure.PERSONS, Measure.SESSIONS, Measure.SUM})
_OF_NUMBERS = frozenset(Measure) - {Measure.COUNT, Measure.PERSONS, Measure.SESSIONS, Measure.PER_PERSON}
