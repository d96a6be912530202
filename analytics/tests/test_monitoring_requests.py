"""Requests as operators see them: counted by route under both servers, timed, and never by a stranger's text."""

from __future__ import annotations

import logging
from collections import Counter
from unittest import mock

from asgiref.sync import async_to_sync
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, SimpleTestCase, TestCase, override_settings
from django.urls import path
from prometheus_client import REGISTRY

from analytics.models.choices import EventType
from analytics.monitoring import requests
from analytics.monitoring.asgi import Watched
from analytics.monitoring.middleware import PrometheusMiddleware, ResponseTimeMiddleware
from analytics.monitoring.requests import Answered
from analytics.tests.cast import posthog_event, send_batch
from analytics.tests.servers import ServersTestCase


def value(name: str, **labels: str) -> float:
    """What the series holds now; 0 when it is not there yet."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


def endpoints() -> set[str]:
    """Every endpoint that has a series."""
    found = [sample for family in REGISTRY.collect() for sample in family.samples]
    return {sample.labels["endpoint"] for sample in found if "endpoint" in sample.labels}


def breaks(_: HttpRequest) -> HttpResponse:
    raise ValueError("it broke")


def works(_: HttpRequest, number: int) -> HttpResponse:
    return HttpResponse(str(number))


urlpatterns = [path("shop/<int:number>/", works), path("broken/", breaks)]
HERE = override_settings(ROOT_URLCONF=__name__)


class DjangoTest(SimpleTestCase):
    def count(self, name: str = "analytics_requests_total", **labels: str) -> float:
        return value(name, **{"method": "GET", **labels})

    @HERE
    def test_pages_of_one_route_are_one_endpoint(self) -> None:
        before = self.count(endpoint="/shop/{number}")
        Client().get("/shop/7/")
        Client().get("/shop/8/")
        self.assertEqual(self.count(endpoint="/shop/{number}") - before, 2)
        self.assertNotIn("/shop/7", endpoints())

    @HERE
    def test_paths_that_lead_nowhere_are_one_endpoint_however_many(self) -> None:
        before = self.count(endpoint="unmatched")
        Client().get("/wp-login.php")
        Client().get("/ann@example.org")
        self.assertEqual(self.count(endpoint="unmatched") - before, 2)
        self.assertFalse(any("example.org" in endpoint or "wp-login" in endpoint for endpoint in endpoints()))

    @HERE
    def test_a_view_that_breaks_is_an_error_and_has_its_duration(self) -> None:
        labels = {"endpoint": "/broken", "status": "5xx"}
        errors = self.count("analytics_request_errors_total", **labels)
        timed = value("analytics_request_duration_seconds_count", endpoint="/broken")
        with self.assertLogs("django.request", "ERROR"):
            Client(raise_request_exception=False).get("/broken/")
        self.assertEqual(self.count("analytics_request_errors_total", **labels) - errors, 1)
        self.assertEqual(value("analytics_request_duration_seconds_count", endpoint="/broken") - timed, 1)

    @HERE
    def test_a_method_of_somebodys_own_is_no_label(self) -> None:
        before = value("analytics_requests_total", method="OTHER", endpoint="/shop/{number}")
        Client().generic("STEAL", "/shop/7/")
        self.assertEqual(
            value("analytics_requests_total", method="OTHER", endpoint="/shop/{number}") - before, 1
        )

    def test_an_exception_on_its_way_out_is_counted_and_goes_on(self) -> None:
        before = self.count("analytics_request_errors_total", endpoint="unmatched", status="5xx")
        with self.assertRaises(ValueError):
            PrometheusMiddleware(breaks)(RequestFactory().get("/"))
        after = self.count("analytics_request_errors_total", endpoint="unmatched", status="5xx")
        self.assertEqual(after - before, 1)

    def test_it_works_where_views_are_coroutines(self) -> None:
        async def view(_: HttpRequest) -> HttpResponse:
            return HttpResponse("ok")

        before = self.count(endpoint="unmatched")
        response = async_to_sync(ResponseTimeMiddleware(PrometheusMiddleware(view)))(
            RequestFactory().get("/")
        )
        self.assertEqual(self.count(endpoint="unmatched") - before, 1)
        self.assertRegex(response["X-Response-Time"], r"^\d+\.\d{3}s$")


class ResponseTimeTest(SimpleTestCase):
    @HERE
    def test_every_answer_says_how_long_it_took(self) -> None:
        self.assertRegex(Client().get("/shop/7/")["X-Response-Time"], r"^\d+\.\d{3}s$")

    def test_a_slow_request_is_logged_by_its_route(self) -> None:
        with self.assertLogs("analytics.monitoring", "WARNING") as logged:
            requests.log_if_slow(Answered("GET", "shop/<int:number>/", 200, 1.234))
        self.assertEqual(
            logged.records[0].getMessage(), "slow request: GET /shop/{number} took 1.23s (status 200)"
        )

    def test_a_second_is_not_slow_yet(self) -> None:
        with self.assertNoLogs("analytics.monitoring", logging.WARNING):
            requests.log_if_slow(Answered("GET", "shop/", 200, 1.0))


class BothServersTest(ServersTestCase):
    def test_an_api_call_counts_once_under_the_same_name(self) -> None:
        labels = {"method": "GET", "endpoint": "/api/analytics/events/{uuid}/receipt"}
        for call in self.servers():
            before = value("analytics_requests_total", **labels)
            answer = call("GET", "/api/analytics/events/3f0c5b1e-8c7e-4a5e-9d0e-0123456789ab/receipt")
            self.assertRegex(answer.headers["x-response-time"], r"^\d+\.\d{3}s$")
            self.assertEqual(value("analytics_requests_total", **labels) - before, 1)

    def test_a_page_of_django_counts_once_and_under_no_other_name(self) -> None:
        for call in self.servers():
            before = self.counts()
            answer = call("GET", "/readyz")
            self.assertRegex(answer.headers["x-response-time"], r"^\d+\.\d{3}s$")
            self.assertEqual(self.counts() - before, Counter({"/readyz": 1}))

    def test_configuration_paths_share_code_and_have_names_of_their_own(self) -> None:
        for call in self.servers():
            before = self.counts()
            call("GET", "/array/lk_somebodys/config")
            call("POST", "/flags/", b"{}")
            self.assertEqual(self.counts() - before, Counter({"/array/{token}/config": 1, "/flags": 1}))

    def counts(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for sample in (sample for family in REGISTRY.collect() for sample in family.samples):
            if sample.name == "analytics_requests_total":
                found[sample.labels["endpoint"]] += int(sample.value)
        return found

    def test_sdk_paths_are_counted_with_and_without_slash(self) -> None:
        labels = {"method": "POST", "endpoint": "/batch"}
        for call in self.servers():
            before = value("analytics_request_errors_total", status="4xx", **labels)
            call("POST", "/batch", b"{}")
            call("POST", "/batch/", b"{}")
            self.assertEqual(value("analytics_request_errors_total", status="4xx", **labels) - before, 2)

    def test_an_application_that_breaks_under_fastapi_is_an_error(self) -> None:
        async def broken(*_: object) -> None:
            raise ValueError("it broke")

        before = value("analytics_request_errors_total", method="GET", endpoint="unmatched", status="5xx")
        with self.assertRaises(ValueError):
            async_to_sync(Watched(broken))(
                {"type": "http", "method": "GET"}, mock.AsyncMock(), mock.AsyncMock()
            )
        after = value("analytics_request_errors_total", method="GET", endpoint="unmatched", status="5xx")
        self.assertEqual(after - before, 1)


class EventsTest(ServersTestCase):
    def stored(self) -> float:
        return sum(value("analytics_events_total", event_type=kind) for kind in EventType)

    def test_stored_events_are_counted_by_type_and_duplicates_are_not(self) -> None:
        views = value("analytics_events_total", event_type="page_view")
        before = self.stored()
        event = posthog_event("$pageview")
        send_batch(event, posthog_event("clicked"))
        send_batch(event)
        self.assertEqual(self.stored() - before, 2)
        self.assertEqual(value("analytics_events_total", event_type="page_view") - views, 1)


class RolledBackEventsTest(TestCase):
    def test_what_is_not_committed_is_not_counted(self) -> None:
        from analytics import track

        before = sum(value("analytics_events_total", event_type=kind) for kind in EventType)
        with self.captureOnCommitCallbacks(execute=False):  # as a transaction that rolls back
            track("clicked", distinct_id="u1")
        self.assertEqual(sum(value("analytics_events_total", event_type=kind) for kind in EventType), before)
