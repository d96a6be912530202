"""Grafana's dashboard, Prometheus' rules and its scraping: every series that they use is one that we have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml
from django.test import SimpleTestCase
from prometheus_client import REGISTRY, Histogram

from analytics.models import OutboxMessage, SinkState, WorkCursor
from analytics.monitoring import names
from analytics.monitoring.backlog import BacklogCollector
from analytics.tests.cast import LakeTestCase
from loopin_backend.tests.container_files import ROOT

RULES = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboards/loopin.json"
#: What Prometheus itself adds for each place that it scrapes.
_PROMETHEUS_OWN = {"up"}
_LABELS = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"")
_GROUPING = re.compile(r"\b(?:by|without)\s*\(([^)]*)\)")


def expressions() -> Iterator[tuple[str, str]]:
    """Each expression with where it stands."""
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def alerts() -> list[dict[str, Any]]:
    """Every rule."""
    return [
        rule
        for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]


def series_of(expression: str) -> set[str]:
    """The names of the series in an expression of PromQL."""
    bare = _GROUPING.sub("", re.sub(r"\{[^}]*\}", "", expression))
    return set(re.findall(r"\b(?:analytics_\w+|up)\b", bare))


def labels_of(expression: str) -> set[str]:
    """The names of labels that it selects or groups by."""
    grouped = {name.strip() for names_ in _GROUPING.findall(expression) for name in names_.split(",")}
    return (grouped | set(_LABELS.findall(expression))) - {"", "job"}


class SeriesTest(LakeTestCase):
    def setUp(self) -> None:
        super().setUp()
        OutboxMessage.objects.create(sink="posthog", kind="event")
        OutboxMessage.objects.create(sink="posthog", kind="event", state="dead")
        SinkState.objects.create(sink="posthog", cluster=1)
        WorkCursor.objects.get_or_create(name="enrichment")
        self.known: dict[str, set[str]] = {name: set() for name in _PROMETHEUS_OWN}
        for family in BacklogCollector().collect():
            for sample in family.samples:
                self.known.setdefault(sample.name, set()).update(sample.labels)
        for name, value in vars(names).items():
            if name.isupper() and not name.startswith("_"):
                self.put(value)

    def put(self, declared: Any) -> None:
        name, labels = declared._name, set(declared._labelnames)
        if isinstance(declared, Histogram):
            self.known |= {f"{name}_bucket": labels | {"le"}, f"{name}_count": labels, f"{name}_sum": labels}
        else:
            self.known[name + ("_total" if declared._type == "counter" else "")] = labels

    def test_every_series_of_dashboard_and_alerts_exists(self) -> None:
        for place, expression in expressions():
            with self.subTest(place=place):
                found = series_of(expression)
                self.assertTrue(found, expression)
                self.assertLessEqual(found, set(self.known))

    def test_every_label_that_they_select_or_group_by_exists(self) -> None:
        for place, expression in expressions():
            with self.subTest(place=place):
                there = set().union(*(self.known[name] for name in series_of(expression)))
                self.assertLessEqual(labels_of(expression), there, expression)

    def test_every_series_that_we_have_is_on_the_dashboard(self) -> None:
        shown = set().union(*(series_of(target) for place, target in expressions()))
        families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown}
        ours = {re.sub(r"_(bucket|count|sum)$", "", name) for name in self.known} - _PROMETHEUS_OWN
        self.assertEqual(ours - families, set())

    def test_the_names_of_the_specification_are_there(self) -> None:
        self.assertEqual(self.known["analytics_requests_total"], {"method", "endpoint"})
        self.assertEqual(self.known["analytics_events_total"], {"event_type"})
        self.assertIn("analytics_request_duration_seconds_bucket", self.known)
        self.assertEqual(self.known["analytics_active_users"], set())

    def test_no_series_is_declared_twice(self) -> None:
        declared = [family.name for family in REGISTRY.collect() if family.name.startswith("analytics_")]
        collected = [family.name for family in BacklogCollector().collect()]
        self.assertEqual(len(declared + collected), len(set(declared + collected)))


class FilesTest(SimpleTestCase):
    def test_each_alert_says_what_it_means_and_how_bad_it_is(self) -> None:
        for rule in alerts():
            with self.subTest(alert=rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("critical", "warning", "info"))
                self.assertTrue(rule["annotations"]["summary"] and rule["annotations"]["description"])

    def test_each_alert_is_explained_in_the_guide(self) -> None:
        guide = (ROOT / "docs/guides/monitoring.md").read_text(encoding="utf-8")
        for rule in alerts():
            self.assertIn(f"`{rule['alert']}`", guide)

    def test_metrics_are_scraped_with_the_token_where_the_web_service_is(self) -> None:
        scrape = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
        job = scrape["scrape_configs"][0]
        compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
        self.assertEqual(
            (job["metrics_path"], job["static_configs"][0]["targets"]), ("/metrics", ["web:8000"])
        )
        secret = job["authorization"]["credentials_file"].removeprefix("/run/secrets/")
        self.assertIn(secret, compose["services"]["prometheus"]["secrets"])
        self.assertEqual(compose["secrets"][secret], {"environment": "ANALYTICS_METRICS_TOKEN"})

    def test_panels_lie_beside_one_another_and_have_numbers_of_their_own(self) -> None:
        panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken: set[tuple[int, int]] = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])}  # fmt: skip
            self.assertFalse(taken & cells, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24)
            taken |= cells

    def test_the_dashboard_asks_the_data_source_that_is_provisioned(self) -> None:
        board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
        self.assertEqual(board["templating"]["list"][0]["query"], "prometheus")
        source = yaml.safe_load(
            (ROOT / "deploy/grafana/provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8")
        )
        self.assertEqual(source["datasources"][0]["type"], "prometheus")
