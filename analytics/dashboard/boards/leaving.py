"""What leaves the house from a report or dashboard: its links and subscriptions, and the acts on them."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import conf
from analytics.dashboard import moments
from analytics.dashboard.acting import Act
from analytics.dashboard.boards.asking import address_of
from analytics.dashboard.boards.reading import reader_of, uuid_of, whole_of
from analytics.errors import BadInput
from analytics.models import SavedReport, ShareLink, Subscription
from analytics.models.choices import Frequency
from analytics.reports import boards, saved, sharing, subscriptions
from analytics.reports.saved import name_of
from analytics.reports.sharing import Subject

WEEKDAYS = (
    gettext_lazy("Monday"), gettext_lazy("Tuesday"), gettext_lazy("Wednesday"), gettext_lazy("Thursday"),
    gettext_lazy("Friday"), gettext_lazy("Saturday"), gettext_lazy("Sunday"),
)  # fmt: skip
LINK_DAYS = (7, 30, 90, 365)
#: Tells the page's template that a message holds a link to be copied; see `said.html` beside it.
LINK_TAG = "link"
_SEPARATORS = re.compile(r"[\s,;]+")
_NOWHERE = "django.core.mail.backends.dummy.EmailBackend"


def context_of(subject: Subject) -> dict[str, Any]:
    """Links that hold, subscriptions, and what the forms for new ones offer."""
    kind = "report" if isinstance(subject, SavedReport) else "board"
    return {
        "links": [_link(link) for link in sharing.list_links(subject)],
        "link_days": LINK_DAYS,
        "subscriptions": [_subscription(one) for one in subscriptions.list_subscriptions(subject)],
        "weekdays": list(enumerate(WEEKDAYS)),
        "hours": [(hour, f"{hour:02d}:00") for hour in range(24)],
        "zone": str(conf.get().zone),
        "has_public_url": bool(conf.get().public_url),
        "has_mail": settings.EMAIL_BACKEND != _NOWHERE,
        "share_url": reverse("analytics:link_make", kwargs={"kind": kind, "subject": subject.uuid}),
        "subscribe_url": reverse("analytics:subscribe", kwargs={"kind": kind, "subject": subject.uuid}),
    }


class SubjectAct(Act):
    """An act on what leaves one report or dashboard, which ends on its page."""

    permission = ""

    def subject(self, request: HttpRequest) -> Subject:
        """**Errors**: `NotFound`."""
        reader, uuid = reader_of(request), self.kwargs["subject"]
        if self.kwargs["kind"] == "report":
            return saved.find_report(reader, uuid)
        return boards.find_board(reader, uuid)

    def page(self, request: HttpRequest) -> str:
        """The page of the subject."""
        return reverse(
            f"analytics:{self.kwargs['kind']}_page", kwargs={self.kwargs["kind"]: self.kwargs["subject"]}
        )


class MakeLink(SubjectAct):
    """Make a link; its address is told this once."""

    def act(self, request: HttpRequest) -> None:
        """`days` "" is until it is revoked."""
        days = request.POST.get("days", "")
        _made, token = sharing.make_link(
            reader_of(request).user,
            self.subject(request),
            whole_of(days, _("Days")) if days else None,
        )
        path = reverse("analytics:shared_page", kwargs={"token": token})
        base = conf.get().public_url.rstrip("/")
        messages.success(
            request, f"{base}{path}" if base else request.build_absolute_uri(path), extra_tags=LINK_TAG
        )


class RevokeLink(Act):
    """End a link at once."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """The list, where the link is gone already."""
        return reverse("analytics:boards_page")

    def act(self, request: HttpRequest) -> str:
        """Back to what it led to."""
        link = sharing.revoke(self.kwargs["link"])
        messages.success(request, _("The link leads nowhere from now on."))
        return address_of(_subject_of(link))


class Subscribe(SubjectAct):
    """Send letters from the next time that is due."""

    def act(self, request: HttpRequest) -> None:
        """**Errors**: `BadInput` naming the address or the setting that is missing."""
        frequency = request.POST.get("frequency", "")
        plan = subscriptions.Plan(
            addresses=_SEPARATORS.split(request.POST.get("addresses", "").replace("\0", "")),
            frequency=frequency,
            weekday=whole_of(request.POST.get("weekday", "0"), _("Weekday")),
            hour=whole_of(request.POST.get("hour", "7"), _("Hour")),
        )
        if frequency not in Frequency.values:
            raise BadInput(_("Every day or every week is expected."), code="bad_time")
        made = subscriptions.subscribe(reader_of(request).user, self.subject(request), plan)
        messages.success(
            request, _("Letters go out %(when)s.") % {"when": str(when(made))[:1].lower() + when(made)[1:]}
        )


class EndSubscription(Act):
    """End a subscription for all its readers."""

    permission = ""

    def page(self, request: HttpRequest) -> str:
        """The list, where the subscription is gone already."""
        return reverse("analytics:boards_page")

    def act(self, request: HttpRequest) -> str:
        """Back to what it told of."""
        found = subscriptions.find_subscription(uuid_of(str(self.kwargs["subscription"])))
        target = address_of(_subject_of(found))
        found.delete()
        messages.success(request, _("No more letters go out."))
        return target


def when(subscription: Subscription) -> str:
    """When letters go out, in words."""
    hour = f"{subscription.hour:02d}:00"
    if subscription.frequency == Frequency.WEEKLY:
        day = WEEKDAYS[subscription.weekday]
        return _("Every %(day)s at %(hour)s") % {"day": day, "hour": hour}
    return _("Every day at %(hour)s") % {"hour": hour}


def _subject_of(row: ShareLink | Subscription) -> Subject:
    subject = row.report or row.dashboard
    assert subject is not None  # the database sees to it
    return subject


def _link(link: ShareLink) -> dict[str, Any]:
    return {
        "made": moments.instant(link.created_at),
        "by": name_of(link.made_by),
        "ends": moments.day(link.expires_at) if link.expires_at is not None else "",
        "used": moments.ago(link.last_used_at),
        "revoke_url": reverse("analytics:link_revoke", kwargs={"link": link.uuid}),
    }


def _subscription(one: Subscription) -> dict[str, Any]:
    return {
        "when": when(one),
        "addresses": one.addresses,
        "is_enabled": one.is_enabled,
        "end_url": reverse("analytics:subscription_end", kwargs={"subscription": one.uuid}),
    }
