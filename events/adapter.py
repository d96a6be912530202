"""What the meetup product tells `analytics` about itself; named by the setting `ANALYTICS_HOST`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from django.contrib.auth.base_user import AbstractBaseUser

from events.models import Meetup, Member


class MeetupHost:
    """The host adapter of the demo (see `analytics.host.Host`)."""

    def distinct_id(self, user: AbstractBaseUser) -> str:
        """The primary key as text."""
        return str(user.pk)

    def person_properties(self, user: AbstractBaseUser) -> dict[str, object]:
        """The city, the month of sign-up and whether the account is verified; no name, no address."""
        member = Member.objects.filter(user_id=user.pk).first()
        joined_at = getattr(user, "date_joined", None)
        return properties_of(
            city=member.city if member else "",
            signup_month=f"{joined_at:%Y-%m}" if joined_at else "",
            is_verified=bool(member and member.verified_at),
        )

    def event_names(self) -> dict[str, str]:
        """The demo uses the default names of all events."""
        return {}

    def attendance_features(
        self, subjects: Sequence[str], requested_us: Sequence[float]
    ) -> dict[str, Sequence[float]]:
        """How many days before its start a place at a meetup was asked for, and what the place costs."""
        wanted = {int(subject) for subject in subjects if subject.isdecimal()}
        rows = Meetup.objects.filter(pk__in=wanted).values_list("pk", "starts_at", "price")
        known = {str(pk): (starts_at.timestamp(), float(price)) for pk, starts_at, price in rows}
        nothing = (math.nan, math.nan)
        found = [known.get(subject, nothing) for subject in subjects]
        return {
            "lead_days": [
                (start - us / 1e6) / 86_400 for (start, _), us in zip(found, requested_us, strict=True)
            ],
            "price": [price for _, price in found],
        }

    def cohorts(self) -> dict[str, Callable[[], Iterable[int]]]:
        """Members who host a meetup, and those whose account is verified."""
        return {
            "hosts": lambda: Meetup.objects.order_by().values_list("host_id", flat=True).distinct(),
            "verified members": lambda: Member.objects.exclude(verified_at=None).values_list(
                "user_id", flat=True
            ),
        }


def properties_of(*, city: str, signup_month: str, is_verified: bool) -> dict[str, object]:
    """The person properties of a member; empty ones are left out."""
    found: dict[str, object] = {"city": city, "signup_month": signup_month}
    return {name: value for name, value in found.items() if value} | {"is_verified": is_verified}
