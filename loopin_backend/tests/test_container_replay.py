"""The image is built and the whole of compose.yaml is run by their own lines: event in, sealed, counted, stopped."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any
from unittest import TestCase
from urllib.error import HTTPError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

import psycopg
import pytest
from psycopg import sql

from loopin_backend import embedded, env
from loopin_backend.tests.container_files import read_compose
from loopin_backend.tests.container_replay import Container, Image, find_python
from loopin_backend.tests.live import find_free_port
from loopin_backend.tests.sdk_case import lack
from loopin_backend.tests.test_container_files import secrets_in
from loopin_backend.tests.waiting import eventually

HOST = "stats.example.org"


@pytest.mark.slow
@pytest.mark.timeout(900)  # installing a hundred packages takes a minute or more
class ReplayTest(TestCase):
    """One build and one run; each step would stop a deployment."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.root = Path(tempfile.mkdtemp(prefix="loopin-image-"))
        cls.root.chmod(0o755)
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.image = Image(cls.root)
        try:
            find_python(cls.image.account)
        except LookupError as error:
            lack(str(error))
        cls.image.build()
        cls.database = f"loopin_image_{uuid.uuid4().hex[:12]}"
        cls.main_url = env.load().database_url.get_secret_value() or embedded.ensure_postgres()
        cls.on_main("CREATE DATABASE {}")
        cls.addClassCleanup(cls.on_main, "DROP DATABASE IF EXISTS {} WITH (FORCE)")
        cls.variables = secrets_in(cls.root, HOST)
        cls.compose = read_compose(cls.variables)
        cls.port = find_free_port()
        cls.before = cls.image.files()

    @classmethod
    def on_main(cls, statement: str) -> None:
        with psycopg.connect(cls.main_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(cls.database)))

    def container(self, name: str) -> Container:
        """A service of the file; only where its servers are, and its port, are ours."""
        changes = {
            "DATABASE_URL": urlunsplit(urlsplit(self.main_url)._replace(path=f"/{self.database}")),
            "REDIS_URL": env.load().redis_url.get_secret_value() or embedded.ensure_valkey(),
            "UVICORN_HOST": "127.0.0.1",
            "UVICORN_PORT": str(self.port),
        }
        made = Container(self.image, name, self.compose["services"][name], changes)
        self.addCleanup(made.kill)
        return made

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """As the proxy in front asks."""
        content = json.dumps(body).encode() if body is not None else None
        sent = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1", **headers}
        request = Request(f"http://127.0.0.1:{self.port}{path}", content, sent)
        try:
            with urlopen(request, timeout=20) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def test_from_an_empty_database_to_a_sealed_event_and_a_clean_stop(self) -> None:
        migrations = self.container("migrations")
        done = migrations.run()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["ingest_key"], self.variables["LOOPIN_INGEST_KEY"])
        self.assertEqual(json.loads(done.stdout)["new_password"], "")

        web, worker, beat = (self.container(name) for name in ("web", "worker", "beat"))
        for container in (web, worker, beat):
            container.start()
        for container in (web, worker, beat):
            eventually(container.is_healthy, f"{container.name} is healthy", within_s=60)

        self.check_that_nobody_is_root(web, worker, beat)
        self.assertEqual(self.ask("/readyz"), (200, '{"status": "ok", "database": "up", "disk": "ok"}'))
        self.check_pages()
        self.check_event()
        self.check_series()
        self.check_doctor(web)

        for container in (web, worker, beat):
            self.assertIn(container.stop(), (0, -15), container.log()[-2000:])
            self.assertTrue(container.lines(), f"{container.name} says what it does")
        self.assertEqual(self.image.files(), self.before, "nothing was written outside of /data and /tmp")

    def check_that_nobody_is_root(self, *containers: Container) -> None:
        for container in containers:
            assert container.process is not None
            owner = os.stat(f"/proc/{container.process.pid}").st_uid
            self.assertEqual(owner, self.image.account.uid)
            self.assertNotEqual(owner, 0)

    def check_pages(self) -> None:
        status, page = self.ask("/admin/login/")
        self.assertEqual(status, 200)
        style = next(
            word for word in page.split('"') if word.startswith("/static/") and word.endswith(".css")
        )
        self.assertEqual(self.ask(style)[0], 200, "static files were collected into the image")
        self.assertEqual(self.ask("/readyz", Host="evil.example")[0], 400)

    def check_event(self) -> None:
        event, key = str(uuid.uuid4()), self.variables["LOOPIN_INGEST_KEY"]
        item = {"event": "deployed", "distinct_id": "u1", "uuid": event, "properties": {}}
        self.assertEqual(self.ask("/batch/", {"api_key": key, "batch": [item]})[0], 200)

        def is_sealed() -> bool:
            status, text = self.ask(f"/api/analytics/events/{event}/receipt", Authorization=f"Bearer {key}")
            self.assertEqual(status, 200, text)
            return bool(json.loads(text)["sealed"])

        eventually(is_sealed, "worker and beat have sealed it", within_s=60)

    def check_series(self) -> None:
        token = self.variables["ANALYTICS_METRICS_TOKEN"]
        self.assertEqual(self.ask("/metrics")[0], 404)
        status, text = self.ask("/metrics", Authorization=f"Bearer {token}", Host="web:8000")
        self.assertEqual(status, 200)
        for line in (
            'analytics_events_total{event_type="user_action"} 1.0',
            'analytics_requests_total{endpoint="/batch",method="POST"} 1.0',
            'analytics_task_duration_seconds_count{outcome="success",task="analytics.tasks.seal_events"}',
        ):
            self.assertIn(line, text)

    def check_doctor(self, web: Container) -> None:
        said = web.run(["python", "manage.py", "doctor", "--url", f"http://127.0.0.1:{self.port}"])
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)
        self.assertIn("an event gets from every door to an analysis", said.stdout)

    def test_gunicorn_serves_it_by_the_line_of_the_specification(self) -> None:
        if not (self.root / "opt/venv/bin/gunicorn").exists():
            lack("gunicorn is not among the packages of requirements.txt")
        self.container("migrations").run()
        server = self.container("web")
        server._command = ["gunicorn", "loopin_backend.wsgi:application", "--bind", f"127.0.0.1:{self.port}"]
        server.start()
        eventually(server.is_healthy, "gunicorn is healthy", within_s=60)
        item = {"event": "deployed", "distinct_id": "u2", "properties": {}}
        body = {"api_key": self.variables["LOOPIN_INGEST_KEY"], "batch": [item]}
        self.assertEqual(self.ask("/batch/", body)[0], 200)
        self.assertEqual(server.stop(), 0)
