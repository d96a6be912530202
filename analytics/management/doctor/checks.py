"""Looking at the parts one by one, without sending anything: settings, servers, queues, disk, clock, keys."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
from celery import current_app
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core import checks as django_checks
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.functions import Now

from analytics import clock, conf
from analytics.ingestion.keys import find_first_token
from analytics.management.doctor.finding import Check, Finding, fail, note, ok
from analytics.store import condition, lake

MIDDLEWARE = "analytics.middleware.AnalyticsMiddleware"
#: The shortest key that Django's own check lets pass.
_SECRET_LENGTH = 50
#: More than this apart, and events land in the wrong minute; the pipeline corrects clients by the server's clock.
_CLOCK_S = 2.0
#: Merging a day writes it once more before the old files go.
_LOW_DISK_BYTES = 1024 * 1024 * 1024
_ANSWER_WITHIN_S = 2


def check_settings() -> Iterator[Finding]:
    """Django's own checks, and the settings without which nothing is captured."""
    try:
        faults = [found for found in django_checks.run_checks() if found.is_serious(django_checks.ERROR)]
    except Exception as error:  # routes and settings are code, and may break in any way
        yield fail("settings", f"the project cannot be loaded: {error}", "see manage.py check")
        return
    for found in faults:
        yield fail("settings", str(found.msg), str(found.hint or "see manage.py check"))
    if len(settings.SECRET_KEY) < _SECRET_LENGTH:
        yield fail("settings", "SECRET_KEY is guessable", f"set at least {_SECRET_LENGTH} random characters")
    if not conf.get().enabled:
        yield fail(
            "settings", "ANALYTICS_ENABLED is off: nothing is captured inside Django", "set it to true"
        )
    if MIDDLEWARE not in settings.MIDDLEWARE:
        yield note("settings", "requests are not captured", f"add {MIDDLEWARE!r} to MIDDLEWARE")
    if settings.DEBUG:
        yield note("settings", "DEBUG is on", "switch it off where others can reach this")
    if not faults:
        yield ok("settings", f"{settings.SETTINGS_MODULE}, events kept for {conf.get().retention_days} days")


def check_database() -> Iterator[Finding]:
    """It answers, takes writes, and has all tables."""
    name = connection.settings_dict["NAME"]
    try:
        if not condition.takes_writes():
            yield fail(
                "database", f"{name} is a standby and takes no writes", "point DATABASES at the primary"
            )
            return
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        yield fail("database", f"{name} does not answer: {reason}", "start it, or correct DATABASE_URL")
        return
    if waiting:
        first, _ = waiting[0]
        yield fail("database", f"{len(waiting)} migrations wait, first {first}", "run manage.py migrate")
    else:
        yield ok("database", f"{connection.vendor} answers, takes writes and has all tables")


def check_clock() -> Iterator[Finding]:
    """This machine and the database agree on the time."""
    theirs = ContentType.objects.annotate(at=Now()).values_list("at", flat=True).first()
    if theirs is None:
        return
    apart_s = abs((clock.now() - theirs).total_seconds())
    if apart_s > _CLOCK_S:
        yield fail("clock", f"the database's clock is {apart_s:.1f} s away from ours", "let both follow NTP")
    else:
        yield ok("clock", "this machine and the database agree")


def check_redis() -> Iterator[Finding]:
    """The cache gives back what it was given."""
    mark = clock.now().isoformat()
    try:
        cache.set("analytics:doctor", mark, 10)
        is_well = cache.get("analytics:doctor") == mark
    except Exception as error:  # each cache has errors of its own
        yield fail(
            "redis", f"the cache does not answer: {type(error).__name__}", "start Redis, or set REDIS_URL"
        )
        return
    if is_well:
        yield ok("redis", "the cache keeps what it is given")
    else:
        yield fail("redis", "the cache forgets at once", "look at Redis' memory limit and at CACHES")


def check_queues() -> Iterator[Finding]:
    """The broker answers, and each queue that a task goes to has a worker that takes from it."""
    if current_app.conf.task_always_eager:
        yield note("queues", "tasks run where they are called (task_always_eager): no worker is needed")
        return
    try:
        with current_app.connection_for_read() as broker:
            broker.ensure_connection(max_retries=1, timeout=_ANSWER_WITHIN_S)
    except Exception as error:  # each transport has errors of its own
        kind = type(error).__name__
        yield fail("broker", f"does not answer: {kind}", "start Redis, or correct CELERY_BROKER_URL")
        return
    yield ok("broker", "answers")
    yield from _check_consumers()


def _check_consumers() -> Iterator[Finding]:
    found = current_app.control.inspect(timeout=_ANSWER_WITHIN_S).active_queues() or {}
    served = {queue["name"] for queues in found.values() for queue in queues or ()}
    wanted = set(current_app.amqp.queues) | {_queue_of(task) for task in current_app.tasks if _is_ours(task)}
    missing = sorted(wanted - served)
    start = f"celery -A {current_app.main} worker --queues={','.join(sorted(wanted))}"
    if missing:
        yield fail("queues", f"no worker takes from {', '.join(missing)}", f"start one: {start}")
    else:
        yield ok("queues", f"{len(found)} worker(s) take from {', '.join(sorted(wanted))}")


def _is_ours(task: str) -> bool:
    return task.startswith("analytics.tasks.")


def _queue_of(task: str) -> str:
    route = current_app.amqp.router.route({}, task)["queue"]
    return str(getattr(route, "name", route))


def check_lake() -> Iterator[Finding]:
    """Its folder can be written and has room; a bucket can be read."""
    place = lake.lake().uri
    if "://" not in place:
        yield from _check_folder(Path(place))
    try:
        snapshot = lake.lake().snapshot()
        lake.check_cluster(snapshot)
    except Exception as error:  # object stores have errors of their own
        reason = str(error).strip() or type(error).__name__
        yield fail(
            "lake", f"cannot be read: {reason}", "manage.py verify_lake says more; rebuild_lake mends it"
        )
        return
    yield ok("lake", f"holds {snapshot.rows} events in {len(snapshot.files)} files")


def _check_folder(folder: Path) -> Iterator[Finding]:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
            pass
    except OSError as error:
        who = psutil.Process().username()
        yield fail("lake", f"{folder} cannot be written: {error.strerror}", f"let {who} write there")
        return
    free = shutil.disk_usage(folder).free
    if free < _LOW_DISK_BYTES:
        yield fail("disk", f"{free // 2**20} MB are free for the lake", "make room: 1 GB and more")
    else:
        yield ok("disk", f"{free / 2**30:.1f} GB are free")


def check_keys() -> Iterator[Finding]:
    """Somebody may send events."""
    if find_first_token():
        yield ok("keys", "there is an active ingest key")
    else:
        yield fail("keys", "there is no active ingest key", "run manage.py create_ingest_key LABEL")


CHECKS: tuple[Check, ...] = (check_settings, check_database)
#: Of no use while the database is away.
CHECKS_WITH_DATABASE: tuple[Check, ...] = (
    check_clock, check_redis, check_queues, check_lake, check_keys,
)  # fmt: skip
