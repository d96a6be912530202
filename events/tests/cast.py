"""The people and meetups that appear in many tests."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from analytics import clock
from analytics.models import UserEvent
from events.models import Meetup, Member


def hanna_the_host() -> User:
    """Invites people."""
    return User.objects.create_user("hanna", password="hanna-password-1")


def gil_the_guest() -> User:
    """Joins meetups; a member of the product."""
    user = User.objects.create_user("gil", password="gil-password-1")
    Member.objects.create(user=user, city="Lisbon")
    return user


def make_meetup(host: User, **values: Any) -> Meetup:
    """A paid meetup in three days that accepts automatically."""
    given = {
        "title": "Board games night",
        "category": "board games",
        "city": "Lisbon",
        "starts_at": clock.now() + timedelta(days=3),
        "price": Decimal("9.50"),
        **values,
    }
    return Meetup.objects.create(host=host, **given)


def event_names() -> list[str]:
    """The names of what was tracked, in the order stored; page views come by themselves."""
    tracked = UserEvent.objects.exclude(source="middleware").order_by("id")
    return list(tracked.values_list("event_name", flat=True))
