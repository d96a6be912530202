"""The description of the API: valid, complete, the same from both servers; and the pages that show it."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.staticfiles import finders
from django.test import SimpleTestCase
from openapi_spec_validator import validate

from analytics.api import openapi
from analytics.api.auth import Permission
from analytics.api.descriptions import DESCRIPTIONS, ERRORS, statuses_of
from analytics.api.operations import OPERATIONS
from analytics.tests.servers import ServersTestCase


class DocumentTest(SimpleTestCase):
    def place(self, operation: Any) -> dict[str, Any]:
        return openapi.document()["paths"][operation.path][operation.method.lower()]

    def test_it_is_valid(self) -> None:
        validate(openapi.document())

    def test_every_operation_is_described_and_nothing_else_is(self) -> None:
        self.assertEqual(set(DESCRIPTIONS), {operation.name for operation in OPERATIONS})
        for operation in OPERATIONS:
            with self.subTest(operation.name):
                place = self.place(operation)
                self.assertEqual(place["operationId"], operation.name)
                self.assertEqual(place["x-permission"], operation.permission.value)
                self.assertRegex(place["description"], r"\.$")
                self.assertRegex(place["summary"], r"^[A-Z].*[^.]$")

    def test_every_body_has_an_example_that_fits(self) -> None:
        for operation in OPERATIONS:
            about = DESCRIPTIONS[operation.name]
            with self.subTest(operation.name):
                self.assertEqual(about.body is not None, operation.body is not None)
                if operation.body is not None:
                    operation.body.model_validate(about.body)
                if about.answer is not None:
                    operation.answer.model_validate(about.answer)

    def test_every_error_has_its_shape_and_an_example(self) -> None:
        for operation in OPERATIONS:
            with self.subTest(operation.name):
                responses = self.place(operation)["responses"]
                told = {int(status) for status in responses if int(status) >= 400}
                self.assertEqual(told, set(statuses_of(operation)))
                for status in told - ({503} if operation.status_of else set()):
                    content = responses[str(status)]["content"]["application/json"]
                    self.assertEqual(content["schema"], {"$ref": "#/components/schemas/ErrorAnswer"})
                    self.assertEqual(set(content["example"]), {"detail", "code"})
                    self.assertEqual(responses[str(status)]["description"], ERRORS[status][0])

    def test_credentials_are_as_the_permissions_say(self) -> None:
        for operation in OPERATIONS:
            with self.subTest(operation.name):
                names = {name for scheme in self.place(operation)["security"] for name in scheme}
                self.assertEqual("accessToken" in names, operation.permission is not Permission.PUBLIC)
                self.assertEqual("ingestKey" in names, operation.permission is Permission.SENDER)

    def test_every_tag_is_explained(self) -> None:
        document = openapi.document()
        used = {tag for path in document["paths"].values() for op in path.values() for tag in op["tags"]}
        self.assertEqual(used, {tag["name"] for tag in document["tags"]})

    def test_only_answers_that_are_counted_tell_of_limits(self) -> None:
        document = openapi.document()["paths"]
        self.assertNotIn("headers", document["/api/analytics/events/track"]["post"]["responses"]["200"])
        self.assertIn(
            "RateLimit-Remaining", document["/api/analytics/overview"]["get"]["responses"]["200"]["headers"]
        )


class PagesTest(ServersTestCase):
    def test_both_servers_hand_out_the_same_document(self) -> None:
        found = [call("GET", "/api/openapi.json") for call in self.servers()]
        self.assertEqual({answer.status for answer in found}, {200})
        self.assertEqual(found[0].body, found[1].body)
        self.assertEqual(found[0].body, openapi.document())

    def test_the_pages_load_files_of_this_deployment_alone(self) -> None:
        for call in self.servers():
            for page in ("/api/docs", "/api/redoc"):
                found = call("GET", page)
                self.assertEqual(found.status, 200)
                text = found.content.decode()
                loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
                self.assertTrue(all(place.startswith("/") and not place.startswith("//") for place in loaded))
                for place in loaded:
                    if place.startswith("/static/"):
                        self.assertIsNotNone(finders.find(place.removeprefix("/static/")), place)
                self.assertNotRegex(text, r"<script>|<style|style=|onload=")

    def test_the_policy_of_the_pages_allows_nothing_inline_and_nobody_else(self) -> None:
        for call in self.servers():
            for page in ("/api/docs", "/api/redoc"):
                policy = call("GET", page).headers["content-security-policy"]
                self.assertIn("default-src 'none'", policy)
                self.assertNotRegex(policy, r"unsafe|https?:|\*|blob:")
                self.assertIn("frame-ancestors 'none'", policy)

    def test_there_is_nothing_to_post_there(self) -> None:
        for call in self.servers():
            for page in ("/api/docs", "/api/redoc", "/api/openapi.json"):
                self.assertIn(call("POST", page).status, (403, 405))
