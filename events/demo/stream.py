"""All events of a demo as one table of numbers, sorted by time and cut at the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from events.demo.arrays import NEVER_MS, Ints, Random
from events.demo.funnel import ACCEPTED, DECLINED, LATE, MISSED
from events.demo.kinds import Columns, Gathering, Kind, Page
from events.demo.plan import Plan
from events.demo.visits import Begins, Channel
from events.demo.world import World

_LOGIN_FAILED_RATIO = 0.06
_LOGOUT_RATIO = 0.2


@dataclass(frozen=True)
class Stream:
    """One row an event. -1 stands for "none" everywhere.

    `who` is numbered as in `events.demo.visits`; `session`, `meetup` and `device` are numbers too; `detail` is the
    failure code of a failed payment, the outcome of an attendance, the number of a feedback, the device's `who` of
    an identification, or the channel of a page.
    """

    kind: Ints
    who: Ints
    at_ms: Ints
    session: Ints
    meetup: Ints
    device: Ints
    page: Ints
    detail: Ints
    response_ms: Ints
    status: Ints

    @property
    def count(self) -> int:
        """How many events there are."""
        return len(self.kind)


def make_stream(plan: Plan, world: World) -> Stream:
    """The events of the world, in the order of time."""
    rng = plan.generator("stream")
    gathering = Gathering(world)
    _add_visits(plan, rng, gathering)
    _add_accounts(rng, gathering)
    _add_meetups(plan, rng, gathering)
    _add_requests(gathering)
    _add_payments(plan, rng, gathering)
    _add_afterwards(plan, rng, gathering)
    columns = gathering.table.columns()
    keep = (columns["at_ms"] < plan.ends_ms) & (columns["at_ms"] >= plan.starts_ms)
    columns = {name: values[keep] for name, values in columns.items()}
    order = np.argsort(columns["at_ms"], kind="stable")
    return Stream(**{name: values[order] for name, values in columns.items()})


def _add_visits(plan: Plan, rng: Random, gathering: Gathering) -> None:
    """The landing page of each session, and the meetup pages."""
    visits, views = gathering.world.visits, gathering.world.views
    landing = np.flatnonzero(visits.channel != Channel.KEPT)
    gathering.add_pages(
        plan,
        rng,
        visits.starts_ms[landing],
        who=visits.who[landing],
        session=visits.session[landing],
        device=visits.device[landing],
        page=Page.LIST,
        detail=visits.channel[landing],
    )
    visit = views.visit
    shared: Columns = {
        "who": visits.who[visit],
        "session": visits.session[visit],
        "device": visits.device[visit],
        "meetup": views.meetup,
        "page": Page.MEETUP,
    }
    gathering.add_pages(plan, rng, views.at_ms, **shared)
    # The page is observed when it is done, so the view that it tracks comes first.
    gathering.add(Kind.VIEWED, len(visit), at_ms=views.at_ms - 30, **shared)


def _add_accounts(rng: Random, gathering: Gathering) -> None:
    """Sign-ups, logins that work and that do not, what ties devices to members, and verifications."""
    visits, people = gathering.world.visits, gathering.world.people
    for begins, kind, page in (
        (Begins.SIGN_UP, Kind.SIGNED_UP, Page.SIGN_UP),
        (Begins.LOGIN, Kind.LOGIN, Page.LOGIN),
        (Begins.FIRST_LOGIN, Kind.LOGIN, Page.LOGIN),
    ):
        chosen = np.flatnonzero(visits.begins == begins)
        member = visits.who[chosen]
        second = visits.device[chosen] == people.second_device[member]
        session, device = visits.session[chosen], visits.device[chosen]
        shared: Columns = {"session": session, "device": device, "page": page}
        anonymous = np.where(second, 2, 1) * people.count + member
        at_ms = visits.starts_ms[chosen]
        gathering.add(kind, len(chosen), who=member, at_ms=at_ms + 400, **shared)
        if begins != Begins.LOGIN:
            gathering.add(
                Kind.IDENTIFIED, len(chosen), who=member, at_ms=at_ms + 410, detail=anonymous, **shared
            )
        if begins != Begins.SIGN_UP:
            _add_failed_logins(rng, gathering, anonymous, at_ms, shared)
            leaves = rng.random(len(chosen)) < _LOGOUT_RATIO
            length_ms = (visits.views[chosen] + 1) * 50_000
            gathering.add(
                Kind.LOGOUT,
                int(leaves.sum()),
                who=member[leaves],
                at_ms=(at_ms + length_ms)[leaves],
                session=session[leaves],
                device=device[leaves],
            )
    verified = np.flatnonzero(people.verified_ms < NEVER_MS)
    gathering.add(
        Kind.VERIFIED,
        len(verified),
        who=verified,
        at_ms=people.verified_ms[verified],
        device=people.device[verified],
    )


def _add_failed_logins(
    rng: Random, gathering: Gathering, anonymous: Ints, at_ms: Ints, shared: Columns
) -> None:
    """Now and then the password was wrong the first time; who tried is not known yet."""
    fails = np.flatnonzero(rng.random(len(at_ms)) < _LOGIN_FAILED_RATIO)
    gathering.add(
        Kind.LOGIN_FAILED,
        len(fails),
        who=anonymous[fails],
        at_ms=at_ms[fails] - rng.integers(6_000, 20_000, len(fails)),
        **_rows_of(shared, fails),
    )


def _add_meetups(plan: Plan, rng: Random, gathering: Gathering) -> None:
    """Hosts who invite and who call off."""
    people, meetups = gathering.world.people, gathering.world.meetups
    number = np.arange(meetups.count)
    session, device = gathering.new_sessions(meetups.count), people.device[meetups.host]
    shared: Columns = {"who": meetups.host, "session": session, "device": device, "page": Page.CREATE}
    gathering.add_pages(plan, rng, meetups.created_ms - 240_000, detail=Channel.DIRECT, **shared)
    gathering.add(Kind.CREATED, meetups.count, at_ms=meetups.created_ms, meetup=number, **shared)
    off = np.flatnonzero(meetups.cancelled_ms < plan.ends_ms)
    gathering.add(
        Kind.CANCELLED,
        len(off),
        who=meetups.host[off],
        at_ms=meetups.cancelled_ms[off],
        meetup=off,
        session=gathering.new_sessions(len(off)),
        device=device[off],
        page=Page.MEETUP,
    )


def _add_requests(gathering: Gathering) -> None:
    """Requests in the visits that led to them, and the hosts' answers."""
    people, requests = gathering.world.people, gathering.world.requests
    gathering.add(
        Kind.REQUESTED,
        len(requests.member),
        who=requests.member,
        at_ms=requests.at_ms,
        session=requests.session,
        meetup=requests.meetup,
        device=people.device[requests.member],
        page=Page.MEETUP,
    )
    for status, kind in ((ACCEPTED, Kind.ACCEPTED), (DECLINED, Kind.DECLINED)):
        chosen = np.flatnonzero(requests.status == status)
        gathering.add(
            kind,
            len(chosen),
            who=requests.member[chosen],
            at_ms=requests.answered_ms[chosen],
            meetup=requests.meetup[chosen],
        )


def _add_payments(plan: Plan, rng: Random, gathering: Gathering) -> None:
    """Attempts to pay, each on the page for it, and what was paid back."""
    world = gathering.world
    payments = world.payments
    member, meetup = world.requests.member[payments.request], world.requests.meetup[payments.request]
    own = payments.session < 0
    session = payments.session.copy()
    session[own] = gathering.new_sessions(int(own.sum()))
    shared: Columns = {
        "who": member,
        "session": session,
        "meetup": meetup,
        "device": world.people.device[member],
        "page": Page.PAY,
    }
    gathering.add_pages(plan, rng, payments.at_ms - rng.integers(15_000, 28_000, len(member)), **shared)
    for kind, chosen in (
        (Kind.PAID, np.flatnonzero(payments.failure < 0)),
        (Kind.FAILED, np.flatnonzero(payments.failure >= 0)),
    ):
        gathering.add(
            kind,
            len(chosen),
            at_ms=payments.at_ms[chosen],
            detail=payments.failure[chosen],
            **_rows_of(shared, chosen),
        )
    back = np.flatnonzero(payments.refunded_ms < NEVER_MS)
    gathering.add(
        Kind.REFUNDED, len(back), who=member[back], at_ms=payments.refunded_ms[back], meetup=meetup[back]
    )


def _add_afterwards(plan: Plan, rng: Random, gathering: Gathering) -> None:
    """Attendance as the host notes it, and feedback in a session of its own."""
    world = gathering.world
    attendances, feedbacks, requests = world.attendances, world.feedbacks, world.requests
    for kind, chosen in (
        (Kind.ATTENDED, np.flatnonzero(attendances.outcome <= LATE)),
        (Kind.MISSED, np.flatnonzero(attendances.outcome == MISSED)),
    ):
        request = attendances.request[chosen]
        gathering.add(
            kind,
            len(chosen),
            who=requests.member[request],
            at_ms=attendances.at_ms[chosen],
            meetup=requests.meetup[request],
            detail=attendances.outcome[chosen],
        )
    count = len(feedbacks.request)
    member = requests.member[feedbacks.request]
    shared: Columns = {
        "who": member,
        "session": gathering.new_sessions(count),
        "meetup": requests.meetup[feedbacks.request],
        "device": world.people.device[member],
        "page": Page.FEEDBACK,
    }
    gathering.add_pages(plan, rng, feedbacks.at_ms - rng.integers(30_000, 200_000, count), **shared)
    gathering.add(Kind.FEEDBACK, count, at_ms=feedbacks.at_ms, detail=np.arange(count), **shared)


def _rows_of(columns: Columns, chosen: Ints) -> Columns:
    """The chosen rows of columns; a scalar stands for a whole column and stays."""
    return {
        name: value[chosen] if isinstance(value, np.ndarray) else value for name, value in columns.items()
    }
