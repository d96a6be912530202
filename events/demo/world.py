"""Everything that happens in one demo, put together."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from events.demo import funnel, texts
from events.demo.cities import City, cities_for
from events.demo.meetups import Meetups, make_meetups
from events.demo.people import CATEGORIES, People, make_people
from events.demo.plan import Plan
from events.demo.visits import Visits, make_visits


@dataclass(frozen=True)
class World:
    """The rows of one demo; members, meetups and requests are known by their position."""

    cities: tuple[City, ...]
    people: People
    meetups: Meetups
    visits: Visits
    views: funnel.Views
    requests: funnel.Requests
    payments: funnel.Payments
    attendances: funnel.Attendances
    feedbacks: funnel.Feedbacks
    texts: list[str]


def make_world(plan: Plan) -> World:
    """The world of a plan; the same plan gives the same world."""
    cities = cities_for(plan.users)
    people = make_people(plan, cities)
    meetups = make_meetups(plan, cities, people)
    visits = make_visits(plan, cities, people)
    views = funnel.make_views(plan, meetups, visits)
    requests = funnel.make_requests(plan, people, meetups, visits, views)
    payments = funnel.make_payments(plan, people, meetups, requests)
    attendances = funnel.make_attendances(plan, people, meetups, requests, payments)
    feedbacks = funnel.make_feedbacks(plan, people, meetups, requests, attendances)
    words = _texts(plan, cities, meetups, requests, feedbacks)
    return World(cities, people, meetups, visits, views, requests, payments, attendances, feedbacks, words)


def _texts(
    plan: Plan,
    cities: tuple[City, ...],
    meetups: Meetups,
    requests: funnel.Requests,
    feedbacks: funnel.Feedbacks,
) -> list[str]:
    random = Random(f"{plan.seed}:{plan.users}:{plan.days}:texts")
    meetup = requests.meetup[feedbacks.request]
    return [
        texts.write(random, int(rating), CATEGORIES[category], cities[city].name)
        for rating, category, city in zip(
            feedbacks.rating, meetups.category[meetup], meetups.city[meetup], strict=True
        )
    ]
