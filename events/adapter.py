"""What the meetup product tells `analytics` about itself; named by the setting `ANALYTICS_HOST`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

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
