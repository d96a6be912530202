from __future__ import annotations

from celery.app.routes import Router
from django.conf import settings
from django.test import SimpleTestCase
from kombu import Queue

from loopin_backend.celery import app
from loopin_backend.queues import QUEUES
from loopin_backend.supervisor import parts

SPECIFIED_ROUTES = {
    "analytics.tasks.process_user_events_batch": "analytics",
    "analytics.tasks.cleanup_old_analytics_data": "analytics",
    "analytics.tasks.process_daily_metrics_calculation": "metrics",
    "analytics.tasks.generate_user_behavior_insights": "ai_processing",
    "analytics.tasks.perform_user_clustering": "ai_processing",
    "analytics.tasks.generate_predictive_insights": "ai_processing",
    "analytics.tasks.detect_anomalies_batch": "anomaly_detection",
}


def queue_of(task: str) -> str:
    router: Router = app.amqp.Router(app.amqp.queues)
    found = router.route({}, task)["queue"]
    return found.name if isinstance(found, Queue) else str(found)


class QueueTest(SimpleTestCase):
    def test_each_task_goes_to_the_queue_that_the_specification_names(self) -> None:
        for task, queue in SPECIFIED_ROUTES.items():
            with self.subTest(task=task):
                self.assertEqual(queue_of(task), queue)

    def test_every_routed_queue_has_a_consumer_in_the_run_command(self) -> None:
        routed = {route["queue"] for route in app.conf.task_routes.values()}
        option = next(word for word in parts.build_worker().command if word.startswith("--queues="))
        self.assertLessEqual(routed, set(option.removeprefix("--queues=").split(",")))

    def test_a_worker_without_options_listens_to_every_routed_queue(self) -> None:
        self.assertEqual({queue.name for queue in app.conf.task_queues}, set(QUEUES))

    def test_every_scheduled_task_exists(self) -> None:
        app.loader.import_default_modules()
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
            with self.subTest(name=name):
                self.assertIn(entry["task"], app.tasks)


class WorkerTest(SimpleTestCase):
    def test_limits_of_the_specification(self) -> None:
        conf = app.conf
        self.assertEqual((conf.task_time_limit, conf.task_soft_time_limit), (300, 240))
        self.assertEqual((conf.worker_prefetch_multiplier, conf.worker_max_tasks_per_child), (1, 1000))
        self.assertEqual(conf.result_expires, 3600)

    def test_a_task_is_done_only_when_it_is_done(self) -> None:
        conf = app.conf
        self.assertTrue(conf.task_acks_late)
        self.assertTrue(conf.task_reject_on_worker_lost)
        self.assertFalse(conf.task_acks_on_timeout)
        self.assertGreater(conf.broker_transport_options["visibility_timeout"], conf.task_time_limit)

    def test_only_json_is_spoken(self) -> None:
        conf = app.conf
        self.assertEqual(
            (conf.task_serializer, conf.result_serializer, conf.accept_content), ("json", "json", ["json"])
        )

    def test_broker_results_and_cache_are_apart(self) -> None:
        self.assertNotEqual(settings.CELERY_BROKER_URL, settings.CELERY_RESULT_BACKEND)
