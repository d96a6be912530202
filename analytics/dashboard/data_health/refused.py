"""Refused events: a list by reason with their bodies, and the acts that send them through the pipeline again."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from analytics.dashboard import moments, wording
from analytics.dashboard.acting import Act
from analytics.dashboard.data_health.reasons import reason_text
from analytics.dashboard.page import DashboardData, StaffView
from analytics.errors import AnalyticsError, BadInput
from analytics.ingestion import replay
from analytics.models import RejectedEvent
from analytics.models.choices import Outcome

_FOLDER = "analytics/dashboard/data_health"
PERMISSION = "analytics.change_rejectedevent"
_PAGE_ROWS = 20
_BODY_CHARACTERS = 20_000
_MOST_ID = 2**63 - 1


class RefusedData(DashboardData):
    """Refused events, newest first, a page at a time."""

    template_name = f"{_FOLDER}/refused.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """A page before `before`, of one reason or of all. Bodies are for who may view them in the admin."""
        reason = request.GET.get("reason", "")[:60].replace("\0", "")
        before = _number(request.GET.get("before", ""), _("“before” is the number of a row."))
        rows = RejectedEvent.objects.order_by("-pk")
        if reason:
            rows = rows.filter(reason=reason)
        if before is not None:
            rows = rows.filter(pk__lt=before)
        found = list(rows[: _PAGE_ROWS + 1])
        shown = found[:_PAGE_ROWS]
        may_view = request.user.has_perm("analytics.view_rejectedevent")
        return {
            "rows": [row_of(row, may_view=may_view) for row in shown],
            "reason": reason,
            "reason_title": reason_text(reason).title if reason else "",
            "is_first": before is None,
            "before": shown[-1].pk if len(found) > _PAGE_ROWS else None,
            "may_replay": request.user.has_perm(PERMISSION),
            "may_view": may_view,
        }


class ReplayOne(Act):
    """Replay one event, and show what became of it in its place."""

    permission = PERMISSION

    def page(self, request: HttpRequest) -> str:
        """The page, for browsers without script."""
        return reverse("analytics:data_health_page")

    def post(self, request: HttpRequest, **parameters: Any) -> HttpResponse:
        """The row as it is now; without htmx a message on the page."""
        if "HX-Request" not in request.headers or not request.user.has_perm(self.permission):
            return super().post(request)
        said, is_done = "", False
        try:
            said, is_done = self._replay()
        except AnalyticsError as error:
            said = error.detail
        row = RejectedEvent.objects.filter(pk=self.kwargs["row"]).first()
        if row is None:
            return HttpResponse(said, "text/plain; charset=utf-8", status=404)
        may_view = request.user.has_perm("analytics.view_rejectedevent")
        context = {
            "row": row_of(row, may_view=may_view),
            "said": said,
            "is_done": is_done,
            "may_replay": True,
        }
        return render(request, f"{_FOLDER}/refused_row.html", {**context, "may_view": may_view})

    def act(self, request: HttpRequest) -> None:
        """Replay it, and say what became of it."""
        said, is_done = self._replay()
        (messages.success if is_done else messages.warning)(request, said)

    def _replay(self) -> tuple[str, bool]:
        result = replay.replay(self.kwargs["row"])
        if result.outcome == Outcome.STORED:
            return _("Stored now."), True
        if result.outcome == Outcome.DUPLICATE:
            return _("It was stored before: counted as a duplicate."), True
        return _("Refused again: %(detail)s") % {"detail": result.detail}, False


class ReplayReason(StaffView):
    """Replay all events of a reason, turn by turn: each answer is the progress, and asks for the next turn itself."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """One turn."""
        if not request.user.has_perm(PERMISSION):
            return HttpResponse(_("You may not replay events."), "text/plain; charset=utf-8", status=403)
        template = f"{_FOLDER}/replay_progress.html"
        reason = request.POST.get("reason", "")[:60].replace("\0", "")
        try:
            done = {name: _count(request, name) for name in ("stored", "duplicate", "refused", "unreadable")}
            turn = replay.replay_reason(reason, after_id=_count(request, "after"))
        except AnalyticsError as error:
            fault = {"reason": reason, "title": reason_text(reason).title, "fault": error.detail}
            return render(request, template, fault)
        done["stored"] += turn.outcomes[Outcome.STORED]
        done["duplicate"] += turn.outcomes[Outcome.DUPLICATE]
        done["refused"] += turn.outcomes[Outcome.REJECTED] + turn.outcomes[Outcome.QUARANTINED]
        done["unreadable"] += turn.outcomes[replay.NOT_REPLAYABLE]
        tried = sum(done.values())
        context = {
            "reason": reason,
            "title": reason_text(reason).title,
            "done": done,
            "done_text": {name: wording.number(count) for name, count in done.items()},
            "tried": wording.number(tried),
            "total": wording.number(tried + turn.left),
            "percent": f"{100 * tried / max(1, tried + turn.left):.1f}%",
            "left": turn.left,
            "after": turn.last_id,
            "replay_url": request.path,
        }
        return render(request, template, context)


def row_of(row: RejectedEvent, *, may_view: bool) -> dict[str, Any]:
    """A refused event as a row. The body is text to be shown, never HTML."""
    return {
        "id": row.pk,
        "uuid": str(row.uuid),
        "reason": row.reason,
        "title": reason_text(row.reason).title,
        "detail": row.detail,
        "outcome": row.outcome,
        "dialect": row.dialect,
        "ingest_key": row.ingest_key,
        "received": moments.instant(row.received_at),
        "received_ago": moments.ago(row.received_at),
        "replayed": moments.instant(row.replayed_at),
        "obstacle": replay.obstacle_of(row) if row.replayed_at is None else "",
        "body": _readable(bytes(row.body)) if may_view else "",
        "replay_url": reverse("analytics:replay_one", kwargs={"row": row.pk}),
    }


def _readable(body: bytes) -> str:
    """JSON indented; anything else as it came, bytes that are no text as such."""
    try:
        text = json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body.decode(errors="backslashreplace")
    return text[:_BODY_CHARACTERS]


def _count(request: HttpRequest, name: str) -> int:
    return _number(request.POST.get(name, ""), _("A count is a whole number.")) or 0


def _number(text: str, message: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text[:20]) > _MOST_ID:
        raise BadInput(message, code="bad_number")
    return int(text[:20])
