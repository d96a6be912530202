"""The host's own rows of a demo: users, meetups, requests, payments, attendance, feedback, as the events say.

Sets of rows by `bulk_create`, which sends no signals: the events come from the stream.
"""

from __future__ import annotations

import re
import uuid
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User

from events.demo import funnel
from events.demo.arrays import NEVER_MS
from events.demo.cities import CURRENCY
from events.demo.people import CATEGORIES
from events.demo.plan import Plan, to_datetime
from events.demo.world import World
from events.models import (
    Attendance,
    AttendanceOutcome,
    DemoGuest,
    DemoRun,
    Feedback,
    Meetup,
    MeetupRequest,
    MeetupStatus,
    Member,
    Payment,
    PaymentStatus,
    RequestStatus,
)

_ROWS_AT_ONCE = 5000
_GUEST = re.compile(r"guest(\d+)")
_STATUS = {
    funnel.PENDING: RequestStatus.PENDING,
    funnel.ACCEPTED: RequestStatus.ACCEPTED,
    funnel.DECLINED: RequestStatus.DECLINED,
}
_OUTCOME = {
    funnel.CAME: AttendanceOutcome.YES,
    funnel.LATE: AttendanceOutcome.LATE,
    funnel.MISSED: AttendanceOutcome.NO,
}


def make_host_rows(plan: Plan, world: World, run: DemoRun) -> None:
    """Create all rows of a run, inside the caller's transaction."""
    users = _make_users(plan, world, run)
    meetups = _make_meetups(plan, world, users)
    requests = _make_requests(world, users, meetups)
    _make_payments(world, requests)
    _make_attendances(world, requests)
    _make_feedbacks(world, requests)


def find_user_ids(run: DemoRun) -> list[int]:
    """Primary keys of the run's users, by number."""
    return list(run.guests.order_by("number").values_list("user_id", flat=True))


def find_meetup_ids(plan: Plan, world: World) -> list[int]:
    """Primary keys of the run's meetups, by number."""
    by_reference = dict(Meetup.objects.filter(host__demo_guest__isnull=False).values_list("reference", "pk"))
    return [by_reference[_reference(plan, number)] for number in range(world.meetups.count)]


def _reference(plan: Plan, number: int) -> uuid.UUID:
    return uuid.uuid5(plan.namespace("meetup"), str(number))


def _make_users(plan: Plan, world: World, run: DemoRun) -> list[User]:
    people = world.people
    first = _first_free_number()
    password = make_password(None)  # nobody can log in as a guest
    users = User.objects.bulk_create(
        [
            User(
                username=f"guest{first + number:04d}",
                password=password,
                date_joined=to_datetime(people.joined_ms[number]),
            )
            for number in range(people.count)
        ],
        batch_size=_ROWS_AT_ONCE,
    )
    Member.objects.bulk_create(
        [
            Member(
                user=user,
                city=world.cities[people.city[number]].name,
                verified_at=to_datetime(at_ms) if at_ms < plan.ends_ms else None,
            )
            for number, (user, at_ms) in enumerate(zip(users, people.verified_ms.tolist(), strict=True))
        ],
        batch_size=_ROWS_AT_ONCE,
    )
    DemoGuest.objects.bulk_create(
        [DemoGuest(run=run, number=number, user=user) for number, user in enumerate(users)],
        batch_size=_ROWS_AT_ONCE,
    )
    return users


def _first_free_number() -> int:
    """One above the highest guest there is."""
    names = User.objects.filter(username__startswith="guest").values_list("username", flat=True)
    taken = [int(found[1]) for name in names.iterator() if (found := _GUEST.fullmatch(name))]
    return max(taken, default=0) + 1


def _make_meetups(plan: Plan, world: World, users: list[User]) -> list[Meetup]:
    meetups = world.meetups
    return Meetup.objects.bulk_create(
        [
            Meetup(
                reference=_reference(plan, number),
                host=users[meetups.host[number]],
                title=meetups.title[number],
                category=CATEGORIES[meetups.category[number]],
                city=world.cities[meetups.city[number]].name,
                starts_at=to_datetime(meetups.starts_ms[number]),
                capacity=int(meetups.capacity[number]),
                price=_money(int(meetups.price_cents[number])),
                currency=CURRENCY,
                accepts_automatically=bool(meetups.is_automatic[number]),
                status=_meetup_status(plan, int(meetups.cancelled_ms[number])),
                created_at=to_datetime(meetups.created_ms[number]),
            )
            for number in range(meetups.count)
        ],
        batch_size=_ROWS_AT_ONCE,
    )


def _meetup_status(plan: Plan, cancelled_ms: int) -> str:
    return MeetupStatus.CANCELLED if cancelled_ms < plan.ends_ms else MeetupStatus.SCHEDULED


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def _make_requests(world: World, users: list[User], meetups: list[Meetup]) -> list[MeetupRequest]:
    requests = world.requests
    return MeetupRequest.objects.bulk_create(
        [
            MeetupRequest(
                meetup=meetups[requests.meetup[row]],
                user=users[requests.member[row]],
                status=_STATUS[int(requests.status[row])],
                requested_at=to_datetime(requests.at_ms[row]),
                answered_at=to_datetime(answered_ms) if answered_ms < NEVER_MS else None,
            )
            for row, answered_ms in enumerate(requests.answered_ms.tolist())
        ],
        batch_size=_ROWS_AT_ONCE,
    )


def _make_payments(world: World, requests: list[MeetupRequest]) -> None:
    payments = world.payments
    rows = []
    for row, failure in enumerate(payments.failure.tolist()):
        status = PaymentStatus.SUCCEEDED if failure < 0 else PaymentStatus.FAILED
        if payments.refunded_ms[row] < NEVER_MS:
            status = PaymentStatus.REFUNDED
        request = requests[payments.request[row]]
        rows.append(
            Payment(
                request=request,
                amount=request.meetup.price,
                currency=CURRENCY,
                status=status,
                failure_code=funnel.FAILURE_CODES[failure] if failure >= 0 else "",
                created_at=to_datetime(payments.at_ms[row]),
            )
        )
    Payment.objects.bulk_create(rows, batch_size=_ROWS_AT_ONCE)


def _make_attendances(world: World, requests: list[MeetupRequest]) -> None:
    attendances = world.attendances
    Attendance.objects.bulk_create(
        [
            Attendance(
                request=requests[request],
                outcome=_OUTCOME[int(attendances.outcome[row])],
                recorded_at=to_datetime(attendances.at_ms[row]),
            )
            for row, request in enumerate(attendances.request.tolist())
        ],
        batch_size=_ROWS_AT_ONCE,
    )


def _make_feedbacks(world: World, requests: list[MeetupRequest]) -> None:
    feedbacks = world.feedbacks
    Feedback.objects.bulk_create(
        [
            Feedback(
                request=requests[request],
                rating=int(feedbacks.rating[row]),
                text=world.texts[row],
                created_at=to_datetime(feedbacks.at_ms[row]),
            )
            for row, request in enumerate(feedbacks.request.tolist())
        ],
        batch_size=_ROWS_AT_ONCE,
    )
