"""How far each sink of events is in the stream, and what it has acknowledged.

The stream is the order of sealing (transaction, then row), read only as far as every transaction has ended, so that no
event can appear behind a sink. A sink has one position, which moves in the transaction that counts what it took: no row
per event is written. A transaction of any size is read in parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from analytics import clock
from analytics.models import ArchivedEvent, ForwardedDay, ForwardedMinute, OutboxMessage, SinkState, UserEvent
from analytics.models.choices import OutboxState, Outcome
from analytics.store import hot, ledger
from analytics.store.lake import cluster
from analytics.store.outbox import put_message
from analytics.store.sealing import safe_bound

#: Kind of the outbox messages that stand for single events which a sink would not have.
PUT_ASIDE = "event"

#: A transaction that began before midnight has committed, or was cut, an hour later.
_GRACE = timedelta(hours=1)
_COMPARED_DAYS = 14
_COMPARED_AGAIN = timedelta(days=1)
_HELD_BACK = timedelta(days=7)


class Overtaken(Exception):
    """Another process has moved the sink meanwhile; what was just sent, it has sent as well."""


@dataclass(frozen=True)
class Part:
    """The next events of a sink in their order; `bound`: the watermark up to which all is known when none is left."""

    events: Sequence[UserEvent]
    bound: int
    is_last: bool


@dataclass(frozen=True)
class Lag:
    """How far a sink is behind: events that wait, and the age of the oldest."""

    events: int
    seconds: float


def state_of(sink: str) -> SinkState:
    """The sink's state, which begins at the present end of the stream: history is not sent unless `restart` says so.

    In a database that was restored into another cluster transactions count anew: then all that is there goes out
    again, under the same uuids.
    """
    with transaction.atomic():
        bound = safe_bound()
        began = {"began_at": clock.now(), "began_watermark": bound, "watermark": bound, "cluster": cluster()}
        state, _ = SinkState.objects.get_or_create(sink=sink, defaults=began)
        if state.cluster == 0:  # made for its messages, before it ever got events
            SinkState.objects.filter(sink=sink).update(**began)
            state.refresh_from_db()
    return state if state.cluster == cluster() else restart(sink)


def restart(sink: str) -> SinkState:
    """Let everything that the database still has go out, from the beginning; what was counted is forgotten."""
    began = {"began_at": clock.now(), "began_watermark": 0, "watermark": 0, "row_id": 0, "cluster": cluster()}
    with transaction.atomic():
        ForwardedMinute.objects.filter(sink=sink).delete()
        ForwardedDay.objects.filter(sink=sink).delete()
        state, _ = SinkState.objects.update_or_create(sink=sink, defaults=began)
    return state


def next_part(state: SinkState, limit: int) -> Part:
    """The next events behind the sink's position, at most so many."""
    bound = safe_bound()
    events = list(_behind(state).filter(**{f"{hot.mark()}__lt": bound}).order_by(hot.mark(), "id")[:limit])
    return Part(events, bound, is_last=len(events) < limit)


def take(state: SinkState, part: Part, refused: Iterable[UserEvent] = (), reason: str = "") -> None:
    """Note that the sink has acknowledged a part but for `refused`, which become messages that were given up.

    **Errors**: `Overtaken`; nothing is noted then.
    """
    now, put_aside = clock.now(), list(refused)
    count = len(part.events) - len(put_aside)
    watermark, row_id = position = _position_after(state, part)
    changes: dict[str, Any] = {"watermark": watermark, "row_id": row_id}
    if part.events:
        changes |= {"delivered": F("delivered") + count, "last_delivered_at": now}
        changes |= {"faults_in_a_row": 0, "resting_until": None}
    with transaction.atomic():
        here = SinkState.objects.filter(sink=state.sink, watermark=state.watermark, row_id=state.row_id)
        if not here.update(**changes):
            raise Overtaken(state.sink)
        if part.events:
            _count_minute(state.sink, now, position, count)
            _count_days(state.sink, now, part.events, put_aside)
        for event in put_aside:
            _put_aside(state.sink, event, reason)
    state.refresh_from_db()


def note_fault(sink: str, error: str, wait: timedelta) -> None:
    """Let the sink rest after a fault; the position stays."""
    now = clock.now()
    SinkState.objects.filter(sink=sink).update(
        last_error=error[:500],
        last_error_at=now,
        faults_in_a_row=F("faults_in_a_row") + 1,
        resting_until=now + wait,
    )


def lag(state: SinkState) -> Lag:
    """Events that the sink has yet to get."""
    waiting = _behind(state)
    oldest = waiting.order_by(hot.mark(), "id").values_list("created_at", flat=True).first()
    seconds = (clock.now() - oldest).total_seconds() if oldest else 0.0
    return Lag(waiting.count(), max(0.0, seconds))


def slowest_watermark() -> int | None:
    """The watermark from which on some sink has yet to get events: rows from there on must not leave the database.

    None where no sink gets events. One that was heard of for the last time a week ago holds nothing back: it has been
    switched off.
    """
    since = clock.now() - _HELD_BACK
    is_alive = Q(began_at__gte=since) | Q(last_delivered_at__gte=since) | Q(last_error_at__gte=since)
    found = SinkState.objects.filter(is_alive, cluster=cluster()).order_by("watermark")
    return found.values_list("watermark", flat=True).first()


def forwarded_at(event: UserEvent | ArchivedEvent) -> datetime | None:
    """When the first sink had acknowledged an event: to the minute while minutes are kept, "at the latest" then.

    None while no sink has it, and for an event that a sink would not have.
    """
    times = [_forwarded_to(state, event) for state in SinkState.objects.exclude(cluster=0)]
    return min((at for at in times if at is not None), default=None)


def compare(state: SinkState) -> list[ForwardedDay]:
    """Compare closed days, each until it adds up with nothing waiting, once a day; those that do not add up.

    A day does not when events were stored, but neither acknowledged, refused nor waiting. The caller holds the sink's
    lock, so that nothing moves meanwhile. The day on which the sink began is never whole.
    """
    now = clock.now()
    oldest = (now - timedelta(days=_COMPARED_DAYS)).date()
    first = max(state.began_at.astimezone(UTC).date() + timedelta(days=1), oldest)
    rows = {row.day: row for row in ForwardedDay.objects.filter(sink=state.sink, day__gte=first)}
    odd = []
    for number in range(((now - _GRACE).date() - first).days):
        day = first + timedelta(days=number)
        row = rows.get(day) or ForwardedDay.objects.get_or_create(sink=state.sink, day=day)[0]
        if row.compared_at is not None:
            is_settled = not (row.waiting or row.missing)
            if is_settled or row.compared_at > now - _COMPARED_AGAIN:
                continue
        _compare_day(state, row)
        if row.missing:
            odd.append(row)
    return odd


def forget(before: datetime) -> None:
    """Delete minutes that are older; days are kept."""
    ForwardedMinute.objects.filter(at__lt=before).delete()


def _behind(state: SinkState) -> QuerySet[UserEvent]:
    mark = hot.mark()
    return UserEvent.objects.filter(**{f"{mark}__gte": state.watermark}).exclude(
        **{mark: state.watermark, "id__lte": state.row_id}
    )


def _position_after(state: SinkState, part: Part) -> tuple[int, int]:
    if not part.is_last:
        last = part.events[-1]
        return hot.watermark_of(last.insert_xid, last.pk), last.pk
    if part.bound > state.watermark:
        return part.bound, 0
    return state.watermark, state.row_id


def _count_minute(sink: str, at: datetime, position: tuple[int, int], count: int) -> None:
    """One row a minute: the newest is moved on while its minute lasts."""
    minute = at.replace(second=0, microsecond=0)
    watermark, row_id = position
    newest = ForwardedMinute.objects.filter(sink=sink, at__gte=minute).order_by("-id").first()
    if newest is None:
        ForwardedMinute.objects.create(sink=sink, at=at, watermark=watermark, row_id=row_id, events=count)
        return
    newest.at, newest.watermark, newest.row_id, newest.events = at, watermark, row_id, newest.events + count
    newest.save()


def _count_days(sink: str, at: datetime, events: Sequence[UserEvent], refused: Sequence[UserEvent]) -> None:
    all_of = Counter(_day_of(event) for event in events)
    none_of = Counter(_day_of(event) for event in refused)
    for day, count in sorted(all_of.items()):
        row, _ = ForwardedDay.objects.get_or_create(sink=sink, day=day)
        ForwardedDay.objects.filter(pk=row.pk).update(
            delivered=F("delivered") + count - none_of[day], refused=F("refused") + none_of[day], last_at=at
        )


def _day_of(event: UserEvent | ArchivedEvent) -> date:
    return event.received_at.astimezone(UTC).date()


def _put_aside(sink: str, event: UserEvent, reason: str) -> None:
    """A message that was given up: people see it, and can let it go out again."""
    message = put_message(
        sink=sink, kind=PUT_ASIDE, payload={"uuid": str(event.uuid)}, ordering_key=str(event.uuid)
    )
    OutboxMessage.objects.filter(pk=message.pk).update(state=OutboxState.DEAD, last_error=reason[:500])


def _compare_day(state: SinkState, row: ForwardedDay) -> None:
    start = datetime.combine(row.day, time(), UTC)
    end = start + timedelta(days=1)
    row.stored = ledger.totals(start, end).get((Outcome.STORED.value, ""), 0)
    row.waiting = _behind(state).filter(received_at__gte=start, received_at__lt=end).count()
    row.missing = row.stored - row.delivered - row.refused - row.waiting
    row.compared_at = clock.now()
    row.save(update_fields=["stored", "waiting", "missing", "compared_at"])


def _forwarded_to(state: SinkState, event: UserEvent | ArchivedEvent) -> datetime | None:
    if _is_put_aside(state.sink, event):
        return None
    day = ForwardedDay.objects.filter(sink=state.sink, day=_day_of(event)).first()
    latest = day.last_at if day is not None else None
    if isinstance(event, ArchivedEvent):  # rows are archived when every sink has them
        return latest if event.created_at >= state.began_at else None
    place = hot.watermark_of(event.insert_xid, event.pk)
    if place < state.began_watermark or (place, event.pk) > (state.watermark, state.row_id):
        return None
    minutes = ForwardedMinute.objects.filter(sink=state.sink).filter(
        Q(watermark__gt=place) | Q(watermark=place, row_id__gte=event.pk)
    )
    minute = minutes.order_by("watermark", "row_id", "at").values_list("at", flat=True).first()
    return min((at for at in (minute, latest) if at is not None), default=None)


def _is_put_aside(sink: str, event: UserEvent | ArchivedEvent) -> bool:
    messages = OutboxMessage.objects.filter(sink=sink, kind=PUT_ASIDE, ordering_key=str(event.uuid))
    return messages.exclude(state=OutboxState.DELIVERED).exists()
