from __future__ import annotations

from unittest import mock

import psycopg
from django.db import connection
from django.test import TransactionTestCase

from loopin_backend.beat import ADVISORY_LOCK_ID, STAND_BY_S, SingleScheduler
from loopin_backend.celery import app


class SingleSchedulerTest(TransactionTestCase):
    def setUp(self) -> None:
        self.scheduler = SingleScheduler(app, lazy=True)
        self.base_tick = self.enterContext(mock.patch("celery.beat.Scheduler.tick", return_value=1.5))
        self.addCleanup(connection.close)  # lets go of the lock

    def other_session(self) -> psycopg.Connection[tuple[object, ...]]:
        parameters = {
            key: value for key, value in connection.get_connection_params().items() if key != "context"
        }
        wanted = {
            key: parameters[key]
            for key in ("dbname", "user", "password", "host", "port")
            if parameters.get(key)
        }
        other = psycopg.connect(**wanted, autocommit=True)
        self.addCleanup(other.close)
        return other

    def test_it_schedules_while_it_holds_the_lock(self) -> None:
        self.assertEqual(self.scheduler.tick(), 1.5)
        self.assertEqual(self.scheduler.tick(), 1.5)

    def test_it_stands_by_while_another_holds_the_lock_and_takes_over_afterwards(self) -> None:
        other = self.other_session()
        other.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK_ID])
        self.assertEqual(self.scheduler.tick(), STAND_BY_S)
        self.base_tick.assert_not_called()
        other.close()
        with self.assertLogs("loopin_backend.beat"):
            while self.scheduler.tick() == STAND_BY_S:  # the server notices the closed session in a moment
                pass
        self.base_tick.assert_called()

    def test_asking_again_does_not_pile_up_locks(self) -> None:
        for _ in range(3):
            self.scheduler.tick()
        connection.close()
        row = self.other_session().execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK_ID]).fetchone()
        self.assertEqual(row, (True,))
