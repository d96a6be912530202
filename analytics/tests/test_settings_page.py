"""The settings page: keys are made and switched with the right, and what is set is shown, but no secret."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client, TestCase, override_settings

from analytics.dashboard.settings_page import facts
from analytics.models import AlertTarget, IngestKey
from analytics.tests.cast import LABEL, TOKEN, make_key, posthog_event, sam_the_staff, send, send_batch
from analytics.tests.test_people_page import HOSTILE, client_of, grant

PAGE = "/dashboard/settings/"
SECRET = "phc_never_to_be_shown_123"


class SettingsCase(TestCase):
    def setUp(self) -> None:
        make_key()
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def text(self) -> str:
        answer = self.client.get(f"{PAGE}data/")
        self.assertEqual(answer.status_code, 200)
        return answer.content.decode()


class KeysTest(SettingsCase):
    def test_a_key_that_is_made_works_at_once_and_one_that_is_switched_off_does_not(self) -> None:
        answer = self.client.post(f"{PAGE}keys/", {"label": "iOS app"}, follow=True)
        made = IngestKey.objects.get(label="iOS app")
        self.assertContains(answer, made.token)
        event = {"api_key": made.token, **posthog_event()}
        self.assertEqual(send("/capture/", event).status_code, 200)
        self.client.post(f"{PAGE}keys/{made.pk}/switch/", {"active": "0"})
        self.assertEqual(send("/capture/", event).status_code, 401)
        self.client.post(f"{PAGE}keys/{made.pk}/switch/", {"active": "1"})
        self.assertEqual(send("/capture/", event).status_code, 200)

    def test_it_is_known_when_a_key_was_used_last(self) -> None:
        self.assertRegex(self.text(), rf"{TOKEN}(?s:.)*?<td>never</td>")
        send_batch(posthog_event())
        self.assertRegex(self.text(), rf"{TOKEN}(?s:.)*?<td>in this hour</td>")

    def test_a_label_that_is_taken_missing_or_too_long_is_told_off(self) -> None:
        for label, said in (
            (LABEL, "choose another label"),
            ("", "needs a label"),
            ("x" * 101, "needs a label"),
            ("\0", "needs a label"),
        ):
            answer = self.client.post(f"{PAGE}keys/", {"label": label}, follow=True)
            self.assertContains(answer, said)
        self.assertEqual(IngestKey.objects.count(), 1)
        self.assertContains(
            self.client.post(f"{PAGE}keys/{10**30}/switch/", follow=True), "There is no such key"
        )

    def test_each_act_needs_its_right_and_the_token_of_the_form(self) -> None:
        key = IngestKey.objects.get()
        sam = sam_the_staff()
        for path, right, body in (
            (f"{PAGE}keys/", "add_ingestkey", {"label": "x"}),
            (f"{PAGE}keys/{key.pk}/switch/", "change_ingestkey", {"active": "1"}),
        ):
            self.assertEqual(client_of(sam).post(path, body).status_code, 403)
            self.assertEqual(client_of(self.root, checks_csrf=True).post(path, body).status_code, 403)
            self.assertEqual(self.client.get(path).status_code, 405)
            allowed = grant(User.objects.create_user(right, is_staff=True), right)
            self.assertEqual(client_of(allowed).post(path, body).status_code, 303)

    def test_keys_and_targets_are_for_those_who_may_view_them(self) -> None:
        AlertTarget.objects.create(name="Ops", kind="email", address="ops@example.org")
        page = client_of(sam_the_staff()).get(f"{PAGE}data/").content.decode()
        for hidden in (TOKEN, "ops@example.org", "key-label"):
            self.assertNotIn(hidden, page)

    def test_only_staff_come_in(self) -> None:
        for path in (PAGE, f"{PAGE}data/"):
            self.assertTrue(Client().get(path)["Location"].startswith("/admin/login/"))
        self.assertEqual(Client().post(f"{PAGE}keys/", {"label": "x"}).status_code, 302)
        self.assertEqual(IngestKey.objects.count(), 1)


class FactsTest(SettingsCase):
    def test_values_stand_with_their_variables(self) -> None:
        with override_settings(
            ANALYTICS_RETENTION_DAYS=77,
            ANALYTICS_IP_MODE="none",
            ANALYTICS_FORWARD_PROPERTIES=("plan", HOSTILE),
        ):
            page = self.text()
        self.assertRegex(page, r"77 days(?s:.)*?ANALYTICS_RETENTION_DAYS")
        self.assertRegex(page, r"Not stored<code class=\"variable\">ANALYTICS_IP_MODE")
        self.assertIn("plan, &lt;script&gt;", page)

    def test_no_secret_is_shown_only_whether_it_is_set(self) -> None:
        AlertTarget.objects.create(
            name="Chat", kind="webhook", address=f"https://hooks.example.org/T0/{SECRET}", secret=SECRET
        )
        with override_settings(
            POSTHOG_API_KEY=SECRET, POSTHOG_HOST=f"https://user:{SECRET}@eu.example.org/{SECRET}",
            OPENAI_API_KEY=SECRET,
            OPENAI_BASE_URL=f"https://:{SECRET}@model.example.org/v1?key={SECRET}", ANALYTICS_METRICS_TOKEN=SECRET,
        ):  # fmt: skip
            page = self.text()
        self.assertNotIn(SECRET, page)
        for shown in (
            "https://eu.example.org",
            "https://model.example.org",
            "https://hooks.example.org/…",
            "On, with an outside model",
            "every event that is stored is handed on",
        ):
            self.assertIn(shown, page)

    def test_off_says_why(self) -> None:
        with override_settings(POSTHOG_API_KEY="", AI_SERVICES_ENABLED=False):
            page = self.text()
        self.assertIn("no key is set, so nothing leaves", page)
        self.assertIn("AI_SERVICES_ENABLED says so", page)

    def test_every_variable_is_one_that_the_product_reads(self) -> None:
        from django.conf import settings

        from analytics import conf

        for group in facts.groups():
            for fact in group.facts:
                name = fact.variable
                known = (
                    hasattr(settings, name)
                    or name.removeprefix("ANALYTICS_").lower() in conf.AnalyticsSettings.__annotations__
                )
                self.assertTrue(known, name)

    def test_hostile_text_stays_text(self) -> None:
        AlertTarget.objects.create(name=HOSTILE, kind="email", address=HOSTILE)
        self.client.post(f"{PAGE}keys/", {"label": HOSTILE})
        for page in (self.text(), self.client.get(PAGE).content.decode()):
            self.assertNotIn("<script>alert", page)
            self.assertNotIn("<img src=x", page)
