"""The models as the specification declares them. Its own example tests stand here under their names."""

from __future__ import annotations

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.utils import timezone

from analytics.ingestion.steps.limits import WIDTHS
from analytics.models import (
    AIInsight,
    BaseAnalyticsModel,
    BusinessMetric,
    UserBehaviorProfile,
    UserEvent,
    UserPersona,
)
from analytics.store.events import COLUMNS

User = get_user_model()

SPECIFIED: dict[type[BaseAnalyticsModel], str] = {
    UserEvent: """user session_id anonymous_id event_type event_name page_url action metadata user_agent ip_address
        referrer response_time_ms status_code device_type browser os sentiment_score intent_classification
        engagement_level revenue_impact conversion_value""",
    BusinessMetric: """metric_type metric_name metric_category metric_subcategory value previous_value target_value
        change_percentage change_direction period_start period_end period_type context dimensions warning_threshold
        critical_threshold is_alert_triggered""",
    AIInsight: """insight_type target_type target_id title description confidence_score model_name model_version
        input_features output_data is_actionable suggested_actions priority status validated_at validation_notes""",
    UserBehaviorProfile: """user engagement_score activity_frequency churn_risk_score conversion_probability
        primary_persona preferred_event_types preferred_times preferred_locations last_analysis_at""",
    UserPersona: "persona_name persona_description behavior_patterns model_confidence",
}
BASE = "uuid source parent_uuid lineage_depth retention_days is_archived archived_at created_at updated_at"


class UserEventModelTest(TestCase):
    def setUp(self) -> None:
        self.user = User.objects.create_user(username="testuser", email="test@example.com")

    def test_user_event_creation(self) -> None:
        event = UserEvent.objects.create(
            user=self.user,
            event_type="page_view",
            event_name="test_page",
            session_id="test_session",
        )

        self.assertEqual(event.user, self.user)
        self.assertEqual(event.event_type, "page_view")
        self.assertIsNotNone(event.uuid)
        self.assertEqual(event.source, "api")

    def test_a_uuid_is_stored_once(self) -> None:
        event = UserEvent.objects.create(event_name="a", anonymous_id="x")
        with self.assertRaises(IntegrityError), transaction.atomic():
            UserEvent.objects.create(event_name="b", anonymous_id="x", uuid=event.uuid)

    def test_sentiment_stays_between_minus_one_and_one(self) -> None:
        event = UserEvent(event_name="a", sentiment_score=1.5)
        with self.assertRaisesRegex(ValidationError, "sentiment_score"):
            event.full_clean()

    def test_deleting_a_user_keeps_the_event(self) -> None:
        event = UserEvent.objects.create(user=self.user, event_name="a")
        self.user.delete()
        event.refresh_from_db()
        self.assertIsNone(event.user)

    def test_the_database_names_the_inserting_transaction(self) -> None:
        event = UserEvent.objects.create(event_name="a", anonymous_id="x")
        event.refresh_from_db()
        if connection.vendor == "postgresql":
            self.assertGreater(event.insert_xid, 0)

    def test_the_specified_indexes_exist(self) -> None:
        with connection.cursor() as cursor:
            found = connection.introspection.get_constraints(cursor, UserEvent._meta.db_table)
        indexed = {tuple(c["columns"]) for c in found.values() if c["index"] or c["unique"]}
        for columns in (
            ("user_id", "created_at"),
            ("session_id", "created_at"),
            ("event_type", "created_at"),
            ("event_name", "created_at"),
            ("sentiment_score",),
            ("engagement_level",),
            ("session_id",),
            ("event_type",),
            ("event_name",),
            ("uuid",),
        ):
            self.assertIn(columns, indexed)

    def test_the_pipeline_cuts_to_the_columns_widths(self) -> None:
        for name, width in WIDTHS:
            limit = UserEvent._meta.get_field(name).max_length
            self.assertEqual(width, limit or width, name)

    def test_the_copy_names_every_column_but_those_of_the_database(self) -> None:
        columns = {field.column for field in UserEvent._meta.concrete_fields}
        self.assertEqual(columns - set(COLUMNS), {"id", "insert_xid"})


class BusinessMetricModelTest(TestCase):
    def test_metric_creation(self) -> None:
        metric = BusinessMetric.objects.create(
            metric_type="kpi",
            metric_name="test_metric",
            value=100.0,
            period_start=timezone.now(),
            period_end=timezone.now(),
            period_type="day",
        )

        self.assertEqual(metric.metric_type, "kpi")
        self.assertEqual(float(metric.value), 100.0)
        self.assertIsNotNone(metric.uuid)

    def test_one_value_per_metric_period_and_dimensions(self) -> None:
        at = timezone.now()
        fields = {
            "metric_type": "kpi",
            "metric_name": "m",
            "period_start": at,
            "period_end": at,
            "period_type": "day",
        }
        BusinessMetric.objects.create(value=1, **fields)
        BusinessMetric.objects.create(value=2, dimensions={"city": "Graz"}, **fields)
        with self.assertRaises(IntegrityError), transaction.atomic():
            BusinessMetric.objects.create(value=3, **fields)


class SpecifiedFieldsTest(TestCase):
    def test_every_specified_field_is_there(self) -> None:
        for model, names in SPECIFIED.items():
            fields = {field.name for field in model._meta.get_fields()}
            self.assertLessEqual({*names.split(), *BASE.split()}, fields, model.__name__)

    def test_every_model_has_a_table_and_a_readable_name(self) -> None:
        for model in apps.get_app_config("analytics").get_models():
            self.assertFalse(model.objects.exists())
            self.assertNotEqual(model.__str__, object.__str__)
