"""What happened to the last events, and to one that somebody asks for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _

from analytics.dashboard import moments
from analytics.dashboard.data_health.reasons import reason_text
from analytics.dashboard.page import DashboardData
from analytics.errors import BadInput
from analytics.models.choices import Outcome
from analytics.reports import ingestion, recent_receipts
from analytics.reports.recent_receipts import ReceiptLine

_FOLDER = "analytics/dashboard/data_health"


class RecentData(DashboardData):
    """The last hundred receipts, newest first."""

    template_name = f"{_FOLDER}/recent.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """Their outcomes, and how far each has come."""
        return {"rows": [_row(line) for line in recent_receipts.recent()]}


class ReceiptData(DashboardData):
    """The receipt of one event, as the API gives it."""

    template_name = f"{_FOLDER}/receipt.html"
    error_template = f"{_FOLDER}/receipt_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """By the uuid that the client sent."""
        try:
            uuid = UUID(request.GET.get("uuid", "").strip()[:100])
        except ValueError as error:
            raise BadInput(
                _("That is no uuid: it looks like 6f1c2a9e-…, as SDKs return it."), code="bad_uuid"
            ) from error
        found = ingestion.receipt(uuid)
        return {
            "receipt": found,
            "outcome_text": Outcome(found.outcome).label,
            "reason": reason_text(found.reason).title if found.reason else "",
            "received": moments.instant(found.received_at),
            "stored": moments.instant(found.stored_at),
            "forwarded": moments.instant(found.forwarded_at),
            "warnings": found.warnings,
        }


def _row(line: ReceiptLine) -> dict[str, Any]:
    return {
        "line": line,
        "outcome_text": Outcome(line.outcome).label,
        "reason": reason_text(line.reason).title if line.reason else "",
        "warnings": ", ".join(warning.replace("_", " ") for warning in line.warnings),
        "received": moments.instant(line.received_at),
        "received_ago": moments.ago(line.received_at),
        "forwarded": moments.ago(line.forwarded_at),
    }
