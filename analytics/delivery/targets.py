"""Alerts and summaries to those who want them: from `AlertTarget` to e-mail or webhook."""

from __future__ import annotations

from analytics.delivery import signing
from analytics.delivery.mail import send_mail
from analytics.delivery.webhook import send_webhook
from analytics.models import AlertTarget, OutboxMessage
from analytics.models.choices import TargetKind
from analytics.store.outbox import Try


def send_to_target(message: OutboxMessage) -> Try:
    """Send a message to the target that its sink names; one that is gone or switched off ends it."""
    target = _find_target(message)
    if target is None:
        return Try("the target is gone", is_final=True)
    if not target.is_enabled:
        return Try("the target is switched off", is_final=True)
    if target.kind == TargetKind.EMAIL:
        return send_mail(target.address, message)
    return send_webhook(target.address, _secret_of(target), message)


def _find_target(message: OutboxMessage) -> AlertTarget | None:
    number = message.sink.partition(":")[2]
    return AlertTarget.objects.filter(pk=int(number)).first() if number.isdecimal() else None


def _secret_of(target: AlertTarget) -> str:
    """The target's secret; one without gets it now, since nothing goes out unsigned."""
    if not target.secret:
        AlertTarget.objects.filter(pk=target.pk, secret="").update(secret=signing.new_secret())
        target.refresh_from_db(fields=["secret"])
    return target.secret
