"""Read when Prometheus asks: what waits for sealing, enrichment, delivery; who is active; this process's memory.

Every figure is a quick one: a count behind an index, or a difference of two rows. One that cannot be read is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from django.db.models import Count, Max, Min
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analytics import clock
from analytics.models import EventChange, OutboxMessage, SinkState, UserEvent, WorkCursor
from analytics.models.choices import OutboxState
from analytics.monitoring.memory import get_memory_usage
from analytics.store import forwarded, hot, lake

logger = logging.getLogger("analytics.monitoring")

#: Who sent an event in this time is active.
ACTIVE_FOR = timedelta(minutes=15)
#: At most so many of the newest events are looked at, however many there are.
_NEWEST_EVENTS = 50_000


class BacklogCollector(Collector):
    """Gauges of what waits, of who is active and of memory."""

    def collect(self) -> Iterable[Metric]:
        """One family after another; a family whose rows cannot be read is logged and left out."""
        for family in _FAMILIES:
            try:
                yield from family()
            except Exception:
                logger.exception("a gauge cannot be read")


def _unsealed() -> Iterator[Metric]:
    watermark = lake.lake().snapshot().watermark
    rows, _ = hot.count_from(watermark)
    yield GaugeMetricFamily("analytics_unsealed_events", "Events that the lake does not hold yet", rows)
    oldest = hot.events_from(watermark).aggregate(at=Min("created_at"))["at"]
    lag_s = (clock.now() - oldest).total_seconds() if oldest else 0.0
    yield GaugeMetricFamily(
        "analytics_sealing_lag_seconds", "Age of the oldest event that is not sealed", lag_s
    )


def _changes() -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "analytics_pending_changes",
        "Changed rows that the lake does not hold yet",
        EventChange.objects.count(),
    )


def _cursors() -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "analytics_unread_events", "Events that work has not looked at", labels=["work"]
    )
    for name, watermark in WorkCursor.objects.values_list("name", "watermark"):
        waiting.add_metric([name], hot.count_from(watermark)[0])
    yield waiting


def _outbox() -> Iterator[Metric]:
    pending = GaugeMetricFamily(
        "analytics_outbox_pending", "Messages that wait for delivery", labels=["sink"]
    )
    age = GaugeMetricFamily("analytics_outbox_lag_seconds", "Age of the oldest of them", labels=["sink"])
    dead = GaugeMetricFamily("analytics_outbox_dead", "Messages that were given up", labels=["sink"])
    rows = OutboxMessage.objects.filter(state=OutboxState.PENDING).values("sink")
    for row in rows.annotate(count=Count("pk"), oldest=Min("created_at")):
        pending.add_metric([row["sink"]], row["count"])
        age.add_metric([row["sink"]], (clock.now() - row["oldest"]).total_seconds())
    given_up = OutboxMessage.objects.filter(state=OutboxState.DEAD).values("sink").annotate(count=Count("pk"))
    for found in given_up:
        dead.add_metric([found["sink"]], found["count"])
    yield from (pending, age, dead)


def _sinks() -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "analytics_sink_waiting_events", "Events that a sink has yet to get", labels=["sink"]
    )
    age = GaugeMetricFamily("analytics_sink_lag_seconds", "Age of the oldest of them", labels=["sink"])
    faults = GaugeMetricFamily(
        "analytics_sink_faults_in_a_row", "Faults since it last took something", labels=["sink"]
    )
    for state in SinkState.objects.exclude(cluster=0):
        lag = forwarded.lag(state)
        waiting.add_metric([state.sink], lag.events)
        age.add_metric([state.sink], lag.seconds)
        faults.add_metric([state.sink], state.faults_in_a_row)
    yield from (waiting, age, faults)


def _active_users() -> Iterator[Metric]:
    """Persons among the newest events; the primary key leads there, so that the table's size does not matter."""
    newest = UserEvent.objects.aggregate(pk=Max("pk"))["pk"] or 0
    recent = UserEvent.objects.filter(
        pk__gt=newest - _NEWEST_EVENTS, created_at__gte=clock.now() - ACTIVE_FOR
    )
    yield GaugeMetricFamily(
        "analytics_active_users",
        "Persons with an event in the last 15 minutes",
        recent.aggregate(count=Count("person", distinct=True))["count"],
    )


def _memory() -> Iterator[Metric]:
    usage = get_memory_usage()
    sizes = GaugeMetricFamily(
        "analytics_memory_bytes", "Memory of the web process that answers", labels=["kind"]
    )
    for kind in ("rss", "vms"):
        sizes.add_metric([kind], usage[kind] * 1024 * 1024)
    yield sizes
    yield GaugeMetricFamily("analytics_memory_percent", "Its share of the machine's memory", usage["percent"])


_FAMILIES: tuple[Callable[[], Iterator[Metric]], ...] = (
    _unsealed, _changes, _cursors, _outbox, _sinks, _active_users, _memory,
)  # fmt: skip
