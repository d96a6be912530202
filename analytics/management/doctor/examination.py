"""The whole examination in order: parts first, then an event by each way, then what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from analytics.ingestion.keys import find_first_token
from analytics.ingestion.writer import writer
from analytics.management.doctor.checks import CHECKS, CHECKS_WITH_DATABASE, MIDDLEWARE
from analytics.management.doctor.finding import Finding, State, fail, ok
from analytics.management.doctor.following import Following
from analytics.management.doctor.servers import HttpServer, NoServer, Server, ThisProcess
from analytics.management.doctor.ways import WAYS, Patient, send_request, try_way


@dataclass(frozen=True)
class Wanted:
    """Which server, by its address or in this process; how long sealing may take; with which key events are sent."""

    url: str = ""
    wait_s: float = 45.0
    token: str = ""


def examine(wanted: Wanted) -> Iterator[Finding]:
    """Everything that is found, as it is found."""
    is_broken = False
    for check in CHECKS:
        for finding in check():
            is_broken |= finding.state is State.FAIL and finding.hop == "database"
            yield finding
    if is_broken:
        return  # nothing else can be told from that
    for check in CHECKS_WITH_DATABASE:
        yield from check()
    server: Server = HttpServer(wanted.url) if wanted.url else ThisProcess()
    answers = True
    for finding in _check_server(server):
        answers &= finding.state is not State.FAIL
        yield finding
    patient = Patient(wanted.token or find_first_token())
    if answers and patient.token:
        yield from _send_and_follow(wanted, server, patient)


def _check_server(server: Server) -> Iterator[Finding]:
    try:
        reply = server.call("GET", "/readyz")
    except NoServer as error:
        yield fail(
            "server", f"{server.name} does not answer: {error}", "start it, give --url, or use --in-process"
        )
        return
    if reply.status == 200:
        yield ok("server", f"{server.name} is ready")
    else:
        words = f": {reply.said}" if reply.said else ""
        fix = "ALLOWED_HOSTS must hold its host" if reply.status == 400 else "look at its log"
        yield fail("server", f"{server.name} answers /readyz with {reply.status}{words}", fix)


def _send_and_follow(wanted: Wanted, server: Server, patient: Patient) -> Iterator[Finding]:
    uuids: dict[str, UUID] = {}
    is_observed = False
    for way in WAYS:
        if way is send_request and MIDDLEWARE not in settings.MIDDLEWARE:
            continue
        sent = try_way(way, server, patient)
        if sent.wrong:
            yield fail(sent.way, sent.wrong, sent.fix)
        elif sent.uuid is None:
            is_observed = True
        else:
            uuids[sent.way] = sent.uuid
            yield ok(sent.way, "accepted")
    writer.flush()  # what this process has queued
    following = Following(patient, uuids, seals_itself=not wanted.url, wait_s=wanted.wait_s)
    try:
        if is_observed:
            yield from following.find_request()
        yield from following.check_receipts()
        yield from following.check_sealing()
        yield from following.check_analysis()
    finally:
        cleaned = list(following.take_out())
    yield from cleaned
