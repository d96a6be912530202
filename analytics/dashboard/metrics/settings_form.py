"""The form of what people decide about a metric: a field is empty where the metric's own declaration holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from analytics import clock
from analytics.api.errors import body_of_validation
from analytics.api.metrics_shapes import MetricDecision
from analytics.dashboard import moments
from analytics.errors import BadInput
from analytics.metrics.metric import Metric
from analytics.models import MetricSetting
from analytics.reports.metrics import Decision

#: How long somebody may want to hear nothing.
MUTE_DAYS = (1, 7, 30)
_NUMBERS = ("target_value", "warning_threshold", "critical_threshold")
_DECLARED = {"target_value": "target", "warning_threshold": "warning", "critical_threshold": "critical"}


@dataclass(frozen=True)
class Field:
    """A number: what was decided, and what holds without a decision."""

    name: str
    label: str
    value: str
    declared: str


def form_of(metric: type[Metric]) -> dict[str, Any]:
    """What the template of the form needs."""
    setting = MetricSetting.objects.filter(metric_name=metric.name).first()
    labels = (_("Target"), _("Warning"), _("Critical"))
    muted_until = setting.muted_until if setting is not None else None
    return {
        "name": metric.name,
        "good": metric.good,
        "fields": [
            Field(name, label, _plain(getattr(setting, name, None)), _plain(getattr(metric, _DECLARED[name])))
            for name, label in zip(_NUMBERS, labels, strict=True)
        ],
        "owner": setting.owner if setting is not None else "",
        "declared_owner": metric.owner,
        "muted_until": moments.instant(muted_until) if muted_until and muted_until > clock.now() else "",
        "mute_days": MUTE_DAYS,
    }


def decision_of(posted: Mapping[str, str]) -> Decision:
    """What a posted form decides. **Errors**: `BadInput` naming the field."""
    given: dict[str, Any] = {name: posted.get(name, "").strip() or None for name in _NUMBERS}
    given["owner"] = posted.get("owner", "").replace("\0", "").strip() or None
    mute = posted.get("mute", "")
    if mute == "end":
        given["muted_until"] = None
    elif mute:
        given["muted_until"] = muted_until(mute)
    try:
        return Decision(MetricDecision.model_validate(given).named())
    except ValidationError as error:
        raise BadInput(
            str(body_of_validation(list(error.errors()))["detail"]), code="invalid_input"
        ) from error


def muted_until(days: str) -> Any:
    """The end of a silence of so many days. **Errors**: `BadInput` for days that are not offered."""
    if days not in {str(offered) for offered in MUTE_DAYS}:
        message = _("Silence lasts %(days)s days.") % {"days": ", ".join(map(str, MUTE_DAYS))}
        raise BadInput(message, code="bad_mute")
    return clock.now() + timedelta(days=int(days))


def _plain(value: Any) -> str:
    """A number as a form's field takes it, whatever the language."""
    return "" if value is None else f"{float(value):.12g}"
