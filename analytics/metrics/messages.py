"""What alerts tell, and whom: a message in the outbox for every target that wants the level."""

from __future__ import annotations

from typing import Literal

from analytics import clock, conf
from analytics.metrics.limits import Limits
from analytics.metrics.registry import all_metrics
from analytics.metrics.units import in_words
from analytics.models import Alert, AlertTarget
from analytics.models.choices import AlertLevel
from analytics.store.outbox import put_message, sink_of_target

Change = Literal["opened", "escalated", "resolved"]

_SAID = {
    "opened": "{title} is {level}",
    "escalated": "{title} has become {level}",
    "resolved": "{title} is back",
}


def tell(change: Change, alert: Alert, limits: Limits | None) -> int:
    """Put the messages of a change; how many. None while the metric or the alert is muted."""
    now = clock.now()
    mutes = (alert.muted_until, limits.muted_until if limits else None)
    if any(until is not None and until > now for until in mutes):
        return 0
    levels = [AlertLevel.WARNING, *([AlertLevel.CRITICAL] if alert.level == AlertLevel.CRITICAL else [])]
    targets = AlertTarget.objects.filter(is_enabled=True, least_level__in=levels).order_by("pk")
    payload = _payload(change, alert, limits)
    for target in targets:
        put_message(
            sink=sink_of_target(target.pk),
            kind="alert",
            payload=payload,
            ordering_key=f"alert {alert.metric_name}",
        )
    return len(targets)


def _payload(change: Change, alert: Alert, limits: Limits | None) -> dict[str, object]:
    metric = all_metrics().get(alert.metric_name)
    unit = str(metric.unit) if metric else ""
    title = metric.title if metric else alert.metric_name
    is_high = alert.value > alert.threshold
    facts = [
        ["Value", in_words(float(alert.value), unit)],
        [
            "Expected at most" if is_high else "Expected at least",
            in_words(float(alert.threshold), unit),
        ],
        ["Day", alert.period_start.astimezone(conf.get().zone).date().isoformat()],
        ["Since", alert.opened_at.astimezone(conf.get().zone).isoformat(timespec="minutes")],
    ]
    if limits is not None and limits.owner:
        facts.append(["Owner", limits.owner])
    if change == "resolved":
        facts = [fact for fact in facts if not str(fact[0]).startswith("Expected")]
    return {
        "title": _SAID[change].format(title=title, level=alert.level) + f": {facts[0][1]}",
        "text": metric.description() if metric else "",
        "facts": facts,
        "link": link_to(alert.metric_name),
        "change": change,
        "alert": str(alert.uuid),
        "metric": alert.metric_name,
        "level": str(alert.level),
        "kind": alert.kind,
    }


def link_to(metric_name: str) -> str:
    """The metric's page, where the deployment's address is known; else nothing."""
    base = conf.get().public_url.rstrip("/")
    return f"{base}/dashboard/metrics/?metric={metric_name}" if base else ""


def link_to_overview() -> str:
    """The overview, where the deployment's address is known; else nothing."""
    base = conf.get().public_url.rstrip("/")
    return f"{base}/dashboard/overview/" if base else ""
