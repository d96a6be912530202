"""Whether the data is all there: the ledger by day, what was refused and why, and how far each stage has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDay

from analytics import clock, conf
from analytics.models import LedgerEntry, OutboxMessage, RejectedEvent, SinkState, WorkCursor
from analytics.models.choices import OutboxState, Outcome
from analytics.reports import debugging, health
from analytics.reports.answering import answering
from analytics.store import forwarded, hot, lake

REFUSED = (Outcome.REJECTED.value, Outcome.QUARANTINED.value)


@dataclass(frozen=True)
class LedgerDay:
    """What became of the events that arrived on one day of the deployment's zone."""

    day: date
    stored: int = 0
    duplicate: int = 0
    quarantined: int = 0
    rejected: int = 0

    @property
    def received(self) -> int:
        """All of them."""
        return self.stored + self.duplicate + self.quarantined + self.rejected


@dataclass(frozen=True)
class RefusedReason:
    """A reason: how many events met it in the range, and how many bodies are kept that no replay has stored yet."""

    reason: str
    outcome: str
    events: int
    waiting: int


@dataclass(frozen=True)
class Sealing:
    """Events that the lake does not hold yet, and the age of the oldest."""

    waiting: int
    oldest_s: float


@dataclass(frozen=True)
class LakeState:
    """The newest version of the lake."""

    version: int
    rows: int
    files: int
    size_bytes: int
    watermark: int
    newest_day: date | None


@dataclass(frozen=True)
class SinkLine:
    """A sink: what it has, what waits for it, and its last fault. `waiting_events` is None for one of messages only."""

    name: str
    last_delivered_at: datetime | None
    delivered: int
    waiting_events: int | None
    lag_s: float
    faults_in_a_row: int
    last_error: str
    last_error_at: datetime | None
    resting_until: datetime | None


@dataclass(frozen=True)
class OutboxLine:
    """Messages to one sink."""

    sink: str
    waiting: int
    given_up: int
    oldest_waiting_s: float


@dataclass(frozen=True)
class Work:
    """Background work: None for what no worker answered. `unread`: events that a kind of work has not looked at."""

    active_tasks: int | None
    queue_lengths: dict[str, int] | None
    unread: dict[str, int]


@dataclass(frozen=True)
class Stages:
    """Every stage behind the ledger."""

    sealing: Sealing
    lake: LakeState
    sinks: list[SinkLine]
    outbox: list[OutboxLine]
    work: Work
    health: health.Health


def ledger_days(first: date, last: date) -> list[LedgerDay]:
    """The ledger day by day, both days included, every day present; it adds up to `reports.ingestion.ledger`."""
    zone = conf.get().zone
    found: dict[date, dict[str, int]] = {}
    entries = _entries(first, last).annotate(day=TruncDay("hour", tzinfo=zone))
    for day, outcome, total in entries.values_list("day", "outcome").annotate(total=Sum("count")):
        found.setdefault(day.date(), {})[outcome] = total
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [LedgerDay(day, **found.get(day, {})) for day in days]


def refused_reasons(first: date, last: date) -> list[RefusedReason]:
    """Reasons that were met in the range or whose bodies still wait, the most frequent first."""
    counted = _entries(first, last).filter(outcome__in=REFUSED)
    counts: dict[tuple[str, str], int] = {
        (reason, outcome): total
        for reason, outcome, total in counted.values_list("reason", "outcome").annotate(total=Sum("count"))
    }
    kept = RejectedEvent.objects.filter(replayed_at=None).values_list("reason", "outcome")
    waiting = {(reason, outcome): total for reason, outcome, total in kept.annotate(total=Count("pk"))}
    lines = [
        RefusedReason(*key, counts.get(key, 0), waiting.get(key, 0)) for key in sorted({*counts, *waiting})
    ]
    return sorted(lines, key=lambda line: (-line.events, -line.waiting, line.reason))


def stages() -> Stages:
    """How far each stage has come. **Errors**: `Unavailable` when the lake cannot be read."""
    with answering():
        snapshot = lake.lake().snapshot()
        waiting, _ = hot.count_from(snapshot.watermark)
        oldest = hot.events_from(snapshot.watermark).aggregate(at=Min("created_at"))["at"]
        files = snapshot.files
    state = LakeState(
        version=snapshot.version,
        rows=snapshot.rows,
        files=len(files),
        size_bytes=sum(file.size_bytes for file in files),
        watermark=snapshot.watermark,
        newest_day=max((file.day for file in files if file.rows), default=None),
    )
    return Stages(Sealing(waiting, _age_s(oldest)), state, _sinks(), _outbox(), _work(), health.detailed())


def _entries(first: date, last: date) -> QuerySet[LedgerEntry]:
    zone = conf.get().zone
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    after = last + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone)
    return LedgerEntry.objects.filter(hour__gte=start, hour__lt=end).order_by()


def _sinks() -> list[SinkLine]:
    lines = []
    for state in SinkState.objects.order_by("sink"):
        lag = forwarded.lag(state) if state.cluster else None
        lines.append(
            SinkLine(
                state.sink, state.last_delivered_at, state.delivered, lag.events if lag else None,
                lag.seconds if lag else 0.0, state.faults_in_a_row, state.last_error, state.last_error_at,
                state.resting_until,
            )
        )  # fmt: skip
    return lines


def _outbox() -> list[OutboxLine]:
    pending, dead = Q(state=OutboxState.PENDING), Q(state=OutboxState.DEAD)
    rows = (
        OutboxMessage.objects.filter(pending | dead)
        .values("sink")
        .annotate(
            waiting=Count("pk", filter=pending),
            given_up=Count("pk", filter=dead),
            oldest=Min("created_at", filter=pending),
        )
        .order_by("sink")
    )
    return [OutboxLine(row["sink"], row["waiting"], row["given_up"], _age_s(row["oldest"])) for row in rows]


def _work() -> Work:
    found = debugging.debug_info()
    cursors = WorkCursor.objects.order_by("name").values_list("name", "watermark")
    unread = {name: hot.count_from(watermark)[0] for name, watermark in cursors}
    return Work(found.active_tasks, found.queue_lengths, unread)


def last_used(labels: list[str]) -> dict[str, datetime]:
    """The start of the hour in which each ingest key brought an event last, by label."""
    rows = LedgerEntry.objects.filter(ingest_key__in=labels).order_by().values_list("ingest_key")
    return dict(rows.annotate(last=Max("hour")))


def _age_s(at: datetime | None) -> float:
    return max(0.0, (clock.now() - at).total_seconds()) if at is not None else 0.0
