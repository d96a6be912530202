"""Following the doctor's events: stored, receipt, sealed, seen by an analysis; and taking them out again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from uuid import UUID

from celery import current_app

from analytics.errors import AnalyticsError, NotFound
from analytics.management.doctor.finding import Finding, fail, note, ok
from analytics.management.doctor.ways import Patient
from analytics.models import PersonDistinctId, UserEvent
from analytics.models.choices import Source
from analytics.reports import ingestion, people
from analytics.store import erasure
from analytics.store.sealing import seal_all
from eventlake.errors import LakeError

_LOOK_EVERY_S = 0.2
_STORED_WITHIN_S = 10.0


class Following:
    """The events of one patient on their way. `uuids` are those that we know to have been sent, by way."""

    def __init__(
        self, patient: Patient, uuids: dict[str, UUID], *, seals_itself: bool, wait_s: float
    ) -> None:
        self._patient = patient
        self._uuids = dict(uuids)
        self._seals_itself = seals_itself
        self._wait_s = wait_s

    def find_request(self) -> Iterator[Finding]:
        """The middleware's event, whose uuid nobody told us."""
        found = UserEvent.objects.filter(distinct_id=self._patient.distinct_id, source=Source.MIDDLEWARE)
        if not _comes_true(found.exists, _STORED_WITHIN_S):
            fix = "add analytics.middleware.AnalyticsMiddleware to MIDDLEWARE; the server's log may say more"
            yield fail("middleware", "the request was answered, and no event of it was stored", fix)
            return
        self._uuids["middleware"] = found.values_list("uuid", flat=True)[0]
        yield ok("middleware", "the request became an event")

    def check_receipts(self) -> Iterator[Finding]:
        """Each event has a receipt that says stored."""
        kept: dict[str, UUID] = {}
        for way, uuid in self._uuids.items():
            try:
                receipt = ingestion.receipt(uuid)
            except NotFound:
                fix = "the server stores elsewhere: it must have the DATABASE_URL that this command has"
                yield fail("stored", f"the event by {way} was acknowledged and is not in this database", fix)
                continue
            if receipt.outcome != "stored":
                yield fail(
                    "stored", f"the event by {way} was {receipt.outcome}: {receipt.reason}", "mend that step"
                )
                continue
            kept[way] = uuid
        self._uuids = kept
        if kept:
            yield ok("stored", f"with a receipt: {', '.join(kept)}")

    def check_sealing(self) -> Iterator[Finding]:
        """Worker and beat bring them into the lake; who else is to blame shows when it is tried here."""
        if not self._uuids:
            return
        try:
            if self._seals_itself:
                seal_all()
            if _comes_true(self._are_sealed, 1.0 if self._seals_itself else self._wait_s):
                yield ok(
                    "sealed",
                    "in the lake" if self._seals_itself else "worker and beat brought them into the lake",
                )
                return
            seal_all()
            if self._are_sealed():
                yield fail(
                    "sealed",
                    f"not within {self._wait_s:.0f} s by itself, but at once by hand",
                    _schedule_fix(),
                )
                return
        except LakeError as error:
            yield fail("sealed", f"the lake refuses: {error}", "manage.py verify_lake says more")
            return
        yield fail(
            "sealed", "an older transaction of the database is still open, and everything waits for it", _OPEN
        )

    def check_analysis(self) -> Iterator[Finding]:
        """A person's timeline, read from the lake like every figure, shows all of them."""
        person = self._person()
        if person is None or not self._uuids:
            return
        try:
            found = people.events(person, people.Timeline(), None)
        except AnalyticsError as error:
            yield fail("analysis", f"cannot be asked: {error.detail}", "manage.py verify_lake says more")
            return
        seen = {str(event["uuid"]) for event in found["events"]}
        missing = [way for way, uuid in self._uuids.items() if str(uuid) not in seen]
        if missing:
            yield fail(
                "analysis",
                f"does not show the event by {', '.join(missing)}",
                "manage.py verify_lake says more",
            )
        else:
            yield ok("analysis", f"shows all {len(self._uuids)} events")

    def take_out(self) -> Iterator[Finding]:
        """Erase the doctor's person, as anybody would be erased: no figure shows it from now on."""
        person = self._person()
        if person is None:
            return
        deleted = erasure.erase(person).deleted_rows
        yield note(
            "cleaned up",
            f"{deleted} events are out of every figure; the next upkeep takes them out of the files",
        )

    def _are_sealed(self) -> bool:
        return all(ingestion.receipt(uuid).sealed for uuid in self._uuids.values())

    def _person(self) -> UUID | None:
        known = PersonDistinctId.objects.filter(distinct_id=self._patient.distinct_id).first()
        return known.person.root.uuid if known is not None else None


_OPEN = "end it: SELECT pid, xact_start, state FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY 2"


def _schedule_fix() -> str:
    return (
        f"start the schedule, and the worker if the queues above have none: celery -A {current_app.main} beat"
    )


def _comes_true(is_true: Callable[[], bool], within_s: float) -> bool:
    """Whether it is so now or within that time."""
    deadline_s = time.monotonic() + within_s
    while not is_true():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True
