"""Ingest keys: a key counts from the moment it is made, and made-up keys cost little."""

from __future__ import annotations

from unittest.mock import patch

from django.db import OperationalError
from django.test import TestCase

from analytics.errors import NotAuthenticated, Unavailable
from analytics.ingestion import keys
from analytics.ingestion.keys import KeyRing
from analytics.models import IngestKey


class KeyRingTest(TestCase):
    """A ring of its own for each test, as another process has it: no signal tells it of new keys."""

    def setUp(self) -> None:
        self.now_s = 1000.0
        self.enterContext(patch.object(keys.time, "monotonic", lambda: self.now_s))
        self.ring = KeyRing()
        self.make("old")

    def make(self, label: str) -> None:
        IngestKey.objects.bulk_create([IngestKey(label=label, token=f"lk_{label}")])

    def test_a_key_made_elsewhere_counts_at_once(self) -> None:
        self.assertEqual(self.ring.label_of("lk_old"), "old")
        with self.assertRaises(NotAuthenticated):
            self.ring.label_of("lk_wrong")
        self.make("new")
        self.assertEqual(self.ring.label_of("lk_new"), "new")

    def test_a_known_key_costs_a_query_every_few_seconds_only(self) -> None:
        with self.assertNumQueries(1):
            for _ in range(50):
                self.ring.label_of("lk_old")
        self.now_s += 6
        with self.assertNumQueries(1):
            self.ring.label_of("lk_old")

    def test_a_key_switched_off_is_refused_within_seconds(self) -> None:
        self.ring.label_of("lk_old")
        IngestKey.objects.filter(label="old").update(is_active=False)
        self.now_s += 6
        with self.assertRaises(NotAuthenticated):
            self.ring.label_of("lk_old")

    def test_an_unknown_key_sent_again_is_refused_from_memory_for_a_moment(self) -> None:
        with self.assertNumQueries(1):
            for _ in range(50):
                with self.assertRaises(NotAuthenticated):
                    self.ring.label_of("lk_wrong")
        self.make("wrong")
        self.now_s += 1
        self.assertEqual(self.ring.label_of("lk_wrong"), "wrong")

    def test_a_flood_of_made_up_keys_causes_few_queries_and_no_refusal_by_guess(self) -> None:
        answers = []
        with self.assertNumQueries(20):
            for number in range(60):
                with self.assertRaises((NotAuthenticated, Unavailable)) as caught:
                    self.ring.label_of(f"lk_made_up_{number}")
                answers.append(type(caught.exception))
        self.assertEqual(answers, [NotAuthenticated] * 20 + [Unavailable] * 40)
        self.assertEqual(self.ring.label_of("lk_old"), "old")

    def test_without_the_database_known_keys_go_on_and_unknown_ones_are_asked_to_return(self) -> None:
        self.ring.label_of("lk_old")
        self.now_s += 6
        with patch.object(IngestKey.objects, "filter", side_effect=OperationalError("gone")):
            self.assertEqual(self.ring.label_of("lk_old"), "old")
            with self.assertRaises(Unavailable):
                self.ring.label_of("lk_new")
