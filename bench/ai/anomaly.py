"""Anomalies, measured: false alarms and faults found in daily metrics, and the Numenta Anomaly Benchmark.

    python -m bench.ai.anomaly FOLDER

Reads every file of `FOLDER/anomaly` that has the columns of one of the two shapes:

- series, date, value: daily metrics without labels. Alarms on the untouched series count as false (so do those on real
  holidays). Seeded faults are laid in one at a time; one is found if an alarm in its direction opens while it lasts.
- file, ts, value, window (0 none): labelled series of NAB. One alarm is one detection; those outside every window are
  false. The standard score follows Lavin and Ahmad 2015 ("Evaluating Real-time Anomaly Detection Algorithms").

Nothing is fitted here: thresholds are the product's defaults, settled on other series or by leaving one series out.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.ai_services.anomalies import Series, Settings, judge
from analytics.ai_services.anomalies.series import Interval
from analytics.ai_services.anomalies.subdaily import SENSITIVE_THRESHOLD, SUBDAILY_THRESHOLD
from bench.ai import nab

Floats = NDArray[np.float64]
DAYS_PER_MONTH = 365.25 / 12
SECONDS_PER_DAY = 86_400
#: Published scores of NAB are at the threshold that is best on the scored files: ours beside them, from these.
NAB_THRESHOLDS = (2.2, 3.0, 3.4)
SEED = 4
FAULTS_PER_KIND = 6
#: Days of history before anything is counted, so that all detectors stand on their usual ground.
SETTLED_DAYS = 70
#: What the longest memory reaches back, for faults: the year of the regression and the weeks before it.
MEMORY_DAYS = 500
REFRACTORY_DAYS = 3
YOUNG_DAYS, YOUNG_SPAN_DAYS = 21, 28


@dataclass(frozen=True)
class Fault:
    """A kind of fault: values times `factor` for `days`."""

    name: str
    factor: float
    days: int


FAULTS = (
    Fault("outage", 0.02, 1),
    Fault("-60%", 0.4, 1),
    Fault("-30%", 0.7, 1),
    Fault("+50%", 1.5, 1),
    Fault("+150%", 2.5, 1),
    Fault("-30% 7 d", 0.7, 7),
    Fault("+40% 7 d", 1.4, 7),
)

#: Day numbers and signs (+1, -1) of the alarms of a series of values that starts on a day.
Detector = Callable[[dt.date, Floats], list[tuple[int, int]]]


def measure(folder: Path) -> dict[str, Any]:
    """`{set: {detector: figures}}` for every file of the folder that has one of the two shapes."""
    found: dict[str, Any] = {}
    for path in sorted((folder / "anomaly").glob("*.parquet")):
        columns = _columns(path)
        if {"series", "date", "value"} <= columns.keys():
            daily = _daily_series(columns)
            found[path.stem] = {name: measure_daily(by, daily) for name, by in DETECTORS.items()}
            found[f"{path.stem}, after 21 days"] = {
                name: measure_young(by, daily) for name, by in DETECTORS.items()
            }
        elif {"file", "ts", "value", "window"} <= columns.keys():
            found[path.stem] = _measure_nab(columns)
    return found


def _columns(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {name: table[name].to_numpy() for name in table.column_names}


def _daily_series(columns: dict[str, Any]) -> dict[str, Series]:
    names = np.asarray(columns["series"]).astype(str)
    days = np.asarray(columns["date"]).astype("datetime64[D]").astype(object)
    return {
        str(name): Series.filled(
            dict(zip(days[names == name], map(float, columns["value"][names == name]), strict=True))
        )
        for name in dict.fromkeys(names)
    }


# Detectors


def ours(first: dt.date, values: Floats) -> list[tuple[int, int]]:
    """The default of tasks and alerts."""
    starts = tuple(first + dt.timedelta(days=number) for number in range(len(values)))
    judged = judge(Series(starts, values))
    return [
        ((alarm.start - first).days, 1 if alarm.direction == "up" else -1)
        for alarm in judged.alarms
        if alarm.interval == "day"
    ]


def spec(first: dt.date, values: Floats) -> list[tuple[int, int]]:
    """The specification as written: the newest of seven values, itself among them, over two deviations."""
    return _trailing(values, 7, 2.0, includes_itself=True)


def zscore_28(first: dt.date, values: Floats) -> list[tuple[int, int]]:
    """Mean and deviation of the 28 days before, over three deviations."""
    return _trailing(values, 28, 3.0)


def mad_28(first: dt.date, values: Floats) -> list[tuple[int, int]]:
    """Median and median absolute deviation of the 28 days before, over 3.5."""
    return _trailing(values, 28, 3.5, is_robust=True)


DETECTORS: dict[str, Detector] = {"ours": ours, "spec": spec, "zscore_28": zscore_28, "mad_28": mad_28}


def _trailing(
    values: Floats, length: int, threshold: float, *, includes_itself: bool = False, is_robust: bool = False
) -> list[tuple[int, int]]:
    alarms: list[tuple[int, int]] = []
    last = -REFRACTORY_DAYS - 1
    for day in range(length, len(values)):
        window = values[day - length + 1 : day + 1] if includes_itself else values[day - length : day]
        if not np.isfinite(values[day]) or not np.isfinite(window).any():
            continue
        window = window[np.isfinite(window)]
        center = float(np.median(window) if is_robust else window.mean())
        spread = float(1.4826 * np.median(np.abs(window - center)) if is_robust else np.std(window, ddof=1))
        z = (float(values[day]) - center) / spread if spread > 0 else 0.0
        if abs(z) > threshold:
            if day - last > REFRACTORY_DAYS:
                alarms.append((day, 1 if z > 0 else -1))
            last = day
    return alarms


# Daily metrics


def measure_daily(detect: Detector, daily: dict[str, Series]) -> dict[str, Any]:
    """False alarms per metric-month and recall, over series long enough to lay faults into."""
    alarms, days = 0, 0
    found: dict[str, list[float]] = {fault.name: [] for fault in FAULTS}
    for series in daily.values():
        count = len(series.values)
        if count < SETTLED_DAYS + 2 * YOUNG_SPAN_DAYS:
            continue
        first = series.starts[0]
        alarms += sum(day >= SETTLED_DAYS for day, _ in detect(first, series.values))
        days += count - SETTLED_DAYS
        rng = np.random.default_rng(SEED)
        for fault in FAULTS:
            sites = [_site(series.values, fault, rng) for _ in range(FAULTS_PER_KIND)]
            found[fault.name] += [_is_found(detect, series, fault, site) for site in sites]
    return _figures(alarms, days, found)


def _figures(alarms: int, days: int, found: dict[str, list[float]]) -> dict[str, Any]:
    by_fault = {name: round(float(np.mean(hits)), 3) for name, hits in found.items() if hits}
    return {
        "false_per_metric_month": round(alarms / (days / DAYS_PER_MONTH), 3) if days else None,
        "recall": round(float(np.mean(list(by_fault.values()))), 3) if by_fault else None,
        "recall_by_fault": by_fault,
        "metric_months": round(days / DAYS_PER_MONTH, 1),
        "faults": sum(map(len, found.values())),
    }


def _site(values: Floats, fault: Fault, rng: np.random.Generator) -> int:
    """A day on which the fault changes something: an outage of a closed shop is none."""
    site = 0
    for _ in range(100):
        site = int(rng.integers(SETTLED_DAYS, len(values) - fault.days))
        days = values[site : site + fault.days]
        if np.isfinite(days).all() and (_faulty(days, values, fault) != days).any():
            break
    return site


def _faulty(days: Floats, values: Floats, fault: Fault) -> Floats:
    changed = days * fault.factor
    known = values[np.isfinite(values)]
    return np.round(changed) if bool((known == np.round(known)).all()) else changed


def _is_found(detect: Detector, series: Series, fault: Fault, site: int) -> float:
    first, end = max(0, site - MEMORY_DAYS), site + fault.days
    values = series.values[first:end].copy()
    values[site - first :] = _faulty(series.values[site:end], series.values, fault)
    sign = 1 if fault.factor > 1 else -1
    alarms = detect(series.starts[first], values)
    return float(any(day >= site - first and side == sign for day, side in alarms))


def measure_young(detect: Detector, daily: dict[str, Series]) -> dict[str, Any]:
    """The same for metrics with three weeks of history: pieces of seven weeks, of which the last four count."""
    alarms, days = 0, 0
    rng = np.random.default_rng(SEED)
    outage = FAULTS[0]
    hits: list[float] = []
    for series in daily.values():
        for first in range(0, len(series.values) - YOUNG_DAYS - YOUNG_SPAN_DAYS + 1, YOUNG_SPAN_DAYS):
            values = series.values[first : first + YOUNG_DAYS + YOUNG_SPAN_DAYS]
            alarms += sum(day >= YOUNG_DAYS for day, _ in detect(series.starts[first], values))
            days += YOUNG_SPAN_DAYS
            site = int(rng.integers(YOUNG_DAYS, len(values)))
            if not values[site] > 0:
                continue
            faulty = values[: site + 1].copy()
            faulty[site:] = _faulty(values[site : site + 1], series.values, outage)
            hits.append(float((site, -1) in detect(series.starts[first], faulty)))
    return _figures(alarms, days, {outage.name: hits})


# NAB


def _measure_nab(columns: dict[str, Any]) -> dict[str, Any]:
    names = np.asarray(columns["file"]).astype(str)
    seconds = np.asarray(columns["ts"]).astype("datetime64[s]").astype(np.int64)
    values = np.asarray(columns["value"], dtype=np.float64)
    windows = np.asarray(columns["window"]).astype(np.int64)
    files = [
        nab.File(seconds[names == name], values[names == name], windows[names == name])
        for name in dict.fromkeys(names)
    ]
    by_threshold = {
        limit: nab.score(files, [_subdaily(file, Settings(threshold=limit)) for file in files])
        for limit in sorted({SUBDAILY_THRESHOLD, SENSITIVE_THRESHOLD, *NAB_THRESHOLDS})
    }
    best = max(figures["nab_standard"] or 0.0 for figures in by_threshold.values())
    return {
        "ours": {**by_threshold[SUBDAILY_THRESHOLD], "nab_standard_at_best_threshold": best},
        "ours, sensitive": by_threshold[SENSITIVE_THRESHOLD],
        "spec": nab.score(files, [_spec_records(file) for file in files]),
    }


def _subdaily(file: nab.File, settings: Settings) -> list[int]:
    starts = tuple(dt.datetime.fromtimestamp(int(second), dt.UTC) for second in file.seconds)
    interval: Interval = "minutes" if np.median(np.diff(file.seconds)) < 3600 else "hour"
    places = {start: number for number, start in enumerate(starts)}
    unique = sorted(places)
    values = file.values[[places[start] for start in unique]]
    judged = judge(Series(tuple(unique), values, interval), settings)
    return [places[alarm.start] for alarm in judged.alarms if isinstance(alarm.start, dt.datetime)]


def _spec_records(file: nab.File) -> list[int]:
    """The specification's rule, silent for a day after each alarm, as ours is."""
    windows = np.lib.stride_tricks.sliding_window_view(file.values, 7)
    spread = windows.std(axis=1, ddof=1)
    distance = np.abs(windows[:, -1] - windows.mean(axis=1))
    alarms: list[int] = []
    for place in np.flatnonzero((spread > 0) & (distance > 2 * spread)) + 6:
        if not alarms or file.seconds[place] - file.seconds[alarms[-1]] > SECONDS_PER_DAY:
            alarms.append(int(place))
    return alarms


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1])), indent=1))
