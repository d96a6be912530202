"""Anomalies: what is one, what is not, what is not judged, and how often synthetic faults are found."""

from __future__ import annotations

import datetime as dt
import math
import tempfile
from contextlib import AbstractContextManager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import numpy as np
from django.test import SimpleTestCase, TestCase, override_settings

from analytics import clock
from analytics.ai_services.anomalies import Judgement, Series, Settings, judge, simulate
from analytics.ai_services.anomalies.detection import (
    detect_all,
    detect_anomalies,
    judge_metric,
    simulate_metric,
)
from analytics.ai_services.anomalies.severity import rate
from analytics.errors import BadInput
from analytics.models import BusinessMetric
from bench.ai import anomaly, nab

MONDAY = dt.date(2025, 1, 6)
WEEK = np.array([1.0, 1.1, 1.05, 1.0, 0.9, 0.5, 0.4])


def visitors(days: int, *, level: float = 200.0, noise: float = 0.08, seed: int = 1) -> np.ndarray:
    """Daily counts of a product that is used on weekdays: burstier than Poisson, from a Monday on."""
    rng = np.random.default_rng(seed)
    means = level * WEEK[np.arange(days) % 7] * np.exp(rng.normal(0, noise, days))
    return rng.poisson(means).astype(float)


def daily(values: np.ndarray, first: dt.date = MONDAY) -> Series:
    return Series(tuple(first + dt.timedelta(days=n) for n in range(len(values))), values)


def hourly(values: np.ndarray) -> Series:
    first = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
    return Series(tuple(first + dt.timedelta(hours=n) for n in range(len(values))), values, "hour")


def a_day_cycle(hours: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(300 * (1.1 + np.sin(np.arange(hours) * 2 * np.pi / 24))).astype(float)


class TheSeries(SimpleTestCase):
    def test_it_takes_one_start_for_each_value(self) -> None:
        with self.assertRaisesMessage(ValueError, "one start for each value"):
            Series((MONDAY,), np.array([1.0, 2.0]))

    def test_it_takes_aware_ascending_starts_at_the_interval(self) -> None:
        tuesday = MONDAY + dt.timedelta(days=1)
        for starts, message in (
            ((tuesday, MONDAY), "ascend"),
            ((MONDAY, MONDAY + dt.timedelta(days=2)), "regular step"),
            ((dt.datetime(2025, 1, 6), dt.datetime(2025, 1, 7)), "aware"),  # noqa: DTZ001
        ):
            with self.subTest(message), self.assertRaisesMessage(ValueError, message):
                Series(starts, np.array([1.0, 2.0]))

    def test_it_takes_no_infinite_value(self) -> None:
        with self.assertRaisesMessage(ValueError, "infinite"):
            Series((MONDAY,), np.array([math.inf]))

    def test_missing_days_become_gaps(self) -> None:
        series = Series.filled({MONDAY: 1.0, MONDAY + dt.timedelta(days=2): 3.0})
        np.testing.assert_array_equal(series.values, [1.0, math.nan, 3.0])

    def test_a_threshold_is_above_zero(self) -> None:
        with self.assertRaisesMessage(ValueError, "above zero"):
            Settings(threshold=0)


class TheOpenPeriod(SimpleTestCase):
    def test_half_a_day_is_not_judged(self) -> None:
        values = visitors(100)
        values[-1] = 0
        series = daily(values)
        noon = dt.datetime.combine(series.starts[-1], dt.time(12), dt.UTC)
        self.assertEqual(judge(series, now=noon).judgements[-1].start, series.starts[-2])
        self.assertEqual(judge(series, now=noon + dt.timedelta(hours=12)).alarms[-1].start, series.starts[-1])

    def test_a_day_of_23_hours_ends_by_the_calendar_of_its_zone(self) -> None:
        berlin = ZoneInfo("Europe/Berlin")
        starts = tuple(
            dt.datetime(2025, 3, 30, tzinfo=berlin) - dt.timedelta(days=n) for n in range(2, -1, -1)
        )
        series = Series(starts, np.ones(3))
        end = dt.datetime(2025, 3, 30, 22, tzinfo=dt.UTC)
        self.assertEqual(len(series.closed(end).starts), 3)
        self.assertEqual(len(series.closed(end - dt.timedelta(seconds=1)).starts), 2)

    def test_the_hour_that_runs_is_not_judged(self) -> None:
        series = hourly(a_day_cycle(30 * 24))
        now = series.starts[-1] + dt.timedelta(minutes=59)
        self.assertEqual(judge(series, now=now).judgements[-1].start, series.starts[-2])


class WhatIsAnAnomaly(SimpleTestCase):
    def test_an_outage_is_told_with_what_was_expected(self) -> None:
        values = visitors(150)
        values[148] = 3
        alarm = judge(daily(values)).alarms[-1]
        self.assertEqual(alarm.start, MONDAY + dt.timedelta(days=148))
        self.assertEqual((alarm.direction, alarm.severity, alarm.kind), ("down", "critical", "point"))
        self.assertLess(alarm.z_score, -8)
        self.assertAlmostEqual(alarm.expected, 220, delta=40)
        self.assertTrue(alarm.lower < alarm.expected < alarm.upper and alarm.value < alarm.lower)

    def test_quiet_weekends_are_none(self) -> None:
        series = daily(visitors(200))
        settled = [found for found in judge(series).alarms if _place(found)[0] >= 21]
        weekends = [found for found in settled if found.start.weekday() >= 5]
        self.assertEqual(weekends, [])

    def test_a_busy_sunday_that_would_be_a_quiet_monday_is_one(self) -> None:
        values = visitors(153)
        values[-7:] = values[-14:-7]
        values[152 - 152 % 7 - 1] = 205  # a Sunday with the visitors of a Monday
        self.assertIn((152 - 152 % 7 - 1, "up"), [_place(found) for found in judge(daily(values)).anomalies])

    def test_each_day_is_judged_by_the_days_before_it_alone(self) -> None:
        values = visitors(160)
        values[120:123] = 2
        changed = values.copy()
        changed[130:] *= 7
        cases = {
            "seasonal": (daily, Settings(), values, changed, 130),
            "zscore": (daily, Settings(method="zscore"), values, changed, 130),
            "low counts": (
                daily,
                Settings(),
                np.minimum(values, 2),
                np.minimum(values, 2) + (changed - values),
                130,
            ),
            "hours": (hourly, Settings(), *_hours_that_change(at=500), 500),
        }
        for name, (series_of, settings, before, after, at) in cases.items():
            with self.subTest(name):
                first, second = (judge(series_of(values), settings).judgements for values in (before, after))
                cut = series_of(before).starts[
                    at - 7
                ]  # a week that a change falls into is changed as a whole
                kept = [found for found in first if found.start <= cut]
                self.assertEqual(kept, [found for found in second if found.start <= cut])
                self.assertTrue(kept)
                self.assertNotEqual(first, second)

    def test_an_incident_does_not_teach_the_forecast(self) -> None:
        calm, hit = visitors(150), visitors(150)
        hit[130:133] = 0
        expected = [
            {found.start: found.expected for found in judge(daily(values)).judgements}
            for values in (calm, hit)
        ]
        for number in range(137, 150):
            day = MONDAY + dt.timedelta(days=number)
            self.assertAlmostEqual(expected[1][day] / expected[0][day], 1, delta=0.15)

    def test_seven_days_a_little_low_are_a_shift(self) -> None:
        values = visitors(200, level=2000, noise=0.05)
        values[180:187] = np.round(values[180:187] * 0.88)
        found = [alarm for alarm in judge(daily(values)).alarms if 180 <= _place(alarm)[0] < 187]
        self.assertEqual(
            [(alarm.kind, alarm.direction, alarm.severity) for alarm in found], [("shift", "down", "high")]
        )
        self.assertIn("7 days together", found[0].note)

    def test_a_level_that_stays_becomes_the_usual_one(self) -> None:
        values = visitors(200)
        values[130:] *= 2
        late = [found for found in judge(daily(values)).anomalies if _place(found)[0] >= 150]
        self.assertLessEqual(len(late), 1)

    def test_rates_percentages_and_seconds_are_judged_like_counts(self) -> None:
        rng = np.random.default_rng(3)
        for name, level, noise, fault in (
            ("ratio", 0.042, 0.003, 0.012),
            ("uptime percent", 99.9, 0.02, 95.0),
            ("seconds", 0.8, 0.08, 3.1),
        ):
            with self.subTest(name):
                values = rng.normal(level, noise, 120)
                values[110] = fault
                self.assertIn(
                    (110, "up" if fault > level else "down"), [_place(f) for f in judge(daily(values)).alarms]
                )

    def test_growth_that_is_negative_at_times_is_judged(self) -> None:
        values = np.random.default_rng(4).normal(1.0, 4.0, 150)
        values[140] = -40
        found = judge(daily(values))
        self.assertIn((140, "down"), [_place(alarm) for alarm in found.alarms])
        self.assertTrue(all(math.isfinite(judgement.lower) for judgement in found.judgements))
        self.assertLess(judge(daily(values[:140])).judgements[-1].lower, 0)

    def test_counting_noise_is_no_anomaly(self) -> None:
        values = np.full(120, 8.0)  # so calm that any history would call 12 an event
        values[-1] = 12
        self.assertEqual(judge(daily(values)).alarms, ())


class WhatIsTold(SimpleTestCase):
    def test_an_incident_of_days_is_one_alarm(self) -> None:
        values = visitors(150)
        values[130:134] = 0
        judged = judge(daily(values))
        self.assertEqual([_place(alarm)[0] for alarm in judged.alarms if 129 < _place(alarm)[0] < 138], [130])
        self.assertGreaterEqual(
            len([found for found in judged.anomalies if 130 <= _place(found)[0] < 134]), 3
        )

    def test_an_incident_that_turns_critical_is_told_again(self) -> None:
        values = visitors(150, noise=0.03)
        values[130], values[131] = round(values[130] * 0.7), 0
        told = [
            (_place(alarm)[0], alarm.severity)
            for alarm in judge(daily(values)).alarms
            if _place(alarm)[0] >= 130
        ]
        self.assertEqual(told, [(130, "medium"), (131, "critical")])

    def test_severity_counts_how_far_and_how_long(self) -> None:
        self.assertEqual(
            [rate(*case) for case in ((0.9, 9), (1.1, 1), (1.5, 1), (1.1, 3), (2.5, 1), (1.5, 3), (3, 7))],
            ["", "medium", "high", "high", "critical", "critical", "critical"],
        )

    def test_holidays_are_neither_judged_nor_learned_from(self) -> None:
        values = visitors(160)
        off = [140, 141]
        values[off] = 5
        series, days = daily(values), frozenset(MONDAY + dt.timedelta(days=n) for n in off)
        with_holidays = judge(series, Settings(holidays=days))
        self.assertFalse(days & {found.start for found in with_holidays.judgements})
        self.assertTrue(days & {found.start for found in judge(series).alarms})
        gaps = values.copy()
        gaps[off] = math.nan
        self.assertEqual(with_holidays, judge(daily(gaps)))

    def test_a_higher_threshold_tells_less(self) -> None:
        series = daily(visitors(400, noise=0.3))
        counts = [
            simulate(series, Settings(threshold=limit, shift_threshold=limit)).count for limit in (1.5, 3, 6)
        ]
        self.assertEqual(counts, sorted(counts, reverse=True))
        self.assertGreater(counts[0], counts[2])


class HowMuchHistory(SimpleTestCase):
    def test_the_method_grows_with_the_history(self) -> None:
        methods = {_place(found)[0]: found.method for found in judge(daily(visitors(90))).judgements}
        self.assertEqual(
            [methods.get(number) for number in (13, 14, 20, 21, 55, 56, 89)],
            [
                None,
                "trailing_mad",
                "trailing_mad",
                "weekday_median",
                "weekday_median",
                "ridge_weekday",
                "ridge_weekday",
            ],
        )

    def test_a_young_metric_says_so(self) -> None:
        self.assertEqual(judge(daily(visitors(20))).judgements[-1].note, "young metric")
        self.assertEqual(judge(daily(visitors(28))).judgements[-1].note, "young metric")
        self.assertEqual(judge(daily(visitors(29))).judgements[-1].note, "")

    def test_two_weeks_are_needed(self) -> None:
        judged = judge(daily(visitors(14)))
        self.assertEqual((judged.status, judged.judgements), ("not_enough_data", ()))
        self.assertIn("14 days", judged.note)

    def test_fewer_than_three_a_day_are_judged_by_week(self) -> None:
        values = np.random.default_rng(5).poisson(1.6, 20 * 7).astype(float)
        values[-7:] = 9
        judged = judge(daily(values))
        self.assertEqual(
            (judged.status, judged.note), ("judged_by_week", "summed by week: fewer than 3 a day")
        )
        last = judged.judgements[-1]
        self.assertEqual(
            (last.interval, last.start, last.value), ("week", MONDAY + dt.timedelta(days=133), 63)
        )
        self.assertEqual((last.is_alarm, last.direction), (True, "up"))

    def test_low_counts_without_eight_weeks_are_not_judged(self) -> None:
        self.assertEqual(judge(daily(np.ones(40))).status, "not_enough_data")

    def test_weeks_are_judged_from_the_ninth_on(self) -> None:
        values = np.full(12, 100.0)
        values[-1] = 10
        starts = tuple(MONDAY + dt.timedelta(days=7 * n) for n in range(12))
        judged = judge(Series(starts, values, "week"))
        self.assertEqual([found.start for found in judged.judgements], list(starts[8:]))
        self.assertEqual([found.start for found in judged.alarms], [starts[-1]])


class OddSeries(SimpleTestCase):
    """Warnings are errors in this suite: a division by zero or an empty median fails these."""

    def test_nothing_known_is_not_enough(self) -> None:
        for name, values in {
            "empty": [],
            "gaps": [math.nan] * 90,
            "one": [1.0],
            "few": [math.nan, 2.0, 3.0],
        }.items():
            for method in ("seasonal", "zscore"):
                with self.subTest(name, method=method):
                    judged = judge(daily(np.array(values, dtype=float)), Settings(method=method))
                    self.assertEqual((judged.status, judged.judgements), ("not_enough_data", ()))
        self.assertEqual(judge(hourly(np.full(300, math.nan))).status, "not_enough_data")

    def test_a_constant_is_no_anomaly_and_its_jump_is_one(self) -> None:
        for name, series_of in {"days": daily, "hours": hourly}.items():
            for level in (0.0, 0.5, 40.0, -3.0):
                with self.subTest(name, level=level):
                    values = np.full(300, level)
                    self.assertEqual(judge(series_of(values)).anomalies, ())
                    values[-1] = level + 400
                    judged = judge(series_of(values))
                    if judged.status == "judged":
                        self.assertEqual(judged.anomalies[-1].start, series_of(values).starts[-1])
                        self.assertTrue(abs(judged.anomalies[-1].z_score) <= 99)

    def test_a_constant_amount_may_move_by_a_hundredth(self) -> None:
        values = np.full(100, 19.9)
        values[-1] = 20.1
        self.assertEqual(judge(daily(values)).anomalies, ())

    def test_gaps_are_not_zeros(self) -> None:
        values = visitors(150)
        values[100:104] = math.nan
        values[148] = 0
        judged = judge(daily(values))
        judged_days = {_place(found)[0] for found in judged.judgements}
        self.assertFalse(judged_days & {100, 101, 102, 103})
        self.assertTrue({99, 104} <= judged_days)
        self.assertEqual([_place(alarm)[0] for alarm in judged.alarms if _place(alarm)[0] > 99], [148])

    def test_gaps_before_the_first_value_change_nothing(self) -> None:
        values = visitors(150)
        late = np.concatenate([np.full(70, math.nan), values])
        series = daily(late, MONDAY - dt.timedelta(days=70))
        self.assertEqual(judge(series), judge(daily(values)))

    def test_a_gap_of_months_starts_no_alarm(self) -> None:
        values = visitors(300)
        values[100:200] = math.nan
        self.assertLessEqual(
            len([found for found in judge(daily(values)).alarms if _place(found)[0] >= 200]), 1
        )

    def test_huge_and_tiny_values_are_judged(self) -> None:
        for factor in (1e-12, 1e12):
            with self.subTest(factor):
                values = visitors(120) * factor
                values[-1] = 0
                self.assertEqual(_place(judge(daily(values)).alarms[-1]), (119, "down"))


class TheZScore(SimpleTestCase):
    def test_the_judged_value_is_not_among_those_it_is_judged_by(self) -> None:
        values = np.array([10.0, 12, 11, 9, 10, 8, 10, 100])
        found = judge(daily(values), Settings(method="zscore")).judgements[-1]
        self.assertAlmostEqual(found.expected, 10.0)
        self.assertAlmostEqual(found.z_score, 90 / np.std(values[:7], ddof=1))
        self.assertEqual((found.severity, found.direction), ("high", "up"))

    def test_over_two_is_medium_and_over_three_high(self) -> None:
        before = [90.0, 110.0] * 14
        spread = float(np.std(before, ddof=1))
        severities = [
            judge(daily(np.array([*before, 100 + z * spread])), Settings(method="zscore"))
            .judgements[-1]
            .severity
            for z in (1.9, 2.1, -2.9, 3.1)
        ]
        self.assertEqual(severities, ["", "medium", "medium", "high"])

    def test_without_spread_a_twentieth_of_the_mean_is_one_deviation(self) -> None:
        z = judge(daily(np.array([20.0] * 10 + [23.0])), Settings(method="zscore")).judgements[-1].z_score
        self.assertAlmostEqual(z, 3.0)

    def test_after_nothing_but_zeros_there_is_no_deviation(self) -> None:
        found = judge(daily(np.array([0.0] * 10 + [5.0])), Settings(method="zscore")).judgements[-1]
        self.assertEqual((found.z_score, found.is_anomaly), (0.0, False))
        self.assertIn("nothing but zeros", found.note)


class HoursAndMinutes(SimpleTestCase):
    def test_the_night_is_no_anomaly_and_noon_without_visitors_is(self) -> None:
        values = a_day_cycle(40 * 24)
        values[30 * 24 + 6 : 30 * 24 + 9] = 0  # the cycle is highest at 6
        judged = judge(hourly(values))
        alarms = [alarm for alarm in judged.alarms if alarm.start >= hourly(values).starts[10 * 24]]
        self.assertEqual(len(alarms), 1)
        self.assertEqual((alarms[0].start.day, alarms[0].direction), (5, "down"))  # 5 February, day 30
        self.assertIn(alarms[0].start.hour, (6, 7, 8))

    def test_a_weekly_pattern_is_learned(self) -> None:
        week = np.repeat([1.0, 1, 1, 1, 1, 0.1, 0.1], 24)
        values = a_day_cycle(10 * 168) * np.tile(week, 10)
        late = [alarm for alarm in judge(hourly(np.round(values))).alarms if alarm.start.month >= 2]
        self.assertEqual(late, [])

    def test_a_long_incident_is_told_once_a_day(self) -> None:
        rng = np.random.default_rng(2)
        values = rng.normal(50, 2, 20 * 288)
        values[15 * 288 : 15 * 288 + 400] += 60
        first = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
        starts = tuple(first + dt.timedelta(minutes=5 * n) for n in range(len(values)))
        judged = judge(Series(starts, values, "minutes"))
        alarms = [alarm for alarm in judged.alarms if alarm.start >= starts[15 * 288]]
        self.assertEqual(alarms[0].start, starts[15 * 288])
        self.assertEqual(len(alarms), 2)

    def test_two_hundred_values_are_needed(self) -> None:
        self.assertEqual(judge(hourly(a_day_cycle(200))).status, "not_enough_data")
        self.assertEqual(len(judge(hourly(a_day_cycle(201))).judgements), 1)


class TheSimulation(SimpleTestCase):
    def test_it_counts_what_would_have_been_told(self) -> None:
        values = visitors(240)
        values[[150, 190, 191]] = 0
        preview = simulate(daily(values), since=MONDAY + dt.timedelta(days=148))
        self.assertEqual(
            [_place(alarm)[0] for alarm in preview.alarms if alarm.direction == "down"], [150, 190]
        )
        self.assertEqual((preview.judged, preview.days), (92, 92.0))
        self.assertAlmostEqual(preview.per_month, preview.count / (92 / (365.25 / 12)))
        self.assertEqual(sum(preview.by_month.values()), preview.count)

    def test_it_tells_of_a_history_that_is_too_short(self) -> None:
        preview = simulate(daily(visitors(5)))
        self.assertEqual((preview.status, preview.count, preview.per_month), ("not_enough_data", 0, 0.0))


class FloorsOnSyntheticMetrics(SimpleTestCase):
    """Twelve seeded metrics with trends, seasons, autocorrelation and heavy tails, faults as in `make bench-ai`."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.metrics = {str(seed): daily(_lifelike(seed)) for seed in range(12)}

    def test_false_alarms_stay_under_one_in_two_months_and_faults_are_found(self) -> None:
        fewer = tuple(
            replace(fault) for fault in anomaly.FAULTS if fault.name in ("outage", "-60%", "-30% 7 d")
        )
        with _patched(anomaly, FAULTS=fewer, FAULTS_PER_KIND=2):
            ours = anomaly.measure_daily(anomaly.ours, self.metrics)
            spec = anomaly.measure_daily(anomaly.spec, self.metrics)
        self.assertLessEqual(ours["false_per_metric_month"], 0.5)
        self.assertGreaterEqual(ours["recall_by_fault"]["outage"], 0.95)
        self.assertGreaterEqual(ours["recall_by_fault"]["-60%"], 0.6)
        self.assertGreaterEqual(ours["recall"], spec["recall"] + 0.3)

    def test_after_three_weeks_false_alarms_stay_under_the_goal(self) -> None:
        self.assertLessEqual(anomaly.measure_young(anomaly.ours, self.metrics)["false_per_metric_month"], 0.7)


class TheNabScorer(SimpleTestCase):
    def setUp(self) -> None:
        window = np.zeros(1000, dtype=np.int64)
        window[500:600] = 1
        self.file = nab.File(np.arange(1000) * 300, np.zeros(1000), window)

    def test_silence_scores_zero_and_the_first_instant_a_hundred(self) -> None:
        self.assertEqual(nab.score([self.file], [[]])["nab_standard"], 0)
        self.assertEqual(nab.score([self.file], [[500]])["nab_standard"], 100)

    def test_late_detections_earn_less_and_only_the_first_counts(self) -> None:
        late = nab.score([self.file], [[599, 599]])["nab_standard"]
        self.assertTrue(50 < late < 55, late)

    def test_a_false_alarm_far_from_a_window_costs_its_full_price(self) -> None:
        figures = nab.score([self.file], [[300, 500]])
        self.assertEqual(figures["nab_standard"], round(100 * (2 - 0.11) / 2, 1))
        self.assertEqual((figures["precision"], figures["recall"]), (0.5, 1.0))

    def test_what_falls_into_the_learning_part_is_not_scored(self) -> None:
        self.assertEqual(nab.score([self.file], [[149, 500]])["nab_standard"], 100)


class TheBench(SimpleTestCase):
    def test_files_of_another_shape_are_left_out(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        series = daily(visitors(130))
        with tempfile.TemporaryDirectory() as folder, _patched(anomaly, FAULTS_PER_KIND=1):
            (Path(folder) / "anomaly").mkdir()
            days = pa.array(
                [dt.datetime.combine(day, dt.time()) for day in series.starts], pa.timestamp("ns")
            )
            table = pa.table({"series": ["a"] * 130, "date": days, "value": series.values})
            pq.write_table(table, Path(folder) / "anomaly" / "shop.parquet")
            pq.write_table(table.drop(["value"]), Path(folder) / "anomaly" / "odd.parquet")
            found = anomaly.measure(Path(folder))
        self.assertEqual(list(found), ["shop", "shop, after 21 days"])
        self.assertEqual(set(found["shop"]), {"ours", "spec", "zscore_28", "mad_28"})
        self.assertEqual(len(found["shop"]["ours"]["recall_by_fault"]), 7)

    def test_a_folder_without_files_gives_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(anomaly.measure(Path(folder)), {})


@override_settings(ANALYTICS_TIME_ZONE="Europe/Berlin")
class StoredMetrics(TestCase):
    """A metric in Berlin days, the last of which ended at the present midnight."""

    zone = ZoneInfo("Europe/Berlin")
    days = 120
    first = MONDAY

    def setUp(self) -> None:
        at = dt.datetime.combine(self.first + dt.timedelta(days=self.days), dt.time(9), self.zone)
        self.enterContext(clock.frozen(at))

    def store(self, name: str, values: np.ndarray, **fields: Any) -> list[BusinessMetric]:
        midnights = [
            dt.datetime.combine(self.first + dt.timedelta(days=n), dt.time(), self.zone)
            for n in range(len(values) + 1)
        ]
        return BusinessMetric.objects.bulk_create(
            BusinessMetric(
                metric_type="kpi",
                metric_name=name,
                period_type=fields.get("period_type", "day"),
                period_start=midnights[n],
                period_end=midnights[n + 1],
                dimensions=fields.get("dimensions", {}),
                value=Decimal(str(value)),
            )
            for n, value in enumerate(values)
            if not math.isnan(value)
        )

    def test_the_specifications_keys_name_the_row(self) -> None:
        values = visitors(self.days)
        values[117] = 1
        rows = self.store("visitors", values)
        for method in ("zscore", "seasonal"):
            with self.subTest(method):
                found = [f for f in detect_anomalies("visitors", method=method) if f["direction"] == "down"]
                self.assertEqual([finding["metric"] for finding in found], [rows[117]])
                self.assertLess(found[0]["z_score"], -2)
                self.assertEqual(found[0]["actual_value"], 1.0)
                self.assertGreater(found[0]["expected_value"], 100)
                self.assertEqual(found[0]["period_start"], rows[117].period_start)
                self.assertEqual(found[0]["severity"], {"zscore": "high", "seasonal": "critical"}[method])

    def test_only_the_last_days_are_answered(self) -> None:
        values = visitors(self.days)
        values[100] = 0
        self.store("visitors", values)
        named = [found["metric"].period_start for found in detect_anomalies("visitors", 7, "seasonal")]
        self.assertNotIn(100, [(at.astimezone(self.zone).date() - self.first).days for at in named])
        self.assertEqual(
            len([f for f in detect_anomalies("visitors", 20, "seasonal") if f["actual_value"] == 0]), 1
        )

    def test_a_period_that_runs_is_never_judged(self) -> None:
        values = visitors(self.days + 1)
        values[-1] = 0  # today, which has nine hours behind it
        self.store("visitors", values)
        for method in ("zscore", "seasonal"):
            self.assertEqual(
                [f for f in detect_anomalies("visitors", 7, method) if f["actual_value"] == 0], []
            )

    def test_parts_of_a_metric_and_other_periods_are_not_mixed_in(self) -> None:
        self.store("visitors", visitors(self.days))
        self.store("visitors", visitors(self.days) * 50, dimensions={"country": "AT"})
        self.store("visitors", visitors(self.days) * 90, period_type="week")
        self.assertLess(max(j.value for j in judge_metric("visitors").judgements), 500)

    def test_all_metrics_are_read_in_one_query(self) -> None:
        broken = visitors(self.days)
        broken[-1] = 0
        for name in ("logins", "orders", "visitors"):
            self.store(name, broken if name != "orders" else visitors(self.days))
        with self.assertNumQueries(1):
            found = [finding for finding in detect_all() if finding["actual_value"] == 0]
        self.assertEqual([finding["metric"].metric_name for finding in found], ["logins", "visitors"])

    def test_low_counts_name_the_last_day_of_their_week(self) -> None:
        values = np.random.default_rng(5).poisson(1.6, self.days).astype(float)
        values[112:119] = 9  # Monday to Sunday
        rows = self.store("refunds", values)
        found = detect_anomalies("refunds", 7, "seasonal")
        self.assertEqual(
            [(f["metric"], f["interval"], f["actual_value"]) for f in found], [(rows[118], "week", 63.0)]
        )

    def test_a_metric_without_rows_or_with_few_has_none(self) -> None:
        self.store("new", visitors(6))
        self.assertEqual(detect_anomalies("unheard_of"), [])
        self.assertEqual(detect_anomalies("new"), [])
        self.assertEqual(detect_all(), [])

    def test_the_preview_counts_the_alarms_of_the_last_days(self) -> None:
        values = visitors(self.days)
        values[[60, 110]] = 0
        self.store("visitors", values)
        preview = simulate_metric("visitors", days=30)
        self.assertEqual([_place(alarm) for alarm in preview.alarms if alarm.value == 0], [(110, "down")])
        self.assertEqual(preview.judged, 30)

    def test_a_day_whose_row_is_missing_is_a_gap(self) -> None:
        values = visitors(self.days)
        values[[80, 118]] = math.nan
        self.store("visitors", values)
        self.assertEqual(len(judge_metric("visitors", 10).judgements), 9)

    def test_an_unknown_method_and_impossible_days_are_refused(self) -> None:
        with self.assertRaisesMessage(BadInput, "method: one of seasonal, zscore"):
            detect_anomalies("visitors", method="magic")
        for days in (0, 4_000):
            with self.assertRaisesMessage(BadInput, "days: 1 to 3650"):
                detect_anomalies("visitors", days)


def _place(found: Judgement) -> tuple[int, str]:
    """The number of its day, and the side it lies on."""
    return (found.start - MONDAY).days, found.direction


def _hours_that_change(at: int) -> tuple[np.ndarray, np.ndarray]:
    before = a_day_cycle(700)
    after = before.copy()
    after[at:] *= 5
    return before, after


def _lifelike(seed: int) -> np.ndarray:
    """Two years of counts: level 20 to 2,000, slow growth, a week, drifting noise with a heavy tail."""
    rng = np.random.default_rng(100 + seed)
    days = 420
    drift = np.zeros(days)
    for day in range(1, days):
        drift[day] = 0.8 * drift[day - 1] + rng.normal(0, 0.04)
    weekly = np.tile(rng.normal(0, 0.25, 7), days // 7 + 1)[:days]
    level = math.log(20) + rng.uniform(0, math.log(100)) + rng.normal(0, 0.001) * np.arange(days)
    return rng.poisson(np.exp(level + weekly + drift + 0.06 * rng.standard_t(5, days))).astype(float)


def _patched(module: ModuleType, **values: Any) -> AbstractContextManager[Any]:
    return mock.patch.multiple(module, **values)
