"""Personas: found where there are kinds of users, refused where there are not, and the same again tomorrow."""

from __future__ import annotations

import numpy as np
from django.test import SimpleTestCase, TestCase

from analytics.ai_services import UserClusteringService
from analytics.ai_services.clustering.kmeans import find_clusters
from analytics.ai_services.clustering.naming import name_clusters
from analytics.models import UserBehaviorProfile, UserPersona
from analytics.tests.population import make_users

_COUNTS = np.array([True, True])


def _blobs(sizes: tuple[int, ...], seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate(
        [
            np.expm1(rng.normal((1 + 2 * place, 5 - 2 * place), 0.2, (size, 2)))
            for place, size in enumerate(sizes)
        ]
    )


class KMeansTest(SimpleTestCase):
    def test_the_number_of_clusters_is_that_of_the_data(self) -> None:
        found = find_clusters(_blobs((200, 150, 100)), _COUNTS)
        self.assertEqual(sorted(found.sizes), [100, 150, 200])
        self.assertGreater(found.silhouette, 0.7)
        self.assertGreater(found.stability, 0.95)

    def test_a_given_number_is_honoured(self) -> None:
        self.assertEqual(len(find_clusters(_blobs((200, 150)), _COUNTS, 5).centroids), 5)

    def test_outliers_do_not_get_clusters_of_their_own(self) -> None:
        rows = np.concatenate([_blobs((200, 200)), np.full((3, 2), 1e6)])
        self.assertGreater(find_clusters(rows, _COUNTS).sizes.min(), 100)

    def test_a_constant_column_sets_nobody_apart(self) -> None:
        rows = np.column_stack([_blobs((150, 150)), np.full(300, 0.1)])
        found = find_clusters(rows, np.array([True, True, False]))
        self.assertLess(np.abs(found.centroids[:, 2]).max(), 1e-6)

    def test_fewer_different_rows_than_clusters_are_refused(self) -> None:
        with self.assertRaises(ValueError):
            find_clusters(np.ones((50, 2)), _COUNTS, 3)


class NamingTest(SimpleTestCase):
    FEATURES = ("engagement_score", "churn_risk_score")

    def test_a_name_follows_from_what_sets_a_cluster_apart(self) -> None:
        found = name_clusters(
            np.array([[1.5, -0.9], [-1.2, 0.1], [0.1, 0.1]]), self.FEATURES, [0.2, 0.3, 0.5]
        )
        self.assertEqual([name.name for name in found], ["Engaged, loyal", "Quiet", "Average"])
        self.assertIn("high engagement, low risk of leaving", found[0].description)

    def test_no_two_names_are_alike(self) -> None:
        found = name_clusters(np.ones((4, 2)), self.FEATURES, [0.25] * 4)
        self.assertEqual(len({name.name for name in found}), 4)


class PersonaTest(TestCase):
    def make_profiles(self, count: int = 150) -> None:
        rng = np.random.default_rng(5)
        users = make_users(count)
        UserBehaviorProfile.objects.bulk_create(
            UserBehaviorProfile(
                user=user,
                engagement_score=float(np.clip(rng.normal((0.2, 0.8)[number % 2], 0.05), 0, 1)),
                churn_risk_score=float(np.clip(rng.normal((0.8, 0.1)[number % 2], 0.05), 0, 1)),
                conversion_probability=(0.05, 0.6)[number % 2],
                activity_frequency=("monthly", "daily")[number % 2],
                preferred_event_types=["a", "b"][: 1 + number % 2],
            )
            for number, user in enumerate(users)
        )

    def test_personas_are_written_with_users_names_and_figures(self) -> None:
        self.make_profiles()
        found = UserClusteringService().cluster_users(None)
        self.assertEqual((found["status"], found["n_clusters"]), ("ready", 2))
        self.assertTrue({"clusters", "inertia", "silhouette_score"} <= set(found))
        personas = UserPersona.objects.filter(is_archived=False)
        self.assertEqual(sorted(personas.values_list("user_count", flat=True)), [75, 75])
        texts = " ".join(personas.values_list("persona_description", flat=True))
        self.assertIn("50 % of active users: low", texts)
        self.assertIn("50 % of active users: high", texts)
        self.assertEqual(UserBehaviorProfile.objects.exclude(primary_persona=None).count(), 150)

    def test_the_next_run_keeps_personas_and_the_names_that_people_gave(self) -> None:
        self.make_profiles()
        UserClusteringService().cluster_users(None)
        before = dict(UserBehaviorProfile.objects.values_list("user_id", "primary_persona_id"))
        renamed = UserPersona.objects.order_by("pk")[0]
        UserPersona.objects.filter(pk=renamed.pk).update(persona_name="Our friends")
        UserClusteringService().cluster_users(None)
        self.assertEqual(
            dict(UserBehaviorProfile.objects.values_list("user_id", "primary_persona_id")), before
        )
        self.assertEqual(UserPersona.objects.get(pk=renamed.pk).persona_name, "Our friends")

    def test_a_given_number_replaces_the_personas(self) -> None:
        self.make_profiles()
        UserClusteringService().cluster_users(None)
        found = UserClusteringService().cluster_users(4)
        self.assertEqual(found["n_clusters"], 4)
        self.assertEqual(UserPersona.objects.filter(is_archived=False).count(), 4)

    def test_too_few_users_are_refused(self) -> None:
        self.make_profiles(99)
        found = UserClusteringService().cluster_users()
        self.assertEqual(
            (found["status"], found["clusters"], found["inertia"]), ("not_enough_data", {}, None)
        )
        self.assertIn("needs 100 active users", found["detail"])

    def test_users_who_are_not_there_have_no_persona(self) -> None:
        self.make_profiles()
        UserClusteringService().cluster_users(None)
        UserBehaviorProfile.objects.filter(activity_frequency="monthly").update(activity_frequency="inactive")
        UserBehaviorProfile.objects.filter(activity_frequency="daily").update(churn_risk_score=0.5)
        make_more = UserBehaviorProfile.objects.filter(activity_frequency="inactive")[:40]
        UserBehaviorProfile.objects.filter(pk__in=make_more.values("pk")).update(activity_frequency="weekly")
        UserClusteringService().cluster_users(2)
        without = UserBehaviorProfile.objects.filter(primary_persona=None)
        self.assertEqual(set(without.values_list("activity_frequency", flat=True)), {"inactive"})

    def test_numbers_that_make_no_sense_are_refused(self) -> None:
        for number in (1, 21):
            with self.assertRaises(ValueError):
                UserClusteringService().cluster_users(number)
