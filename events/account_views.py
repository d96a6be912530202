"""Signing up and verifying an account. Logging in and out are Django's own views."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from events import services
from events.forms import SignUpForm
from events.views import LOGIN_URL, signed_in_user


@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account and log in with it."""
    form = SignUpForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = services.sign_up(form.save(commit=False), form.cleaned_data["city"], request)
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        messages.success(request, "Welcome! One click below verifies your account.")
        return redirect("events:meetups")
    return render(request, "events/sign_up.html", {"form": form})


@login_required(login_url=LOGIN_URL)
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Verify the account; the demo sends no mail, so one click is enough."""
    services.verify(signed_in_user(request), request)
    messages.success(request, "Your account is verified.")
    return redirect("events:meetups")
