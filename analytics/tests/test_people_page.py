"""The pages of people: the list, one person, and the acts on them, with the values of the API."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import Permission, User
from django.http import StreamingHttpResponse
from django.test import Client, override_settings

from analytics.models import ErasedId, Erasure, MergeLog, Person, PersonDistinctId, UserEvent
from analytics.reports import people
from analytics.reports.person_outlook import outlook
from analytics.tests.cast import LakeTestCase, alice, posthog_event, sam_the_staff, send_batch

PAGE = "/dashboard/people/"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def client_of(user: User, *, checks_csrf: bool = False) -> Client:
    """A browser in which somebody is logged in, which is no event here."""
    client = Client(enforce_csrf_checks=checks_csrf)
    with override_settings(ANALYTICS_ENABLED=False):
        client.force_login(user)
    return client


def grant(user: User, *names: str) -> User:
    """The same user with rights in `analytics`."""
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="analytics", codename__in=names)
    )
    return User.objects.get(pk=user.pk)


def person_of(distinct_id: str) -> Person:
    """The person who goes by an id."""
    return PersonDistinctId.objects.get(distinct_id=distinct_id).person.root


class PeopleCase(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def page_of(self, distinct_id: str) -> str:
        return f"{PAGE}{person_of(distinct_id).uuid}/"

    def text(self, path: str, **query: Any) -> str:
        answer = self.client.get(path, query)
        self.assertEqual(answer.status_code, 200, path)
        return answer.content.decode()


class BehindTest(PeopleCase):
    """The people behind a step of a funnel."""

    ADDRESS = "days=7&window_seconds=3600&steps.1.event=view&steps.2.event=paid"

    def setUp(self) -> None:
        super().setUp()
        for name, who in (("view", "ann"), ("paid", "ann"), ("view", "bob")):
            send_batch(posthog_event(name, who))

    def _shown(self, **query: Any) -> set[str]:
        page = self.text(f"{PAGE}data/", behind=self.ADDRESS, **query)
        return {who for who in ("ann", "bob") if f">{who}<" in page}

    def test_they_are_those_who_reached_it_or_were_lost_before_it(self) -> None:
        self.assertEqual(self._shown(step=1), {"ann", "bob"})
        self.assertEqual(self._shown(step=2, outcome="reached"), {"ann"})
        self.assertEqual(self._shown(step=2, outcome="dropped"), {"bob"})

    def test_the_funnel_leads_there_and_the_list_leads_back(self) -> None:
        funnel = self.text(
            "/dashboard/funnel/data/", **dict(pair.split("=") for pair in self.ADDRESS.split("&"))
        )
        links = re.findall(r'href="(/dashboard/people/[?]behind=[^"]+)"', funnel)
        self.assertEqual(len(links), 3)
        page = self.client.get(links[-1].replace("&amp;", "&").replace(PAGE, f"{PAGE}data/")).content.decode()
        self.assertIn("1 people who were lost before step 2, paid", page)
        self.assertIn("/dashboard/funnel/?", page)

    def test_addresses_that_are_none_are_named(self) -> None:
        for query in (
            {"step": "x"},
            {"step": 2, "outcome": "some"},
            {"step": 9},
            {"behind": "steps=1", "step": 1},
        ):
            with self.subTest(**query):
                answer = self.client.get(f"{PAGE}data/", {"behind": self.ADDRESS, **query})
                self.assertEqual(answer.status_code, 400)


class ListTest(PeopleCase):
    def test_it_lists_whom_the_api_lists_with_their_events(self) -> None:
        send_batch(
            posthog_event("a", "ann", properties={"$set": {"email": "ann@example.org"}}),
            posthog_event("a", "bob"),
            posthog_event("b", "bob"),
        )
        page = self.text(f"{PAGE}data/")
        for person in people.list_people(people.Wanted())["persons"]:
            self.assertIn(f"{PAGE}{person['id']}/", page)
        self.assertIn("ann@example.org", page)
        self.assertRegex(page, r"bob(?s:.)*?<td class=\"number\">2</td>")

    def test_a_search_narrows_it_and_an_empty_one_says_so(self) -> None:
        send_batch(posthog_event("a", "ann"), posthog_event("a", "bob"))
        self.assertNotIn(">bob<", self.text(f"{PAGE}data/", search="an"))
        self.assertIn("Nobody is found", self.text(f"{PAGE}data/", search="zzz"))

    def test_an_empty_installation_leads_to_a_first_event(self) -> None:
        self.assertIn("Send a first event", self.text(f"{PAGE}data/"))

    def test_pages_follow_one_another_without_anybody_twice(self) -> None:
        send_batch(*(posthog_event("a", f"p{number:03d}") for number in range(60)))
        first = self.text(f"{PAGE}data/")
        found = re.search(r'id="next-page" href="[^?]*\?([^"]+)"', first)
        assert found is not None
        answer = self.client.get(f"{PAGE}data/?{found[1].replace('&amp;', '&')}")
        names = re.findall(r'class="name">(p\d+)<', first) + re.findall(
            r'class="name">(p\d+)<', answer.content.decode()
        )
        self.assertEqual((len(names), len(set(names))), (60, 60))

    def test_a_changed_form_brings_its_address(self) -> None:
        answer = self.client.get(
            f"{PAGE}data/?search=ann&cohort=&order=created_at",
            headers={"HX-Request": "true", "HX-Trigger": "people-form"},
        )
        self.assertEqual(answer["HX-Push-Url"], f"{PAGE}?search=ann&order=created_at")

    def test_hostile_addresses_are_told_off_and_nothing_breaks(self) -> None:
        for query in (
            "cohort=x",
            "cohort=99999999999999999999",
            "cohort=7",
            "order=name",
            "cursor=zzz",
            "search=%00",
            "search=" + "x" * 5000,
        ):
            answer = self.client.get(f"{PAGE}data/?{query}")
            self.assertIn(answer.status_code, (200, 400, 404), query)
            self.assertEqual(self.client.get(f"{PAGE}?{query}").status_code, 200, query)

    def test_only_staff_come_in(self) -> None:
        for path in (
            PAGE,
            f"{PAGE}data/",
            f"{PAGE}{uuid4()}/",
            f"{PAGE}{uuid4()}/data/",
            f"{PAGE}{uuid4()}/events.csv",
        ):
            for client in (Client(), client_of(User.objects.filter(username="alice").first() or alice())):
                self.assertTrue(client.get(path)["Location"].startswith("/admin/login/"), path)


class PersonTest(PeopleCase):
    def test_it_shows_what_the_api_knows(self) -> None:
        send_batch(posthog_event("bought", "ann", properties={"plan": "pro", "$set": {"city": "Vienna"}}))
        base = self.page_of("ann")
        page = self.text(f"{base}data/")
        for text in ("Vienna", "ann", "1 event, ", str(person_of("ann").uuid)):
            self.assertIn(text, page)
        timeline = self.text(f"{base}timeline/")
        self.assertIn("bought", timeline)
        self.assertIn("&quot;plan&quot;: &quot;pro&quot;", timeline)

    def test_the_shell_reads_no_event(self) -> None:
        self.assertIn(f"/dashboard/people/{UUID(int=1)}/data/", self.text(f"{PAGE}{UUID(int=1)}/"))

    def test_the_timeline_goes_on_to_the_first_event_each_once(self) -> None:
        send_batch(*(posthog_event(f"e{number:03d}", "ann") for number in range(120)))
        path = f"{self.page_of('ann')}timeline/"
        seen: list[str] = []
        query: dict[str, str] = {}
        for _ in range(4):
            page = self.text(path, **query)
            seen += re.findall(r'class="name">(e\d+)<', page)
            more = re.search(r"hx-vals='([^']+)'", page)
            if more is None:
                break
            query = json.loads(more[1])
        self.assertEqual((len(seen), len(set(seen))), (120, 120))
        self.assertIn("That was the first event", page)

    def test_behaviour_and_predictions_are_those_of_the_service_with_their_basis(self) -> None:
        send_batch(posthog_event("bought", "ann"))
        base = self.page_of("ann")
        found = outlook(person_of("ann").uuid)
        page = self.text(f"{base}outlook/")
        assert found.engagement_score is not None
        self.assertIn(f"{round(found.engagement_score * 100)}%", page)
        self.assertIn("Rule of thumb", page)
        self.assertIn("no model has been trained yet", page)

    def test_who_was_not_there_lately_has_no_figure_and_the_reason(self) -> None:
        send_batch(posthog_event("bought", "ann", timestamp="2015-01-01T00:00:00Z"))
        page = self.text(f"{self.page_of('ann')}outlook/")
        self.assertIn("not enough data", page)
        self.assertIn("no figure", page)

    def test_a_merged_uuid_leads_to_the_person_and_an_unknown_one_is_said_so(self) -> None:
        send_batch(posthog_event("a", "ann"), posthog_event("a", "bob"))
        goes = person_of("bob").uuid
        self.client.post(f"{self.page_of('ann')}merge/", {"other": "bob"})
        self.assertIn("ann", self.text(f"{PAGE}{goes}/data/"))
        for part in ("data", "timeline", "outlook", "events.csv", "merge/preview"):
            path = f"{PAGE}{uuid4()}/{part}" + ("" if "." in part else "/")
            self.assertEqual(self.client.get(path, {"other": "ann"}).status_code, 404, part)

    def test_hostile_text_stays_text_everywhere(self) -> None:
        send_batch(
            posthog_event(
                HOSTILE,
                HOSTILE,
                properties={
                    HOSTILE: HOSTILE,
                    "$current_url": f"https://a.b/{HOSTILE}",
                    "$set": {"name": HOSTILE, HOSTILE: HOSTILE},
                },
            ),
            posthog_event("$identify", "ann", properties={"$anon_distinct_id": HOSTILE}),
        )
        base = f"{PAGE}{person_of(HOSTILE).uuid}/"
        other = send_batch(posthog_event("a", "zoe")) and "zoe"
        pages = [
            self.text(f"{PAGE}data/"),
            self.text(PAGE, search=HOSTILE),
            self.text(f"{PAGE}data/", search=HOSTILE),
        ]
        pages += [self.text(f"{base}{part}/") for part in ("data", "timeline", "outlook")]
        pages += [
            self.text(f"{base}timeline/", event=HOSTILE),
            self.text(f"{base}merge/preview/", other=other),
        ]
        for page in pages:
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<img src=x", page)

    def test_hostile_parameters_never_break_it(self) -> None:
        send_batch(posthog_event("a", "ann"))
        base = self.page_of("ann")
        for query in ("cursor=zzz", "cursor=%00", "event=%00", "event=" + "x" * 500, "day=" + "<" * 300):
            self.assertIn(self.client.get(f"{base}timeline/?{query}").status_code, (200, 400), query)
        for text in ("\0", "x" * 5000, "", "ann", "nobody"):
            self.assertIn(
                self.client.get(f"{base}merge/preview/", {"other": text}).status_code, (400, 404), text
            )
        self.assertEqual(self.client.get(f"{base}events.exe").status_code, 400)


class FileTest(PeopleCase):
    def content(self, answer: Any) -> bytes:
        assert isinstance(answer, StreamingHttpResponse)
        return b"".join(answer)

    def test_both_kinds_hold_the_events_of_the_api_and_no_others(self) -> None:
        send_batch(
            *(posthog_event(f"e{number}", "ann", properties={"n": number}) for number in range(3)),
            posthog_event("not hers", "bob"),
        )
        base = self.page_of("ann")
        known = people.events(person_of("ann").uuid, people.Timeline(), None)["events"]
        lines = [
            json.loads(line) for line in self.content(self.client.get(f"{base}events.jsonl")).splitlines()
        ]
        self.assertEqual([line["uuid"] for line in lines], [str(event["uuid"]) for event in known])
        self.assertEqual([line["metadata"] for line in lines], [event["metadata"] for event in known])
        rows = list(csv.DictReader(io.StringIO(self.content(self.client.get(f"{base}events.csv")).decode())))
        self.assertEqual([row["event_name"] for row in rows], [event["event_name"] for event in known])
        self.assertEqual([json.loads(row["metadata"])["n"] for row in rows], [2, 1, 0])

    def test_no_cell_is_a_formula(self) -> None:
        send_batch(posthog_event("=1+1", "ann"))
        answer = self.client.get(f"{self.page_of('ann')}events.csv")
        self.assertIn("attachment", answer["Content-Disposition"])
        self.assertNotRegex(self.content(answer).decode(), r"(^|,)=1\+1")


class MergeTest(PeopleCase):
    def setUp(self) -> None:
        super().setUp()
        send_batch(posthog_event("a", "ann"), posthog_event("b", "ann"), posthog_event("a", "bob"))
        self.base = self.page_of("ann")

    def test_the_preview_says_what_it_would_join_and_changes_nothing(self) -> None:
        page = self.text(f"{self.base}merge/preview/", other="bob")
        self.assertIn("3 events of 2 people", page)
        self.assertNotEqual(person_of("ann"), person_of("bob"))

    def test_a_merge_and_its_undo(self) -> None:
        answer = self.client.post(f"{self.base}merge/", {"other": "bob"}, follow=True)
        self.assertContains(answer, "3 events of 2 people are joined")
        self.assertEqual(person_of("ann"), person_of("bob"))
        log = MergeLog.objects.get()
        self.assertIn(f"merges/{log.pk}/undo/", self.text(f"{self.base}data/"))
        undone = self.client.post(
            f"{PAGE}merges/{log.pk}/undo/", {"person": str(person_of("ann").uuid)}, follow=True
        )
        self.assertContains(undone, "taken back")
        self.assertNotEqual(person_of("ann"), person_of("bob"))
        again = self.client.post(f"{PAGE}merges/{log.pk}/undo/", {"person": "rubbish"}, follow=True)
        self.assertContains(again, "This merge has been undone already")

    def test_the_same_user_and_the_same_address_are_suggested_and_nobody_else(self) -> None:
        send_batch(
            posthog_event("$set", "ann", properties={"$set": {"email": "x@y.example"}}),
            posthog_event("$set", "bob", properties={"$set": {"email": "x@y.example"}}),
            posthog_event("$set", "cid", properties={"$set": {"email": "other@y.example"}}),
        )
        page = self.text(f"{self.base}data/")
        self.assertIn("the same e-mail address", page)
        self.assertIn(str(person_of("bob").uuid), page)
        self.assertNotIn(str(person_of("cid").uuid), page)


class RightsTest(PeopleCase):
    def setUp(self) -> None:
        super().setUp()
        send_batch(posthog_event("a", "ann"), posthog_event("a", "bob"))
        self.base = self.page_of("ann")
        self.acts = {
            f"{self.base}merge/": ("change_person", {"other": "bob"}),
            f"{PAGE}merges/1/undo/": ("change_mergelog", {}),
            f"{self.base}erase/": ("delete_person", {"confirmation": "ann"}),
        }

    def test_each_act_needs_its_own_right(self) -> None:
        sam = sam_the_staff()
        for path, (_, body) in self.acts.items():
            self.assertEqual(client_of(sam).post(path, body).status_code, 403, path)
        self.assertEqual(UserEvent.objects.count(), 2)
        for path, (right, body) in self.acts.items():
            user = grant(User.objects.create_user(right, is_staff=True), right)
            self.assertEqual(client_of(user).post(path, body).status_code, 303, path)

    def test_buttons_are_for_those_who_may(self) -> None:
        page = client_of(sam_the_staff()).get(f"{self.base}data/").content.decode()
        self.assertNotIn("merge-other", page)
        self.assertNotIn("erase-confirmation", page)

    def test_nothing_is_posted_without_the_token_of_the_form(self) -> None:
        client = client_of(self.root, checks_csrf=True)
        for path, (_, body) in self.acts.items():
            self.assertEqual(client.post(path, body).status_code, 403, path)
        self.assertEqual(UserEvent.objects.count(), 2)

    def test_acts_are_not_to_be_had_by_looking(self) -> None:
        for path in self.acts:
            self.assertEqual(self.client.get(path).status_code, 405, path)


class ErasureTest(PeopleCase):
    def test_it_needs_the_id_typed_and_ends_on_the_certificate(self) -> None:
        send_batch(posthog_event("a", "ann"), posthog_event("a", "bob"))
        base = self.page_of("ann")
        wrong = self.client.post(f"{base}erase/", {"confirmation": "an"}, follow=True)
        self.assertContains(wrong, "Nothing was erased")
        self.assertEqual((UserEvent.objects.count(), ErasedId.objects.count()), (2, 0))
        done = self.client.post(f"{base}erase/", {"confirmation": "ann"})
        made = Erasure.objects.get()
        self.assertEqual(done["Location"], f"{PAGE}erasures/{made.uuid}/")
        self.assertEqual(list(UserEvent.objects.values_list("distinct_id", flat=True)), ["bob"])
        certificate = self.text(f"{done['Location']}data/")
        self.assertIn(str(made.uuid), certificate)
        self.assertIn("old files wait", certificate)
        self.assertNotIn("ann", certificate.replace("cannot", ""))

    def test_a_certificate_that_is_none_is_not_found(self) -> None:
        self.assertEqual(self.client.get(f"{PAGE}erasures/{uuid4()}/data/").status_code, 404)
