"""What people do around a meetup. Each act writes its row and its analytics event in one transaction.

`request` is the HTTP request, where there is one: it ties the event to the visit.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest

from analytics import clock, track
from events import gateway
from events.errors import MeetupError, NotTheHost
from events.models import (
    Attendance,
    AttendanceOutcome,
    Feedback,
    Meetup,
    MeetupRequest,
    MeetupStatus,
    Member,
    Payment,
    PaymentStatus,
    RequestStatus,
)


def sign_up(user: User, city: str = "", request: HttpRequest | None = None) -> User:
    """Save a new user as a member."""
    with transaction.atomic():
        user.save()
        Member.objects.create(user=user, city=city)
        track("sign_up", user=user, metadata={"city": city}, request=request)
    return user


def verify(user: User, request: HttpRequest | None = None) -> None:
    """Mark the account as verified; a second time changes nothing."""
    with transaction.atomic():
        if Member.objects.filter(user=user, verified_at=None).update(verified_at=clock.now()):
            track("user_verified", user=user, request=request)


def create_meetup(meetup: Meetup) -> Meetup:
    """Save a new meetup; its event follows from the model's declaration."""
    with transaction.atomic():
        meetup.save()
    return meetup


def request_to_join(user: User, meetup: Meetup, request: HttpRequest | None = None) -> MeetupRequest:
    """Ask for a place; where the meetup accepts automatically and a place is free, it is given at once.

    Errors: `MeetupError` when the meetup is over, cancelled or one's own, or when the user has asked before.
    """
    with transaction.atomic():
        meetup = Meetup.objects.select_for_update().get(pk=meetup.pk)
        if not meetup.is_open:
            raise MeetupError("This meetup takes no more requests.")
        if meetup.host_id == user.pk:
            raise MeetupError("You are the host of this meetup.")
        asked, is_new = MeetupRequest.objects.get_or_create(meetup=meetup, user=user)
        if not is_new:
            raise MeetupError("You have asked to join this meetup already.")
        track("meetup_requested", user=user, metadata=describe(meetup), request=request)
        if meetup.accepts_automatically and _has_free_place(meetup):
            _answer(asked, RequestStatus.ACCEPTED)
    return asked


def accept(asked: MeetupRequest, by: User) -> None:
    """Give the place. Errors: `NotTheHost`; `MeetupError` when the meetup is full or the request answered."""
    with transaction.atomic():
        meetup = Meetup.objects.select_for_update().get(pk=asked.meetup_id)
        _check_host(meetup, by)
        if not _has_free_place(meetup):
            raise MeetupError("All places are taken.")
        _answer(asked, RequestStatus.ACCEPTED)


def decline(asked: MeetupRequest, by: User) -> None:
    """Refuse the request. Errors: `NotTheHost`; `MeetupError` when it is answered already."""
    with transaction.atomic():
        _check_host(asked.meetup, by)
        _answer(asked, RequestStatus.DECLINED)


def pay(asked: MeetupRequest, card_number: str, request: HttpRequest | None = None) -> Payment:
    """Try to pay for an accepted place; the payment's status tells whether it worked.

    Errors: `MeetupError` when there is nothing to pay.
    """
    with transaction.atomic():
        asked = (
            MeetupRequest.objects.select_for_update(of=("self",))
            .select_related("meetup", "user")
            .get(pk=asked.pk)
        )
        meetup = asked.meetup
        if asked.status != RequestStatus.ACCEPTED or not meetup.is_open or meetup.is_free:
            raise MeetupError("There is nothing to pay.")
        if asked.payments.filter(status=PaymentStatus.SUCCEEDED).exists():
            raise MeetupError("This place is paid for already.")
        charge = gateway.charge(card_number, meetup.price, meetup.currency)
        status = PaymentStatus.SUCCEEDED if charge.is_successful else PaymentStatus.FAILED
        payment = Payment.objects.create(
            request=asked,
            amount=charge.amount,
            currency=charge.currency,
            status=status,
            failure_code=charge.failure_code,
        )
        _track_payment(payment, request)
    return payment


def attend(asked: MeetupRequest, outcome: str, by: User) -> Attendance:
    """Note whether a guest came. Errors: `NotTheHost`; `MeetupError` before the start or without a place."""
    with transaction.atomic():
        meetup = asked.meetup
        _check_host(meetup, by)
        if meetup.status == MeetupStatus.CANCELLED or asked.status != RequestStatus.ACCEPTED:
            raise MeetupError("This guest has no place.")
        if meetup.starts_at > clock.now():
            raise MeetupError("The meetup has not begun.")
        if Attendance.objects.filter(request=asked).exists():
            raise MeetupError("The attendance of this guest is noted already.")
        attendance = Attendance.objects.create(request=asked, outcome=outcome)
        name = "meetup_missed" if outcome == AttendanceOutcome.NO else "meetup_attended"
        track(name, user=asked.user, action=outcome, metadata=describe(meetup))
    return attendance


def give_feedback(
    asked: MeetupRequest, rating: int, text: str, request: HttpRequest | None = None
) -> Feedback:
    """Rate a meetup that one went to. Errors: `MeetupError` when one did not, or has done so before."""
    with transaction.atomic():
        came = Attendance.objects.filter(request=asked).exclude(outcome=AttendanceOutcome.NO)
        if not came.exists():
            raise MeetupError("Only guests who came can give feedback.")
        feedback, is_new = Feedback.objects.get_or_create(
            request=asked, defaults={"rating": rating, "text": text}
        )
        if not is_new:
            raise MeetupError("You have given feedback already. Thank you!")
        metadata = {**describe(asked.meetup), "rating": rating, "message": text}
        track("feedback_given", user=asked.user, metadata=metadata, request=request)
    return feedback


def cancel(meetup: Meetup, by: User) -> None:
    """Call a meetup off and refund what was paid. Errors: `NotTheHost`; `MeetupError` when it is over."""
    with transaction.atomic():
        meetup = Meetup.objects.select_for_update().get(pk=meetup.pk)
        _check_host(meetup, by)
        if not meetup.is_open:
            raise MeetupError("This meetup cannot be cancelled any more.")
        meetup.status = MeetupStatus.CANCELLED
        meetup.save(update_fields=["status"])
        track("meetup_cancelled", user=by, metadata=describe(meetup))
        paid = Payment.objects.filter(request__meetup=meetup, status=PaymentStatus.SUCCEEDED)
        for payment in paid.select_related("request__user"):
            payment.status = PaymentStatus.REFUNDED
            payment.save(update_fields=["status"])
            track(
                "payment_refunded",
                user=payment.request.user,
                event_type="system_event",
                metadata={**describe(meetup), "currency": payment.currency},
                revenue_impact=-payment.amount,
            )


def describe(meetup: Meetup) -> dict[str, Any]:
    """The properties that every event about a meetup carries."""
    return {
        "meetup_id": str(meetup.pk),
        "category": meetup.category,
        "city": meetup.city,
        "ticket_price": meetup.ticket_price,
        "currency": meetup.currency,
    }


def _track_payment(payment: Payment, request: HttpRequest | None) -> None:
    asked = payment.request
    if payment.status == PaymentStatus.SUCCEEDED:
        track(
            "payment_succeeded",
            user=asked.user,
            event_type="conversion",
            metadata=describe(asked.meetup),
            revenue_impact=payment.amount,
            conversion_value=payment.amount,
            request=request,
        )
    else:
        metadata = {**describe(asked.meetup), "failure_code": payment.failure_code}
        track("payment_failed", user=asked.user, action="declined", metadata=metadata, request=request)


def _answer(asked: MeetupRequest, status: RequestStatus) -> None:
    changed = MeetupRequest.objects.filter(pk=asked.pk, status=RequestStatus.PENDING).update(
        status=status, answered_at=clock.now()
    )
    if not changed:
        raise MeetupError("This request has been answered already.")
    asked.refresh_from_db()
    name = "meetup_request_accepted" if status == RequestStatus.ACCEPTED else "meetup_request_declined"
    track(name, user=asked.user, metadata=describe(asked.meetup))


def _has_free_place(meetup: Meetup) -> bool:
    return meetup.requests.filter(status=RequestStatus.ACCEPTED).count() < meetup.capacity


def _check_host(meetup: Meetup, by: User) -> None:
    if meetup.host_id != by.pk:
        raise NotTheHost
