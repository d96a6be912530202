"""From looking at a meetup to having been there: view, request, answer, payment, attendance, feedback.

Each step follows the one before it in time, and none lies at or after the end of the plan; what would come later has
not happened yet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from events.demo import incidents
from events.demo.arrays import NEVER_MS, Flags, Floats, Ints, Random, pick, running_totals
from events.demo.meetups import Meetups
from events.demo.people import People
from events.demo.personas import PERSONAS
from events.demo.plan import DAY_MS, HOUR_MS, Plan
from events.demo.visits import MAX_PAGE_S, Visits

FAILURE_CODES = (incidents.OUTAGE_CODE, "card_declined", "insufficient_funds", "expired_card")
_ORDINARY_CODES = (0, 62, 26, 12)
_MAX_TRIES = 3
_AGAIN_RATIO = 0.7
_AGAIN_IN_OUTAGE_RATIO = 0.5

PENDING, ACCEPTED, DECLINED = range(3)
CAME, LATE, MISSED = range(3)

_CHOICES = 4  # meetups that a visitor weighs before opening one
_NEWEST = 45  # of a city, among which people choose


@dataclass(frozen=True)
class Views:
    """Meetup pages opened: the visit, when, and which meetup."""

    visit: Ints
    at_ms: Ints
    meetup: Ints


@dataclass(frozen=True)
class Requests:
    """Requests to join, in the order made. `answered_ms` is `NEVER_MS` while the host is silent."""

    member: Ints
    meetup: Ints
    session: Ints
    at_ms: Ints
    status: Ints
    answered_ms: Ints


@dataclass(frozen=True)
class Payments:
    """Attempts to pay; `failure` is an index of `FAILURE_CODES`, or -1. `session` is -1 for a session of its own."""

    request: Ints
    session: Ints
    at_ms: Ints
    failure: Ints
    refunded_ms: Ints


@dataclass(frozen=True)
class Attendances:
    """Who came, came late, or did not come, as the host noted it."""

    request: Ints
    at_ms: Ints
    outcome: Ints


@dataclass(frozen=True)
class Feedbacks:
    """Ratings from 1 to 5."""

    request: Ints
    at_ms: Ints
    rating: Ints


def make_views(plan: Plan, meetups: Meetups, visits: Visits) -> Views:
    """The meetup pages of all visits, among the newest meetups of the visitor's city."""
    rng = plan.generator("views")
    visit = np.repeat(np.arange(len(visits.who)), visits.views)
    pause_s = np.minimum(rng.lognormal(np.log(20), 0.7, len(visit)), MAX_PAGE_S - 1)
    at_ms = visits.starts_ms[visit] + 1000 + (running_totals(pause_s, visits.views) * 1000).astype(np.int64)
    meetup = np.full(len(visit), -1, dtype=np.int64)
    city = visits.city[visit]
    for number in np.unique(meetups.city).tolist():
        of_city = np.flatnonzero(meetups.city == number)
        mine = np.flatnonzero(city == number)
        meetup[mine] = _choose(rng, meetups, of_city, at_ms[mine])
    keep = (meetup >= 0) & (at_ms < plan.ends_ms)
    return Views(visit[keep], at_ms[keep], meetup[keep])


def make_requests(plan: Plan, people: People, meetups: Meetups, visits: Visits, views: Views) -> Requests:
    """Which views of members lead to a request, and how the hosts answer."""
    rng = plan.generator("requests")
    member, meetup = visits.who[views.visit], views.meetup
    at_ms = views.at_ms + rng.integers(4_000, 30_000, len(member))
    wish = _wish(people, meetups, member, meetup)
    asks = (
        (member < people.count)
        & (rng.random(len(member)) < wish)
        & (at_ms < np.minimum(meetups.closes_ms[meetup] - HOUR_MS, plan.ends_ms))
        & (meetups.host[meetup] != member)
    )
    chosen = np.flatnonzero(asks)
    chosen = chosen[np.argsort(at_ms[chosen], kind="stable")]
    _, first = np.unique(member[chosen] * meetups.count + meetup[chosen], return_index=True)
    chosen = chosen[np.sort(first)]
    session = visits.session[views.visit[chosen]]
    status, answered_ms = _answers(plan, rng, meetups, meetup[chosen], at_ms[chosen])
    return Requests(member[chosen], meetup[chosen], session, at_ms[chosen], status, answered_ms)


def make_payments(plan: Plan, people: People, meetups: Meetups, requests: Requests) -> Payments:
    """Attempts to pay for accepted places, up to three each; the outage makes most of them fail."""
    rng = plan.generator("payments")
    pays = np.array([p.pays for p in PERSONAS])[people.persona[requests.member]]
    due = (requests.status == ACCEPTED) & (meetups.price_cents[requests.meetup] > 0)
    request = np.flatnonzero(due & (rng.random(len(pays)) < pays))
    at_once = meetups.is_automatic[requests.meetup[request]]
    later_ms = (rng.lognormal(np.log(5), 1.0, len(request)) * HOUR_MS).astype(np.int64)
    wait_ms = np.where(at_once, rng.integers(30_000, 200_000, len(request)), later_ms)
    at_ms = requests.answered_ms[request] + wait_ms
    session = np.where(at_once, requests.session[request], -1)
    tries = []
    for _ in range(_MAX_TRIES):
        closes_ms = np.minimum(meetups.closes_ms[requests.meetup[request]], plan.ends_ms)
        keep = at_ms < closes_ms
        request, session, at_ms = request[keep], session[keep], at_ms[keep]
        failure, again = _charge(plan, rng, at_ms)
        tries.append((request, session, at_ms, failure))
        soon = rng.random(len(request)) < 0.7
        pause_ms = np.where(soon, rng.integers(60_000, 600_000, len(request)), 20 * HOUR_MS)
        request, at_ms = request[again], (at_ms + pause_ms)[again]
        session = np.where(soon, session, -1)[again]
    request, session, at_ms, failure = (np.concatenate(part) for part in zip(*tries, strict=True))
    refunded_ms = meetups.cancelled_ms[requests.meetup[request]] + 60_000
    is_refunded = (failure < 0) & (refunded_ms < plan.ends_ms)
    return Payments(request, session, at_ms, failure, np.where(is_refunded, refunded_ms, NEVER_MS))


def make_attendances(
    plan: Plan, people: People, meetups: Meetups, requests: Requests, payments: Payments
) -> Attendances:
    """Who of those with a place (accepted, and paid where it costs) came."""
    rng = plan.generator("attendance")
    has_paid = np.zeros(len(requests.member), dtype=bool)
    has_paid[payments.request[payments.failure < 0]] = True
    costs = meetups.price_cents[requests.meetup] > 0
    starts_ms = meetups.starts_ms[requests.meetup]
    at_ms = starts_ms + rng.integers(2, 45, len(costs)) * 60_000
    has_place = (requests.status == ACCEPTED) & (has_paid | ~costs)
    takes_place = meetups.cancelled_ms[requests.meetup] == NEVER_MS
    request = np.flatnonzero(has_place & takes_place & (at_ms < plan.ends_ms))
    comes = np.array([p.comes for p in PERSONAS])[people.persona[requests.member[request]]]
    days_ahead = (starts_ms[request] - requests.at_ms[request]) / DAY_MS
    chance = np.clip(comes + 0.07 * costs[request] - 0.008 * days_ahead, 0.05, 0.99)
    came = rng.random(len(request)) < chance
    outcome = np.where(came, np.where(rng.random(len(request)) < 0.12, LATE, CAME), MISSED)
    return Attendances(request, at_ms[request], outcome)


def make_feedbacks(
    plan: Plan, people: People, meetups: Meetups, requests: Requests, attendances: Attendances
) -> Feedbacks:
    """What those who came thought; good hosts get good ratings, latecomers are grumpier."""
    rng = plan.generator("feedback")
    member, meetup = requests.member[attendances.request], requests.meetup[attendances.request]
    gives = np.array([p.feedback for p in PERSONAS])[people.persona[member]]
    after_ms = (3 + rng.lognormal(np.log(9), 0.9, len(member))) * HOUR_MS
    at_ms = meetups.starts_ms[meetup] + after_ms.astype(np.int64)
    keep = (attendances.outcome != MISSED) & (rng.random(len(member)) < gives) & (at_ms < plan.ends_ms)
    mood = meetups.quality[meetup] + rng.normal(0, 0.8, len(member)) - 0.4 * (attendances.outcome == LATE)
    rating = np.clip(np.rint(mood), 1, 5).astype(np.int64)
    return Feedbacks(attendances.request[keep], at_ms[keep], rating[keep])


def _choose(rng: Random, meetups: Meetups, of_city: Ints, at_ms: Ints) -> Ints:
    """For each view a meetup of the city that is announced, preferably still to come; -1 where there is none."""
    if not len(of_city):
        return np.full(len(at_ms), -1, dtype=np.int64)
    known = np.searchsorted(meetups.created_ms[of_city], at_ms)
    chosen = np.full(len(at_ms), -1, dtype=np.int64)
    for _ in range(_CHOICES):
        # The square leans towards the newest.
        back = (rng.random(len(at_ms)) ** 2 * np.minimum(known, _NEWEST)).astype(np.int64)
        candidate = of_city[np.maximum(known - 1 - back, 0)]
        open_ = meetups.closes_ms[candidate] > at_ms + 2 * HOUR_MS
        undecided = (chosen < 0) | (meetups.closes_ms[np.maximum(chosen, 0)] <= at_ms + 2 * HOUR_MS)
        chosen = np.where((known > 0) & undecided & (open_ | (chosen < 0)), candidate, chosen)
    return chosen


def _wish(people: People, meetups: Meetups, member: Ints, meetup: Ints) -> Floats:
    """The chance that a view becomes a request: the persona's, by taste and price."""
    safe = np.minimum(member, people.count - 1)
    persona = people.persona[safe]
    wish = np.array([p.request for p in PERSONAS])[persona]
    sensitivity = np.array([p.price_sensitivity for p in PERSONAS])[persona]
    taste = np.where(people.category[safe] == meetups.category[meetup], 1.7, 0.85)
    chance: Floats = wish * taste * np.exp(-sensitivity * meetups.price_cents[meetup] / 100)
    return chance


def _answers(plan: Plan, rng: Random, meetups: Meetups, meetup: Ints, at_ms: Ints) -> tuple[Ints, Ints]:
    """Status and time of the answers; a meetup never accepts more guests than it has places."""
    automatic = meetups.is_automatic[meetup]
    wait_ms = (rng.lognormal(np.log(4), 1.1, len(meetup)) * HOUR_MS).astype(np.int64)
    answered_ms = at_ms + np.where(automatic, 300, wait_ms)
    verdict = np.where(automatic, ACCEPTED, pick(rng, (5, 85, 10), len(meetup)))
    too_late = answered_ms >= np.minimum(meetups.closes_ms[meetup], plan.ends_ms)
    status = np.where(too_late, PENDING, verdict)
    order = np.lexsort((answered_ms, meetup))
    accepted = order[status[order] == ACCEPTED]
    rank = np.arange(len(accepted)) - np.searchsorted(meetup[accepted], meetup[accepted])
    full = accepted[rank >= meetups.capacity[meetup[accepted]]]
    status[full] = np.where(automatic[full], PENDING, DECLINED)
    return status, np.where(status == PENDING, NEVER_MS, answered_ms)


def _charge(plan: Plan, rng: Random, at_ms: Ints) -> tuple[Ints, Flags]:
    """Failure code of each attempt (-1: it worked), and who tries again."""
    outage = incidents.payment_outage(plan).holds(at_ms)
    ratio = np.where(outage, incidents.OUTAGE_FAILURE_RATIO, incidents.NORMAL_FAILURE_RATIO)
    fails = rng.random(len(at_ms)) < ratio
    code = np.where(outage, 0, pick(rng, _ORDINARY_CODES, len(at_ms)))
    patience = np.where(outage, _AGAIN_IN_OUTAGE_RATIO, _AGAIN_RATIO)
    return np.where(fails, code, -1), fails & (rng.random(len(at_ms)) < patience)
