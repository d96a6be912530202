"""The pages of a visitor and a guest: look around, join, pay, give feedback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from analytics import clock, track
from events import gateway, services
from events.errors import MeetupError
from events.forms import FeedbackForm, PaymentForm, SearchForm
from events.models import (
    AttendanceOutcome,
    Meetup,
    MeetupRequest,
    MeetupStatus,
    PaymentStatus,
    RequestStatus,
)

LOGIN_URL = "events:login"
_PAGE_SIZE = 20


@require_GET
def meetup_list(request: HttpRequest) -> HttpResponse:
    """Meetups to come, by category and city."""
    meetups = Meetup.objects.filter(status=MeetupStatus.SCHEDULED, starts_at__gt=clock.now())
    form = SearchForm(request.GET)
    if form.is_valid():
        if form.cleaned_data["category"]:
            meetups = meetups.filter(category=form.cleaned_data["category"])
        if form.cleaned_data["city"]:
            meetups = meetups.filter(city__icontains=form.cleaned_data["city"])
    page = Paginator(meetups, _PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "events/meetup_list.html", {"page": page, "form": form})


@require_GET
def meetup_page(request: HttpRequest, meetup_id: int) -> HttpResponse:
    """One meetup, with what the present visitor can do about it."""
    meetup = get_object_or_404(Meetup.objects.select_related("host"), pk=meetup_id)
    track("meetup_viewed", metadata=services.describe(meetup), request=request)
    is_host = request.user.pk == meetup.host_id
    context = {"meetup": meetup, "is_host": is_host, "outcomes": AttendanceOutcome.choices}
    if is_host:
        context["requests"] = meetup.requests.select_related("user", "attendance")
    if request.user.is_authenticated:
        context |= _own_standing(request.user, meetup)
    return render(request, "events/meetup.html", context)


@login_required(login_url=LOGIN_URL)
@require_POST
def join(request: HttpRequest, meetup_id: int) -> HttpResponse:
    """Ask for a place."""
    meetup = get_object_or_404(Meetup, pk=meetup_id)
    try:
        asked = services.request_to_join(signed_in_user(request), meetup, request)
    except MeetupError as error:
        messages.error(request, str(error))
        return redirect(meetup)
    if asked.status != RequestStatus.ACCEPTED:
        messages.info(request, "Your request is with the host.")
    elif meetup.is_free:
        messages.success(request, "You have a place. See you there!")
    else:
        messages.success(request, "You have a place; please pay for it now.")
        return redirect("events:pay", meetup.pk)
    return redirect(meetup)


@login_required(login_url=LOGIN_URL)
@require_http_methods(["GET", "POST"])
def pay(request: HttpRequest, meetup_id: int) -> HttpResponse:
    """Pay for a place with one of the demo's cards."""
    asked = _own_request(request, meetup_id)
    form = PaymentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            payment = services.pay(asked, form.cleaned_data["card_number"], request)
        except MeetupError as error:
            messages.error(request, str(error))
            return redirect(asked.meetup)
        if payment.status == PaymentStatus.SUCCEEDED:
            messages.success(request, "Paid. See you there!")
            return redirect(asked.meetup)
        form.add_error("card_number", f"The payment failed: {payment.failure_code.replace('_', ' ')}.")
    context = {
        "meetup": asked.meetup,
        "form": form,
        "success_card": gateway.SUCCESS_CARD,
        "failure_cards": gateway.FAILURE_CARDS,
    }
    return render(request, "events/pay.html", context)


@login_required(login_url=LOGIN_URL)
@require_http_methods(["GET", "POST"])
def feedback(request: HttpRequest, meetup_id: int) -> HttpResponse:
    """Rate a meetup after it."""
    asked = _own_request(request, meetup_id)
    form = FeedbackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with refusal_shown(request):
            services.give_feedback(asked, form.cleaned_data["rating"], form.cleaned_data["text"], request)
            messages.success(request, "Thank you for your feedback.")
        return redirect(asked.meetup)
    return render(request, "events/feedback.html", {"meetup": asked.meetup, "form": form})


def _own_request(request: HttpRequest, meetup_id: int) -> MeetupRequest:
    """The present user's request for a place; somebody else's is not found."""
    mine = MeetupRequest.objects.select_related("meetup", "user")
    return get_object_or_404(mine, meetup_id=meetup_id, user=signed_in_user(request))


def _own_standing(user: User, meetup: Meetup) -> dict[str, object]:
    """Where the user stands with the meetup: the request, and whether there is something left to do."""
    asked = MeetupRequest.objects.filter(meetup=meetup, user=user).first()
    if asked is None:
        return {"asked": None}
    is_accepted = asked.status == RequestStatus.ACCEPTED
    has_paid = asked.payments.filter(status=PaymentStatus.SUCCEEDED).exists()
    attendance = getattr(asked, "attendance", None)
    came = attendance is not None and attendance.outcome != AttendanceOutcome.NO
    return {
        "asked": asked,
        "must_pay": is_accepted and meetup.is_open and not meetup.is_free and not has_paid,
        "may_give_feedback": came and not hasattr(asked, "feedback"),
    }


@contextmanager
def refusal_shown(request: HttpRequest) -> Iterator[None]:
    """Tell the user why an act was refused; the page goes on after it."""
    try:
        yield
    except MeetupError as error:
        messages.error(request, str(error))


def signed_in_user(request: HttpRequest) -> User:
    """The present user. Errors: `PermissionDenied` when nobody is logged in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
