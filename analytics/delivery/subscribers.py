"""Letters to subscribers of reports, and the link by which one of them leaves.

The link is signed and holds the address itself, so that it needs no login and can be guessed by nobody.
"""

from __future__ import annotations

from django.core import signing
from django.db import transaction

from analytics import conf
from analytics.delivery.mail import send_mail
from analytics.errors import NotFound
from analytics.models import OutboxMessage, Subscription
from analytics.store.outbox import Try

SINK = "subscription"
PATH = "unsubscribe"
_SIGNER = signing.Signer(salt="analytics.unsubscribe")


def sink_of(number: int) -> str:
    """The sink of a subscription."""
    return f"{SINK}:{number}"


def send_to_subscriber(message: OutboxMessage) -> Try:
    """Send a letter to its address, unless its reader has left since it was written."""
    number = message.sink.partition(":")[2]
    address = str(message.payload.get("to", ""))
    found = Subscription.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if found is None or not found.is_enabled or address not in found.addresses:
        return Try("this address is not subscribed any more", is_final=True)
    return send_mail(address, message)


def unsubscribe_link(number: int, address: str) -> str:
    """Where one address leaves one subscription; "" while the deployment's own address is not known."""
    base = conf.get().public_url.rstrip("/")
    return f"{base}/{PATH}/{_SIGNER.sign_object([number, address])}/" if base else ""


def read_link(signed: str) -> tuple[Subscription, str]:
    """The subscription and the address of a link. **Errors**: `NotFound` for a forged one, and one of a past one."""
    try:
        number, address = _SIGNER.unsign_object(signed)
    except Exception as error:  # a forged text fails in many ways: base64, UTF-8, JSON
        raise NotFound("this link is not whole: take it from the letter as it is") from error
    found = Subscription.objects.filter(pk=number).select_related("report", "dashboard").first()
    if found is None:
        raise NotFound("this subscription has ended")
    return found, str(address)


def leave(signed: str) -> str:
    """Take an address out of its subscription, which ends with its last; the address. Twice is once.

    **Errors**: as `read_link`.
    """
    found, address = read_link(signed)
    with transaction.atomic():
        subscription = Subscription.objects.select_for_update().get(pk=found.pk)
        subscription.addresses = [one for one in subscription.addresses if one != address]
        subscription.is_enabled = bool(subscription.addresses) and subscription.is_enabled
        subscription.save(update_fields=["addresses", "is_enabled", "updated_at"])
    return address
