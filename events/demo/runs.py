"""Making and removing demos: started, done, and nothing twice.

A run is noted with its host rows in one transaction; its events follow in batches, each of which may be loaded again
without harm; then the run is marked as complete. A run that was cut off goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from analytics import clock
from analytics.ingestion.bulk import BulkResult, load_events
from analytics.ingestion.bulk_persons import KnownPerson, link_ids, load_persons, remove_loaded
from events.adapter import properties_of
from events.demo.batches import Renderer
from events.demo.host_rows import find_meetup_ids, find_user_ids, make_host_rows
from events.demo.plan import ANONYMOUS_PREFIX, Plan, to_datetime
from events.demo.stream import Stream, make_stream
from events.demo.world import World, make_world
from events.models import Attendance, DemoGuest, DemoRun, Feedback, Meetup, MeetupRequest, Member, Payment

#: The label under which the demo's events are stored.
INGEST_KEY = "demo"
_USERS_AT_ONCE = 2000


def find_end(*, seed: int, users: int, days: int) -> datetime | None:
    """The end of the latest run of this seed and size: making it again means that one."""
    runs = DemoRun.objects.filter(seed=seed, users=users, days=days)
    return runs.order_by("-ends_at").values_list("ends_at", flat=True).first()


class Demo:
    """One demo on its way into the database."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.run = DemoRun.objects.filter(**self._identity()).first()

    @property
    def events_loaded(self) -> int | None:
        """How many events it has, once everything of it is there; before that nothing."""
        return self.run.events if self.run is not None and self.run.completed_at is not None else None

    def prepare(self) -> Stream:
        """Work the demo out and make its host rows where they are missing; returns the events to load."""
        self.world: World = make_world(self.plan)
        self.stream = make_stream(self.plan, self.world)
        if self.run is None:
            with transaction.atomic():
                self.run = DemoRun.objects.create(**self._identity())
                make_host_rows(self.plan, self.world, self.run)
        return self.stream

    def load(self, on_batch: Callable[[BulkResult], None] | None = None) -> BulkResult:
        """Load persons, events and links of a prepared demo, and mark it as complete."""
        assert self.run is not None
        user_ids = find_user_ids(self.run)
        meetup_ids = find_meetup_ids(self.plan, self.world)
        renderer = Renderer(self.plan, self.world, self.stream, user_ids, meetup_ids)
        load_persons(self._person(number, user_id) for number, user_id in enumerate(user_ids))
        result = load_events(renderer.batches(), ingest_key=INGEST_KEY, on_batch=on_batch)
        link_ids(renderer.links())
        self.run.events = self.stream.count
        self.run.completed_at = clock.now()
        self.run.save(update_fields=["events", "completed_at"])
        return result

    def _identity(self) -> dict[str, object]:
        plan = self.plan
        return {
            "seed": plan.seed,
            "users": plan.users,
            "days": plan.days,
            "ends_at": to_datetime(plan.ends_ms),
        }

    def _person(self, number: int, user_id: int) -> KnownPerson:
        people = self.world.people
        joined_at = to_datetime(people.joined_ms[number])
        properties = properties_of(
            city=self.world.cities[people.city[number]].name,
            signup_month=f"{joined_at:%Y-%m}",
            is_verified=bool(people.verified_ms[number] < self.plan.ends_ms),
        )
        return KnownPerson(str(user_id), user_id, properties, joined_at)


def remove_all() -> int:
    """Remove every demo with all that hangs on its users; returns how many events went."""
    user_ids = list(DemoGuest.objects.values_list("user_id", flat=True))
    events = remove_loaded(INGEST_KEY, id_prefix=ANONYMOUS_PREFIX, user_ids=user_ids)
    with transaction.atomic():
        guest = Q(request__user__demo_guest__isnull=False)
        hosted = Q(request__meetup__host__demo_guest__isnull=False)
        for model in (Feedback, Attendance, Payment):
            model._default_manager.filter(guest | hosted).delete()
        MeetupRequest.objects.filter(
            Q(user__demo_guest__isnull=False) | Q(meetup__host__demo_guest__isnull=False)
        ).delete()
        Meetup.objects.filter(host__demo_guest__isnull=False).delete()
        Member.objects.filter(user__demo_guest__isnull=False).delete()
        DemoRun.objects.all().delete()
        for start in range(0, len(user_ids), _USERS_AT_ONCE):
            User.objects.filter(pk__in=user_ids[start : start + _USERS_AT_ONCE]).delete()
    return events
