"""The events of one test: rows that were stored since it began, so that what was rolled back is not among them.

No lake, worker or thread is needed: while they are captured, events are stored in the test's own transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, overload

from django.db import connection
from django.db.models import Max
from django.test import override_settings

from analytics.ingestion.commit import events_stored
from analytics.models import UserEvent

_MOST_SHOWN = 30
_MOST_METADATA_CHARACTERS = 200


class TrackedEvents(Sequence[UserEvent]):
    """The events so far, oldest first; made by `capture_events`."""

    def __init__(self) -> None:
        self._after = UserEvent.objects.aggregate(last=Max("pk"))["last"] or 0

    @overload
    def __getitem__(self, place: int) -> UserEvent: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[UserEvent]: ...
    def __getitem__(self, place: int | slice) -> UserEvent | Sequence[UserEvent]:
        return self._rows()[place]

    def __len__(self) -> int:
        return len(self._rows())

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [event.event_name for event in self._rows()]

    def matching(
        self, event_name: str, metadata: Mapping[str, Any] | None = None, **columns: Any
    ) -> list[UserEvent]:
        """Those of a name whose metadata has at least these entries, and whose columns are these."""
        return [event for event in self._rows() if not _difference(event, event_name, metadata, columns)]

    def assert_tracked(
        self,
        event_name: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        times: int | None = None,
        **columns: Any,
    ) -> None:
        """An event like this was tracked: at least once, or exactly so many `times`.

        `metadata` names entries that it has among others; `columns` are columns of `UserEvent`, such as `user` or
        `distinct_id`. **Errors**: `AssertionError` that shows what was tracked instead.
        """
        found = len(self.matching(event_name, metadata, **columns))
        if found == times or (times is None and found):
            return
        wanted = "at least once" if times is None else _times(times)
        self._fail(
            f"{event_name!r} was to be tracked {wanted} and was {_times(found)}",
            event_name,
            metadata,
            columns,
        )

    def assert_not_tracked(
        self, event_name: str, metadata: Mapping[str, Any] | None = None, **columns: Any
    ) -> None:
        """No event like this was tracked. **Errors**: `AssertionError` that shows what was tracked."""
        found = len(self.matching(event_name, metadata, **columns))
        if found:
            self._fail(
                f"{event_name!r} was not to be tracked and was {_times(found)}", event_name, metadata, columns
            )

    def _rows(self) -> list[UserEvent]:
        return list(UserEvent.objects.filter(pk__gt=self._after).order_by("pk"))

    def _fail(
        self, said: str, event_name: str, metadata: Mapping[str, Any] | None, columns: Mapping[str, Any]
    ) -> None:
        rows = self._rows()
        wanted = {**({"metadata": dict(metadata)} if metadata else {}), **columns}
        lines = [f"{said}, with {wanted}" if wanted else said]
        lines.append(f"Tracked in this test: {len(rows)}" + (":" if rows else ""))
        for event in rows[:_MOST_SHOWN]:
            why = _difference(event, event_name, metadata, columns) if event.event_name == event_name else ""
            lines.append(f"  {_shown(event)}" + (f"  <- {why}" if why else ""))
        if len(rows) > _MOST_SHOWN:
            lines.append(f"  and {len(rows) - _MOST_SHOWN} more")
        if waiting := _count_callbacks():
            lines.append(
                f"on_commit callbacks that have not run: {waiting}; in a TestCase use "
                "captureOnCommitCallbacks(execute=True)"
            )
        raise AssertionError("\n".join(lines))


@contextmanager
def capture_events() -> Iterator[TrackedEvents]:
    """The events that are tracked inside, by `track()`, middleware, signals and SDKs alike."""
    with override_settings(ANALYTICS_ENABLED=True, ANALYTICS_INLINE_WRITER=True):
        yield TrackedEvents()


def _difference(
    event: UserEvent, event_name: str, metadata: Mapping[str, Any] | None, columns: Mapping[str, Any]
) -> str:
    """In what the event is not what is looked for; empty where it is."""
    if event.event_name != event_name:
        return f"its name is {event.event_name!r}"
    for name, value in (metadata or {}).items():
        if name not in event.metadata:
            return f"it has no {name!r} in its metadata"
        if event.metadata[name] not in (value, _as_json(value)):
            return f"{name!r} is {event.metadata[name]!r} and not {value!r}"
    for name, value in columns.items():
        if getattr(event, name) != value:
            return f"{name} is {getattr(event, name)!r} and not {value!r}"
    return ""


def _as_json(value: Any) -> Any:
    """The value as metadata keeps it: JSON, and text for what JSON does not know."""
    try:
        return json.loads(json.dumps(value, default=str))
    except TypeError:  # such as mock.ANY in a dict with keys that are no text
        return value


def _shown(event: UserEvent) -> str:
    text = json.dumps(event.metadata, ensure_ascii=False, default=str)
    if len(text) > _MOST_METADATA_CHARACTERS:
        text = text[:_MOST_METADATA_CHARACTERS] + "..."
    return f"{event.event_name}  distinct_id={event.distinct_id!r}  metadata={text}"


def _count_callbacks() -> int:
    """The project's callbacks that wait for a commit; ours track nothing."""
    functions = [callback[1] for callback in connection.run_on_commit]
    return sum(
        getattr(function, "__module__", "").partition(".")[0] != "analytics"
        and getattr(function, "func", None) != events_stored.send
        for function in functions
    )


def _times(count: int) -> str:
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")
