"""Recording from Python: `track()`, the middleware, signals and tracked models."""

from __future__ import annotations

from decimal import Decimal
from unittest.mock import patch

from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, RequestFactory, TestCase, TransactionTestCase, override_settings
from django.urls import path

from analytics import track
from analytics.errors import BadInput
from analytics.ingestion import capture
from analytics.ingestion.event import Arrival, Batch
from analytics.ingestion.writer import GroupCommitWriter
from analytics.middleware import AnalyticsMiddleware
from analytics.models import Person, UserEvent
from analytics.reports.ingestion import ledger
from analytics.signals import TrackedModel, _watch
from analytics.tests.cast import alice


def hello(request: HttpRequest, number: int) -> HttpResponse:
    """A page of a host."""
    return HttpResponse("<p>hello</p>")


def data(request: HttpRequest) -> HttpResponse:
    """An endpoint of a host."""
    return HttpResponse("{}", content_type="application/json")


def broken(request: HttpRequest) -> HttpResponse:
    """A view with a fault."""
    raise RuntimeError("a fault of the host")


urlpatterns = [path("hello/<int:number>/", hello), path("data/", data), path("broken/", broken)]


class TrackTest(TestCase):
    """An event is there exactly if the write that it describes is."""

    def test_the_event_belongs_to_the_user_and_carries_money(self) -> None:
        user = alice()
        uuid = track("ticket_bought", user=user, metadata={"seats": 2}, revenue_impact=Decimal("19.90"))
        event = UserEvent.objects.get(uuid=uuid)
        self.assertEqual((event.user, event.distinct_id), (user, str(user.pk)))
        self.assertEqual((event.revenue_impact, event.event_type), (Decimal("19.90"), "conversion"))
        self.assertEqual(event.metadata["seats"], 2)
        self.assertEqual(event.person.user, user)

    def test_a_rollback_takes_the_event_with_it(self) -> None:
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            track("ticket_bought", distinct_id="u1")
            raise ZeroDivisionError
        self.assertFalse(UserEvent.objects.exists())
        self.assertEqual(ledger().received, 0)

    def test_a_fault_of_analytics_leaves_the_business_write(self) -> None:
        with (
            patch.object(capture, "commit", side_effect=DatabaseError),
            self.assertLogs("analytics.ingestion", "ERROR"),
            transaction.atomic(),
        ):
            group = Group.objects.create(name="written")
            track("group_made", distinct_id="u1")
        self.assertTrue(Group.objects.filter(pk=group.pk).exists())

    def test_the_event_of_a_user_keeps_the_session_of_its_request(self) -> None:
        request = RequestFactory().get("/x/")
        request.COOKIES["loopin_session"] = "s-7"
        uuid = track("joined", user=alice(), request=request)
        self.assertEqual(UserEvent.objects.get(uuid=uuid).session_id, "s-7")

    def test_an_event_for_nobody_is_an_error_of_the_caller(self) -> None:
        with self.assertRaisesRegex(BadInput, "distinct_id"):
            track("x")
        with self.assertRaisesRegex(BadInput, "event"):
            track(" ", distinct_id="u1")

    def test_tracking_the_same_uuid_twice_stores_one(self) -> None:
        first = track("x", distinct_id="u1")
        track("x", distinct_id="u1", uuid=first)
        self.assertEqual((UserEvent.objects.count(), ledger().duplicate), (1, 1))

    @override_settings(ANALYTICS_ENABLED=False)
    def test_switched_off_nothing_is_stored(self) -> None:
        track("x", distinct_id="u1")
        self.assertFalse(UserEvent.objects.exists())


@override_settings(ROOT_URLCONF=__name__)
class MiddlewareTest(TestCase):
    """Page views and calls, by whom, without disturbing the response."""

    def test_a_page_is_a_page_view_of_its_route(self) -> None:
        Client().get(
            "/hello/7/?utm_source=mail&secret=1",
            headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"},
        )
        event = UserEvent.objects.get()
        self.assertEqual((event.event_name, event.event_type), ("$pageview", "page_view"))
        self.assertEqual((event.page_path, event.status_code), ("/hello/<int:number>/", 200))
        self.assertEqual(event.metadata, {"utm_source": "mail"})
        self.assertNotIn("secret", event.page_url)
        self.assertEqual((event.browser, event.os, event.device_type), ("Firefox", "Linux", "desktop"))
        self.assertEqual(event.source, "middleware")

    def test_a_visitor_keeps_one_id_and_one_session(self) -> None:
        client = Client()
        client.get("/hello/1/")
        client.get("/data/")
        events = UserEvent.objects.all()
        self.assertEqual(len({e.distinct_id for e in events}), 1)
        self.assertEqual(len({e.session_id for e in events}), 1)
        self.assertEqual({e.event_type for e in events}, {"page_view", "api_call"})

    def test_a_session_user_beats_every_header(self) -> None:
        user = alice()
        client = Client()
        client.force_login(user)
        client.get("/data/", headers={"X-POSTHOG-DISTINCT-ID": "somebody-else"})
        event = UserEvent.objects.get(event_name="$request")
        self.assertEqual((event.user, event.distinct_id), (user, str(user.pk)))

    def test_a_user_is_known_under_asgi_too(self) -> None:
        user = alice()
        client = AsyncClient()
        client.force_login(user)
        UserEvent.objects.all().delete()

        async def visit() -> None:
            await client.get("/hello/1/")

        async_to_sync(visit)()
        self.assertEqual(UserEvent.objects.get(event_name="$pageview").user, user)

    def test_wishes_not_to_be_tracked_are_kept(self) -> None:
        for header in ("DNT", "Sec-GPC"):
            response = Client().get("/hello/1/", headers={header: "1"})
            self.assertFalse(response.cookies)
        self.assertFalse(UserEvent.objects.exists())

    def test_a_fault_of_the_host_is_an_error_event_and_stays_its_fault(self) -> None:
        response = Client(raise_request_exception=False).get("/broken/")
        self.assertEqual(response.status_code, 500)
        self.assertEqual(UserEvent.objects.get().event_type, "error")

    def test_a_request_for_a_strange_host_is_observed_without_it(self) -> None:
        request = RequestFactory(headers={"Host": "evil.example"}).get("/hello/1/")
        with self.assertNoLogs("analytics", "ERROR"):
            AnalyticsMiddleware(lambda _: HttpResponse("x"))(request)
        self.assertEqual(UserEvent.objects.get().page_url, "/hello/1/")

    def test_a_fault_of_analytics_leaves_the_response_alone(self) -> None:
        with (
            patch("analytics.middleware._observe", side_effect=RuntimeError),
            self.assertLogs("analytics.middleware", "ERROR"),
        ):
            self.assertEqual(Client().get("/hello/1/").content, b"<p>hello</p>")

    @override_settings(ANALYTICS_TRUSTED_PROXIES=1)
    def test_addresses_are_believed_from_trusted_proxies_only(self) -> None:
        Client().get("/data/", headers={"X-Forwarded-For": "6.6.6.6, 198.51.100.7"})
        self.assertEqual(UserEvent.objects.get().ip_address, "198.51.100.0")

    def test_it_takes_synchronous_and_asynchronous_handlers(self) -> None:
        async def handler(request: HttpRequest) -> HttpResponse:
            return HttpResponse("x")

        middleware = AnalyticsMiddleware(handler)
        response = async_to_sync(middleware)(RequestFactory().get("/data/"))
        self.assertEqual(response.content, b"x")


class SignalsTest(TestCase):
    """Logins, and declared models."""

    def test_login_and_logout_are_events_and_join_the_anonymous_visits(self) -> None:
        user = alice()
        client = Client()
        client.get("/meetups-that-are-not-there/")
        visitor = UserEvent.objects.get()
        self.assertTrue(client.login(request=HttpRequest(), username="alice", password="alice-password-1"))
        client.logout()
        names = set(UserEvent.objects.filter(user=user).values_list("event_name", flat=True))
        self.assertLessEqual({"login", "logout"}, names)
        self.assertTrue(visitor.person)

    def test_a_login_in_a_browser_with_history_merges_it_into_the_user(self) -> None:
        user = User.objects.create_superuser("root", password="root-password-1")
        client = Client()
        client.get("/admin/login/")
        anonymous = UserEvent.objects.latest("id").person
        client.post("/admin/login/", {"username": "root", "password": "root-password-1"})
        anonymous.refresh_from_db()
        node = Person.objects.get(user=user)
        self.assertEqual(anonymous.root, node.root)

    def test_a_fault_of_the_host_adapter_does_not_stop_a_login(self) -> None:
        User.objects.create_superuser("root", password="root-password-1")
        client = Client()
        client.get("/somewhere/")
        with (
            patch("analytics.signals.host.get", side_effect=RuntimeError),
            self.assertLogs("analytics.signals", "ERROR"),
        ):
            response = client.post(
                "/admin/login/", {"username": "root", "password": "root-password-1", "next": "/admin/"}
            )
        self.assertRedirects(response, "/admin/", fetch_redirect_response=False)

    def test_a_failed_login_names_nobody(self) -> None:
        client = Client()
        client.post("/admin/login/", {"username": "secret-name", "password": "wrong"})
        event = UserEvent.objects.get(event_name="login_failed")
        self.assertIsNone(event.user)
        self.assertNotIn("secret-name", str(event.metadata))

    def test_a_tracked_model_causes_events_in_its_own_transaction(self) -> None:
        _watch(Group, TrackedModel(created="group_made", deleted="group_gone", properties=("name",)))
        try:
            with self.assertRaises(ZeroDivisionError), transaction.atomic():
                Group.objects.create(name="undone")
                raise ZeroDivisionError
            Group.objects.create(name="kept").delete()
        finally:
            from django.db.models.signals import post_delete, post_save

            for signal in (post_save, post_delete):
                signal.disconnect(sender=Group, dispatch_uid="analytics.tracked.auth.Group")
        names = list(UserEvent.objects.order_by("id").values_list("event_name", "metadata__name"))
        self.assertEqual(names, [("group_made", "kept"), ("group_gone", "kept")])


@override_settings(ANALYTICS_INLINE_WRITER=False)
class GroupCommitWriterTest(TransactionTestCase):
    """The thread that stores for all requests in flight."""

    def setUp(self) -> None:
        self.writer = GroupCommitWriter()
        self.addCleanup(self.writer.close)

    def batch(self, name: str) -> Batch:
        from analytics import clock
        from analytics.ingestion import pipeline
        from analytics.ingestion.event import Event

        arrival = Arrival(received_at=clock.now(), source="api", ingest_key="k")
        return pipeline.run(arrival, [Event(arrival, given_name=name, given_distinct_id="u1")])

    def test_what_is_acknowledged_is_committed(self) -> None:
        results = self.writer.store(self.batch("a"))
        self.assertEqual([r.outcome for r in results], ["stored"])
        self.assertEqual(UserEvent.objects.count(), 1)

    def test_many_callers_share_commits_and_each_gets_its_own_answer(self) -> None:
        answers: list[object] = []
        for number in range(50):
            self.writer.submit(self.batch(f"e{number}"), lambda results, error: answers.append(results))
        self.assertTrue(self.writer.flush())
        self.assertEqual(len(answers), 50)
        self.assertEqual(UserEvent.objects.count(), 50)
        commits = UserEvent.objects.values("insert_xid").distinct().count()
        self.assertLess(commits, 50)

    @override_settings(ANALYTICS_MAX_PENDING_EVENTS=0)
    def test_a_full_waiting_room_refuses_instead_of_losing(self) -> None:
        first, second = self.batch("a"), self.batch("b")
        with patch("analytics.ingestion.writer.commit") as commit:
            import threading

            gate = threading.Event()
            commit.side_effect = lambda batches: (gate.wait(5), [[] for _ in batches])[1]
            self.writer.submit(first, lambda results, error: None)
            from analytics.errors import Unavailable

            with self.assertRaises(Unavailable) as caught:
                self.writer.submit(second, lambda results, error: None)
            self.assertFalse(self.writer.offer(second))
            gate.set()
            self.writer.flush()
        self.assertEqual((caught.exception.status, caught.exception.code), (503, "overloaded"))
        self.assertEqual(self.writer.dropped, 1)
