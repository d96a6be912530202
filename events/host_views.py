"""The pages of a host: make a meetup, answer requests, note who came, call it off."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from events import services
from events.forms import MeetupForm
from events.models import AttendanceOutcome, Meetup, MeetupRequest
from events.views import LOGIN_URL, refusal_shown, signed_in_user


@login_required(login_url=LOGIN_URL)
@require_http_methods(["GET", "POST"])
def create_meetup(request: HttpRequest) -> HttpResponse:
    """Invite people to a meetup."""
    form = MeetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.instance.host = signed_in_user(request)
        return redirect(services.create_meetup(form.instance))
    return render(request, "events/create.html", {"form": form})


@login_required(login_url=LOGIN_URL)
@require_POST
def cancel(request: HttpRequest, meetup_id: int) -> HttpResponse:
    """Call a meetup off."""
    meetup = _hosted(request, meetup_id)
    with refusal_shown(request):
        services.cancel(meetup, meetup.host)
        messages.success(request, "The meetup is cancelled and all payments are refunded.")
    return redirect(meetup)


@login_required(login_url=LOGIN_URL)
@require_POST
def answer(request: HttpRequest, request_id: int) -> HttpResponse:
    """Accept or decline a request."""
    asked = _request_to_host(request, request_id)
    act = {"accept": services.accept, "decline": services.decline}.get(request.POST.get("answer", ""))
    if act is None:
        return HttpResponseBadRequest("answer must be accept or decline")
    with refusal_shown(request):
        act(asked, asked.meetup.host)
    return redirect(asked.meetup)


@login_required(login_url=LOGIN_URL)
@require_POST
def attendance(request: HttpRequest, request_id: int) -> HttpResponse:
    """Note whether a guest came."""
    asked = _request_to_host(request, request_id)
    outcome = request.POST.get("outcome", "")
    if outcome not in AttendanceOutcome.values:
        return HttpResponseBadRequest("outcome must be yes, late or no")
    with refusal_shown(request):
        services.attend(asked, outcome, asked.meetup.host)
    return redirect(asked.meetup)


def _hosted(request: HttpRequest, meetup_id: int) -> Meetup:
    """A meetup of the present user; somebody else's is not found."""
    return get_object_or_404(Meetup.objects.select_related("host"), pk=meetup_id, host_id=request.user.pk)


def _request_to_host(request: HttpRequest, request_id: int) -> MeetupRequest:
    """A request that the present user may answer; any other is not found."""
    requests = MeetupRequest.objects.select_related("meetup__host", "user")
    return get_object_or_404(requests, pk=request_id, meetup__host_id=request.user.pk)
