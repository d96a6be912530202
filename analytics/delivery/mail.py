"""Messages as e-mail, through whatever Django's settings name as the mail server."""

from __future__ import annotations

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from analytics.delivery.letter import compose
from analytics.models import OutboxMessage
from analytics.store.outbox import Try

_NOWHERE = "django.core.mail.backends.dummy.EmailBackend"


def send_mail(address: str, message: OutboxMessage) -> Try:
    """Send a message to an address. Its Message-ID is made of the uuid, by which mailboxes know a second copy."""
    if settings.EMAIL_BACKEND == _NOWHERE:
        return Try("no mail server is set up: set EMAIL_URL")
    try:
        validate_email(address)
    except ValidationError:
        return Try("this is not an e-mail address", is_final=True)
    letter = compose(message.kind, message.payload)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    mail = EmailMultiAlternatives(
        subject=letter.title,
        body=letter.as_text(),
        to=[address],
        headers={
            "Message-ID": f"<{message.uuid}@{domain}>",
            "Auto-Submitted": "auto-generated",
            **_way_out(letter.unsubscribe),
        },
    )
    mail.attach_alternative(letter.as_html(), "text/html")
    try:
        mail.send()
    except smtplib.SMTPResponseException as error:
        return Try(f"the mail server answered {error.smtp_code}", status_code=max(0, error.smtp_code))
    except (smtplib.SMTPException, OSError) as error:
        return Try(f"the mail server cannot be used: {type(error).__name__}")
    return Try()


def _way_out(link: str) -> dict[str, str]:
    """Headers by which a mailbox offers to unsubscribe with one click.

    **Source**: RFC 8058, section 3.
    """
    if not link:
        return {}
    return {"List-Unsubscribe": f"<{link}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
