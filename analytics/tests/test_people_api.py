"""Persons, their events, erasure and cohorts through both servers: who may see what, and pages without a gap."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.contrib.auth.models import User

from analytics import clock
from analytics.ingestion import merges
from analytics.models import Cohort, Erasure, Person, UserEvent
from analytics.reports import people
from analytics.reports.cohorts import add_members
from analytics.store.sealing import seal_all
from analytics.tests.cast import posthog_event, send_batch
from analytics.tests.servers import API, Call, ServersTestCase

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
PERSONS = f"{API}/persons"


def node(distinct_id: str) -> Person:
    return Person.objects.get(own_distinct_id__distinct_id=distinct_id)


class PeopleTest(ServersTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOW))

    def walk(self, call: Call, path: str, key: str, **query: Any) -> list[Any]:
        """All entries of all pages."""
        found: list[Any] = []
        while True:
            page = call("GET", path, user=self.sam, query=query)
            self.assertEqual(page.status, 200, page.body)
            self.assertLessEqual(len(page.body[key]), query.get("limit", 50))
            found += page.body[key]
            if page.body["next_cursor"] is None:
                return found
            query["cursor"] = page.body["next_cursor"]

    def test_persons_are_listed_page_by_page_without_gap_or_double(self) -> None:
        send_batch(*(posthog_event("view", f"u{n}", timestamp="2026-05-04T10:00:00Z") for n in range(7)))
        expected = {str(row) for row in Person.objects.values_list("uuid", flat=True)}
        for call in self.servers():
            for order in ("-created_at", "created_at"):
                ids = [one["id"] for one in self.walk(call, PERSONS, "persons", limit=3, order=order)]
                self.assertEqual((len(ids), set(ids)), (7, expected))
            first = call("GET", PERSONS, user=self.sam, query={"limit": 2}).body
            send_batch(posthog_event("view", f"late-{call.__name__}"))
            query = {"limit": 50, "cursor": first["next_cursor"]}
            rest = call("GET", PERSONS, user=self.sam, query=query).body["persons"]
            self.assertFalse({p["id"] for p in first["persons"]} & {p["id"] for p in rest})
            Person.objects.filter(own_distinct_id__distinct_id__startswith="late").delete()

    def test_a_person_is_shown_with_what_is_known(self) -> None:
        send_batch(
            posthog_event(
                "view", "u1", timestamp="2026-05-04T10:00:00Z", properties={"$set": {"name": "Uma"}}
            ),
            posthog_event("paid", "u1", timestamp="2026-05-06T10:00:00Z"),
        )
        seal_all()
        for call in self.servers():
            found = call("GET", f"{PERSONS}/{node('u1').uuid}", user=self.sam)
            shown = {
                key: found.body[key]
                for key in ("distinct_ids", "properties", "first_seen", "last_seen", "events")
            }
            self.assertEqual(shown, {
                "distinct_ids": ["u1"], "properties": {"name": "Uma"}, "events": 2,
                "first_seen": "2026-05-04T10:00:00Z", "last_seen": "2026-05-06T10:00:00Z",
            })  # fmt: skip
            tag = {"If-None-Match": found.headers["etag"]}
            again = call("GET", f"{PERSONS}/{node('u1').uuid}", user=self.sam, headers=tag)
            self.assertEqual((again.status, again.content), (304, b""))
            Person.objects.filter(pk=node("u1").pk).update(is_identified=not node("u1").is_identified)
            changed = call("GET", f"{PERSONS}/{node('u1').uuid}", user=self.sam, headers=tag)
            self.assertEqual(changed.status, 200)

    def test_a_merged_node_leads_to_its_root(self) -> None:
        send_batch(posthog_event("view", "u1"), posthog_event("view", "u2"), posthog_event("paid", "u2"))
        merges.merge(node("u1").uuid, [node("u2").uuid])
        root = str(node("u1").uuid)
        for call in self.servers():
            found = call("GET", f"{PERSONS}/{node('u2').uuid}", user=self.sam).body
            self.assertEqual((found["id"], found["distinct_ids"], found["events"]), (root, ["u1", "u2"], 3))
            events = call("GET", f"{PERSONS}/{node('u2').uuid}/events", user=self.sam).body
            self.assertEqual((events["person_id"], len(events["events"])), (root, 3))
            self.assertEqual([one["id"] for one in self.walk(call, PERSONS, "persons")], [root])

    def test_persons_are_found_by_id_name_user_and_cohort(self) -> None:
        uma = {"$set": {"name": "Uma Thaler"}}
        send_batch(
            posthog_event("view", "device-7", properties=uma),
            posthog_event("view", "u2"),
            posthog_event("view", "u3"),
        )
        merges.merge(node("device-7").uuid, [node("u2").uuid])
        Person.objects.filter(pk=node("u3").pk).update(user=self.alice)
        cohort = Cohort.objects.create(name="some", kind="static")
        add_members(cohort, ["u2"])
        one, three = str(node("device-7").uuid), str(node("u3").uuid)
        cases: list[tuple[dict[str, Any], list[str]]] = [
            ({"search": "DEVICE"}, [one]), ({"search": "u2"}, [one]), ({"search": "thaler"}, [one]),
            ({"search": "alice@"}, [three]), ({"search": str(node("u2").uuid)}, [one]), ({"search": "100%"}, []),
            ({"cohort": cohort.pk}, [one]), ({"cohort": cohort.pk, "search": "u3"}, []),
        ]  # fmt: skip
        for call in self.servers():
            for query, expected in cases:
                found = call("GET", PERSONS, user=self.sam, query=query).body["persons"]
                self.assertEqual([person["id"] for person in found], expected, query)

    def test_the_events_of_a_person_come_newest_first_without_gap_or_double(self) -> None:
        sent = [
            posthog_event(f"e{n}", "u1", timestamp=f"2026-05-0{1 + n % 5}T10:0{n % 3}:00Z") for n in range(11)
        ]
        send_batch(*sent[:6])
        seal_all()
        send_batch(*sent[6:], posthog_event("other", "u2"))
        path = f"{PERSONS}/{node('u1').uuid}/events"
        for call in self.servers():
            found = self.walk(call, path, "events", limit=3)
            self.assertEqual(sorted(e["uuid"] for e in found), sorted(e["uuid"] for e in sent))
            times = [e["timestamp"] for e in found]
            self.assertEqual(times, sorted(times, reverse=True))
            named = self.walk(call, path, "events", event="e3", date_from="2026-05-04", date_to="2026-05-05")
            self.assertEqual([e["event_name"] for e in named], ["e3"])
            self.assertEqual(named[0]["distinct_id"], "u1")
            self.assertEqual(self.walk(call, path, "events", date_to="2026-05-01"), [])

    def test_a_user_sees_themself_alone(self) -> None:
        mine = posthog_event("view", str(self.alice.pk))
        send_batch(mine, posthog_event("view", "somebody"))
        own, other = node(str(self.alice.pk)), node("somebody")
        for call in self.servers():
            listed = call("GET", PERSONS, user=self.alice).body["persons"]
            self.assertEqual([person["id"] for person in listed], [str(own.uuid)])
            events = call("GET", f"{PERSONS}/{own.uuid}/events", user=self.alice).body["events"]
            self.assertEqual([event["uuid"] for event in events], [mine["uuid"]])
            for path in ("", "/events"):
                replies = [
                    call("GET", f"{PERSONS}/{who}{path}", user=self.alice)
                    for who in (other.uuid, uuid.uuid4())
                ]
                self.assertEqual([reply.status for reply in replies], [404, 404])
                self.assertEqual(replies[0].body, replies[1].body)
            self.check_refused(call, "DELETE", f"{PERSONS}/{own.uuid}", 403, "staff_only", user=self.alice)
        nobody = User.objects.create_user("newcomer")
        self.assertEqual(self.fast("GET", PERSONS, user=nobody).body["persons"], [])

    def test_erasure_answers_a_certificate_and_the_person_is_gone(self) -> None:
        for call in self.servers():
            send_batch(posthog_event("view", f"gone-{call.__name__}"), posthog_event("view", "stays"))
            who = node(f"gone-{call.__name__}")
            with mock.patch.object(people.queueing, "wake") as wake:
                found = call("DELETE", f"{PERSONS}/{who.uuid}", user=self.sam)
            wake.assert_called_once_with("analytics.tasks.lake_upkeep")
            self.assertEqual((found.status, found.body["person_uuid"]), (200, str(who.uuid)))
            self.assertEqual((found.body["deleted_rows"], found.body["completed_at"]), (1, None))
            self.assertTrue(Erasure.objects.filter(uuid=found.body["uuid"]).exists())
            self.assertFalse(UserEvent.objects.filter(person_id=who.pk).exists())
            self.check_refused(call, "GET", f"{PERSONS}/{who.uuid}", 404, "not_found", user=self.sam)
            self.check_refused(call, "DELETE", f"{PERSONS}/{who.uuid}", 404, "not_found", user=self.sam)
        self.assertTrue(UserEvent.objects.filter(distinct_id="stays").exists())

    def test_wrong_input_is_told(self) -> None:
        send_batch(*(posthog_event("view", f"u{n}") for n in range(3)))
        page = self.fast("GET", PERSONS, user=self.sam, query={"limit": 1}).body["next_cursor"]
        who = f"{PERSONS}/{node('u1').uuid}/events"
        cases: list[tuple[str, dict[str, Any], int, str]] = [
            (PERSONS, {"limit": 0}, 422, "invalid_input"), (PERSONS, {"order": "name"}, 422, "invalid_input"),
            (PERSONS, {"cursor": "nonsense"}, 400, "bad_cursor"), (PERSONS, {"cursor": page[:-1]}, 400, "bad_cursor"),
            (PERSONS, {"cursor": page, "search": "u"}, 400, "bad_cursor"),
            (PERSONS, {"cohort": 99}, 400, "unknown_cohort"), (PERSONS, {"search": "\x00"}, 422, "invalid_input"),
            (f"{PERSONS}/17", {}, 422, "invalid_input"), (who, {"cursor": "x"}, 400, "bad_question"),
            (who, {"date_from": "soon"}, 422, "invalid_input"), (who, {"limit": 1001}, 422, "invalid_input"),
            (f"{API}/cohorts/{10**30}", {}, 422, "invalid_input"),
            (f"{API}/cohorts", {"cursor": page}, 400, "bad_cursor"),
        ]  # fmt: skip
        for call in self.servers():
            for path, query, status, code in cases:
                with self.subTest(path, **query):
                    self.check_refused(call, "GET", path, status, code, query=query, user=self.sam)
            for path in (PERSONS, who, f"{API}/cohorts", f"{API}/properties"):
                self.check_refused(call, "GET", path, 401, "not_authenticated")


class CohortsTest(ServersTestCase):
    def test_cohorts_are_made_listed_used_and_deleted(self) -> None:
        send_batch(posthog_event("paid", "u1"), posthog_event("view", "u2"))
        path = f"{API}/cohorts"
        for call in self.servers():
            static = call(
                "POST", path, {"name": "hand", "kind": "static", "distinct_ids": ["u2", "nobody"]}, self.sam
            )
            self.assertEqual((static.status, static.body["members"]), (200, 1), static.body)
            self.assertEqual(static.body["unknown_ids"], ["nobody"])
            definition = {
                "event": "paid",
                "within_days": 7,
                "filters": {"not": {"cohort": static.body["id"]}},
            }
            body = {"name": "payers", "kind": "behavioural", "definition": definition}
            made = call("POST", path, body, self.sam).body
            found = call("GET", PERSONS, user=self.sam, query={"cohort": made["id"]}).body["persons"]
            self.assertEqual([person["distinct_ids"] for person in found], [["u1"]])
            first = call("GET", path, user=self.sam, query={"limit": 1}).body
            second = call("GET", path, user=self.sam, query={"limit": 1, "cursor": first["next_cursor"]}).body
            names = [one["name"] for one in (*first["cohorts"], *second["cohorts"])]
            self.assertEqual((names, second["next_cursor"]), (["hand", "payers"], None))
            self.assertEqual(
                call("GET", f"{path}/{made['id']}", user=self.sam).body["definition"], definition
            )
            self.check_refused(call, "DELETE", f"{path}/{static.body['id']}", 409, "in_use", user=self.sam)
            self.check_refused(call, "DELETE", f"{path}/{made['id']}", 403, "staff_only", user=self.alice)
            for number in (made["id"], static.body["id"]):
                self.assertEqual(call("DELETE", f"{path}/{number}", user=self.sam).body, {"deleted": True})
            self.check_refused(call, "GET", f"{path}/{made['id']}", 404, "not_found", user=self.sam)

    def test_a_cohort_that_cannot_be_asked_is_not_made(self) -> None:
        Cohort.objects.create(name="taken", kind="static")
        cases: list[tuple[dict[str, Any], int, str]] = [
            ({"name": "a", "kind": "behavioural"}, 400, "bad_cohort"),
            ({"name": "a", "kind": "behavioural", "definition": {"within_days": 0}}, 400, "bad_cohort"),
            ({"name": "a", "kind": "host", "definition": {"name": "x"}}, 400, "unknown_host_cohort"),
            ({"name": "a", "kind": "behavioural", "definition": {"within_days": 3, "filters": {"x": 1}}},
             400, "bad_filter"),
            ({"name": "a", "kind": "behavioural", "definition": {"within_days": 3, "event": "\x00"}}, 400, "bad_text"),
            ({"name": "a", "kind": "behavioural", "definition": {"within_days": 3}, "distinct_ids": ["u1"]},
             400, "bad_cohort"),
            ({"name": "taken", "kind": "static"}, 409, "name_taken"),
            ({"name": "", "kind": "static"}, 422, "invalid_input"),
            ({"name": "a", "kind": "odd"}, 422, "invalid_input"),
            ({"name": "a\x00", "kind": "static"}, 422, "invalid_input"),
        ]  # fmt: skip
        for call in self.servers():
            for body, status, code in cases:
                with self.subTest(**body):
                    self.check_refused(call, "POST", f"{API}/cohorts", status, code, body=body, user=self.sam)
            body = {"name": "a", "kind": "static"}
            self.check_refused(call, "POST", f"{API}/cohorts", 403, "staff_only", body=body, user=self.alice)
        self.assertEqual(Cohort.objects.count(), 1)
