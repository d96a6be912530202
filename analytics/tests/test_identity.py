"""Who is whom: the rules of merging, person properties, and taking merges back."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.test import TestCase
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from analytics.errors import BadInput, Conflict, NotFound
from analytics.ingestion import merges
from analytics.models import (
    MergeLog,
    Person,
    PersonDistinctId,
    PersonGroup,
    Receipt,
    RejectedEvent,
    UserEvent,
)
from analytics.tests.cast import make_key, posthog_event, send_batch


def root_of(distinct_id: str) -> Person:
    """The person whom an id belongs to now."""
    return PersonDistinctId.objects.get(distinct_id=distinct_id).person.root


def identify(user: str, anonymous: str, **properties: Any) -> dict[str, Any]:
    """What an SDK sends at login."""
    return posthog_event("$identify", user, properties={"$anon_distinct_id": anonymous, **properties})


def alias(target: str, source: str, name: str = "$create_alias") -> dict[str, Any]:
    """`source` becomes another name of `target`."""
    return posthog_event(name, target, properties={"alias": source})


class MergeRulesTest(TestCase):
    """One test a rule."""

    def setUp(self) -> None:
        make_key()

    def test_two_new_ids_become_one_person(self) -> None:
        send_batch(identify("u1", "anon"))
        self.assertEqual(root_of("u1"), root_of("anon"))
        self.assertTrue(root_of("u1").is_identified)

    def test_a_new_user_id_joins_the_person_that_browsed(self) -> None:
        send_batch(posthog_event("$pageview", "anon", properties={"$set": {"first": "seen"}}))
        browsed = root_of("anon")
        send_batch(identify("u1", "anon"))
        self.assertEqual(root_of("u1"), browsed)
        self.assertEqual(root_of("u1").properties["first"], "seen")

    def test_a_second_device_joins_the_known_user(self) -> None:
        send_batch(identify("u1", "phone"))
        send_batch(posthog_event("$pageview", "laptop"), identify("u1", "laptop"))
        self.assertEqual(root_of("laptop"), root_of("phone"))

    def test_an_identified_source_is_not_absorbed_and_the_receipt_says_so(self) -> None:
        send_batch(identify("u1", "a1"), identify("u2", "a2"))
        event = identify("u2", "a1")
        send_batch(event)
        self.assertNotEqual(root_of("u1"), root_of("u2"))
        self.assertIn("cannot_merge_already_identified", Receipt.objects.get(uuid=event["uuid"]).warnings)

    def test_merge_dangerously_overrides(self) -> None:
        send_batch(identify("u1", "a1"), identify("u2", "a2"))
        send_batch(alias("u2", "u1", "$merge_dangerously"))
        self.assertEqual(len({root_of(i).pk for i in ("u1", "u2", "a1", "a2")}), 1)
        self.assertEqual(root_of("u1"), root_of("u2"))

    def test_the_targets_properties_win_and_the_oldest_date_stays(self) -> None:
        send_batch(posthog_event(distinct_id="old", properties={"$set": {"plan": "free", "city": "Graz"}}))
        send_batch(posthog_event(distinct_id="new", properties={"$set": {"plan": "gold"}}))
        first_seen = root_of("old").created_at
        send_batch(alias("new", "old"))
        self.assertEqual(root_of("old").properties, {"plan": "gold", "city": "Graz"})
        self.assertEqual(root_of("new").created_at, first_seen)

    def test_ids_that_many_devices_share_never_merge(self) -> None:
        for shared in ("undefined", "null", " '0' ", "[object Object]", "Anonymous"):
            send_batch(posthog_event(distinct_id=shared), identify("u1", shared))
            self.assertNotEqual(root_of("u1"), root_of(shared.strip()))

    def test_order_inside_one_request_counts(self) -> None:
        send_batch(posthog_event(distinct_id="anon"), posthog_event(distinct_id="u1"), identify("u1", "anon"))
        self.assertEqual(
            MergeLog.objects.get().source, PersonDistinctId.objects.get(distinct_id="anon").person
        )

    def test_events_keep_their_node_and_follow_the_merge(self) -> None:
        send_batch(posthog_event(distinct_id="anon"))
        node = UserEvent.objects.get().person
        send_batch(identify("u1", "anon"), identify("u9", "elsewhere"))
        event = UserEvent.objects.get(event_name="clicked")
        self.assertEqual(event.person, node)
        self.assertEqual(event.person.root, root_of("u1"))


class PersonPropertiesTest(TestCase):
    """`$set`, `$set_once`, `$unset`, groups, and events without a person."""

    def setUp(self) -> None:
        make_key()

    def test_set_overwrites_set_once_fills_unset_removes(self) -> None:
        send_batch(
            posthog_event(**{"$set": {"plan": "free", "seen": 1}, "$set_once": {"from": "ad"}}),
            posthog_event(properties={"$set": {"plan": "gold"}, "$set_once": {"from": "mail", "x": 1}}),
            posthog_event(properties={"$unset": ["seen"]}),
        )
        self.assertEqual(root_of("u1").properties, {"plan": "gold", "from": "ad", "x": 1})

    def test_the_top_level_wins_over_properties(self) -> None:
        send_batch(posthog_event(properties={"$set": {"a": 1, "b": 1}}, **{"$set": {"a": 2}}))
        self.assertEqual(root_of("u1").properties, {"a": 2, "b": 1})

    def test_a_change_back_in_one_batch_is_applied(self) -> None:
        send_batch(posthog_event(**{"$set": {"a": 1}}))
        send_batch(posthog_event(**{"$set": {"a": 2}}), posthog_event(**{"$set": {"a": 1}}))
        self.assertEqual(root_of("u1").properties, {"a": 1})

    def test_without_person_processing_no_profile_is_made_and_a_later_identify_adopts(self) -> None:
        send_batch(
            posthog_event(distinct_id="anon", properties={"$process_person_profile": False, "$set": {"a": 1}})
        )
        self.assertFalse(Person.objects.filter(has_profile=True).exists())
        send_batch(identify("u1", "anon"))
        event = UserEvent.objects.get(event_name="clicked")
        self.assertEqual(event.person.root, root_of("u1"))
        self.assertEqual(root_of("u1").properties, {})

    def test_an_identify_without_person_processing_is_rejected(self) -> None:
        send_batch(identify("u1", "anon", **{"$process_person_profile": False}))
        self.assertEqual(RejectedEvent.objects.get().reason, "person_processing_off")

    def test_a_group_gets_its_properties_and_its_sender_is_nobody(self) -> None:
        properties = {"$group_type": "company", "$group_key": "acme", "$group_set": {"size": 3}}
        send_batch(posthog_event("$groupidentify", "$company_acme", properties=properties))
        self.assertEqual(PersonGroup.objects.get().properties, {"size": 3})
        self.assertFalse(Person.objects.exists())

    def test_a_duplicate_does_not_set_properties_again(self) -> None:
        first = posthog_event(**{"$set": {"plan": "free"}})
        send_batch(first, posthog_event(**{"$set": {"plan": "gold"}}))
        send_batch(first)
        self.assertEqual(root_of("u1").properties, {"plan": "gold"})


class UndoTest(TestCase):
    """Merges can be previewed, made by hand and taken back."""

    def setUp(self) -> None:
        make_key()
        send_batch(
            posthog_event(distinct_id="a", properties={"$set": {"from": "a", "only_a": 1}}),
            posthog_event(distinct_id="b", properties={"$set": {"from": "b"}}),
        )
        self.a, self.b = root_of("a"), root_of("b")

    def test_a_preview_counts_and_changes_nothing(self) -> None:
        preview = merges.merge(self.b.uuid, [self.a.uuid], dry_run=True)
        self.assertEqual((preview.persons, preview.distinct_ids, preview.events), (2, 2, 2))
        self.assertEqual((root_of("a"), preview.merge_ids), (self.a, []))

    def test_undo_restores_both_sides(self) -> None:
        merge_id = merges.merge(self.b.uuid, [self.a.uuid]).merge_ids[0]
        self.assertEqual(root_of("a").properties, {"from": "b", "only_a": 1})
        merges.undo(merge_id)
        self.assertEqual((root_of("a"), root_of("b")), (self.a, self.b))
        self.assertEqual(root_of("a").properties, {"from": "a", "only_a": 1})
        self.assertEqual(root_of("b").properties, {"from": "b"})

    def test_an_event_after_the_merge_returns_with_the_id_that_brought_it(self) -> None:
        merge_id = merges.merge(self.b.uuid, [self.a.uuid]).merge_ids[0]
        send_batch(posthog_event("later", "a"))
        merges.undo(merge_id)
        self.assertEqual(UserEvent.objects.get(event_name="later").person.root, self.a)

    def test_undo_of_an_earlier_merge_leaves_the_later_one(self) -> None:
        send_batch(posthog_event(distinct_id="c"))
        first = merges.merge(self.b.uuid, [self.a.uuid]).merge_ids[0]
        merges.merge(root_of("c").uuid, [self.b.uuid])
        merges.undo(first)
        self.assertEqual(root_of("a"), self.a)
        self.assertEqual(root_of("b"), root_of("c"))

    def test_undoing_twice_is_a_conflict_and_nonsense_is_named(self) -> None:
        merge_id = merges.merge(self.b.uuid, [self.a.uuid]).merge_ids[0]
        merges.undo(merge_id)
        with self.assertRaises(Conflict):
            merges.undo(merge_id)
        with self.assertRaises(NotFound):
            merges.undo(10**9)
        with self.assertRaises(BadInput):
            merges.merge(self.a.uuid, [self.a.uuid])
        with self.assertRaises(NotFound):
            merges.merge(self.a.uuid, [uuid4()])


_IDS = st.sampled_from(["a", "b", "c", "d"])
_PAIRS = st.lists(st.tuples(_IDS, _IDS).filter(lambda pair: pair[0] != pair[1]), max_size=6)


class MergePropertiesTest(HypothesisTestCase):
    """For any order of merges: pointers lead to roots in one step, and undoing all restores all."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_PAIRS)
    def test_undoing_every_merge_backwards_restores_every_person(self, pairs: list[tuple[str, str]]) -> None:
        make_key()
        ids = ["a", "b", "c", "d"]
        send_batch(*(posthog_event(distinct_id=i, **{"$set": {i: i}}) for i in ids))
        before = {i: (root_of(i).pk, root_of(i).properties) for i in ids}
        send_batch(*(alias(target, source, "$merge_dangerously") for target, source in pairs))
        for node in Person.objects.exclude(merged_into=None).select_related("merged_into"):
            self.assertIsNone(node.merged_into.merged_into_id)
        for log in MergeLog.objects.order_by("-id"):
            merges.undo(log.pk)
        self.assertEqual({i: (root_of(i).pk, root_of(i).properties) for i in ids}, before)
