"""Run by test_sentry in a process of its own: a shop with Sentry switched on, which breaks with personal data at hand.

Everything here that is Ann's must stay in this process.
"""

from __future__ import annotations

import logging

import django
import sentry_sdk
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import path

from loopin_backend import env, sentry

ANN = (
    "ann@example.org",
    "Ann Canary",
    "198.51.100.77",
    "hunter2canary",
    "lk_canary_of_ann",
    "/orders/ann-canary",
)


def order(request: HttpRequest, number: int) -> HttpResponse:
    """Breaks with a local variable, a message and a form that all name Ann."""
    address = request.POST["email"]
    raise ValueError(f"order {number} of {address} has no {request.POST['name']}")


urlpatterns = [path("orders/<int:number>/", order)]


def main() -> None:
    """Break in a view, in a log line, in a task and on a path that leads nowhere."""
    env.use_settings("loopin_backend.settings.test")
    sentry.start(env.load(), release="shop@1")
    django.setup()
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    sentry_sdk.set_user({"email": ANN[0], "ip_address": ANN[2]})
    sentry_sdk.set_tag("customer", ANN[1])
    sentry_sdk.set_extra("basket", ANN[1])
    sentry_sdk.add_breadcrumb(message=ANN[0])
    for place in ("/orders/7/?email=ann@example.org", ANN[5]):
        request = RequestFactory().post(
            place,
            {"email": ANN[0], "name": ANN[1], "password": ANN[3]},
            REMOTE_ADDR=ANN[2],
            HTTP_AUTHORIZATION=f"Bearer {ANN[4]}",
            HTTP_COOKIE=f"sessionid={ANN[3]}",
        )
        WSGIHandler()(request.environ, lambda *_: None)
    logging.getLogger("analytics.tasks").error("cannot deliver to %s", ANN[0], extra={"name_of": ANN[1]})
    logging.getLogger("analytics.tasks").error(f"cannot deliver to {ANN[0]}")
    _break_in_a_task()
    sentry_sdk.flush(5)


def _break_in_a_task() -> None:
    from loopin_backend.celery import app

    @app.task(name="shop.charge")
    def charge(address: str) -> None:
        raise RuntimeError(f"no money of {address}")

    charge.apply(args=[ANN[0]])


if __name__ == "__main__":
    main()
