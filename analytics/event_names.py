"""The event names that metrics and predictions know, and what a host calls them.

The default names are those of a meetup product; a host whose events have other names says so in the setting
`ANALYTICS_EVENT_NAMES` or in its adapter's `event_names()`: `{"payment_succeeded": "order_paid"}`.
"""

from __future__ import annotations

from enum import StrEnum

from analytics import host


class Known(StrEnum):
    """A thing that happens in most products, by its default name."""

    VIEWED = "meetup_viewed"
    REQUESTED = "meetup_requested"
    ACCEPTED = "meetup_request_accepted"
    DECLINED = "meetup_request_declined"
    ATTENDED = "meetup_attended"
    MISSED = "meetup_missed"
    CREATED = "meetup_created"
    CANCELLED = "meetup_cancelled"
    PAID = "payment_succeeded"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_REFUNDED = "payment_refunded"
    SIGNED_UP = "sign_up"
    VERIFIED = "user_verified"
    LOGIN = "login"
    LOGIN_FAILED = "login_failed"
    OTP_VERIFIED = "otp_verified"
    OTP_FAILED = "otp_failed"


#: Where an event says which meetup it is about; the first that is there counts.
SUBJECT_PROPERTIES = ("event_id", "meetup_id")


def own_name(known: Known) -> str:
    """What this host calls it."""
    return host.get().event_names().get(known.value, known.value)
