"""Acts on a person: joining two, taking that back, erasing one; and the file of what they did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics.dashboard import moments, wording
from analytics.dashboard.acting import Act
from analytics.dashboard.page import DashboardData, DashboardPage, StaffView
from analytics.dashboard.streaming import streamed
from analytics.errors import AnalyticsError, BadInput
from analytics.ingestion import merges
from analytics.reports import people, person_files, person_identity
from analytics.store import erasure

_FOLDER = "analytics/dashboard/people"


class MergePreview(DashboardData):
    """What merging another person into this one would join: nothing is changed."""

    template_name = f"{_FOLDER}/merge_preview.html"
    error_template = "analytics/dashboard/part_error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The dry run of the API's merge."""
        uuid: UUID = self.kwargs["person"]
        text = request.GET.get("other", "")[:200]
        if not text.strip():
            raise BadInput(
                _("Write the distinct id or the uuid of the other person."), code="nothing_to_merge"
            )
        other = person_identity.find_other(text, uuid)
        found = merges.merge(uuid, [other.uuid], dry_run=True)
        return {
            "events": wording.number(found.events),
            "people": wording.number(found.persons),
            "ids": wording.number(found.distinct_ids),
            "stays": person_identity.id_of(person_identity.find_root(uuid)),
            "goes": person_identity.id_of(other),
            "is_identified": other.is_identified,
            "other": other.uuid,
            "merge_url": reverse("analytics:person_merge", kwargs={"person": uuid}),
            "may_merge": request.user.has_perm(Merge.permission),
        }


class PersonAct(Act):
    """An act that ends on the person's page."""

    def page(self, request: HttpRequest) -> str:
        """The person's page."""
        return reverse("analytics:person_page", kwargs={"person": self.kwargs["person"]})


class Merge(PersonAct):
    """Join another person to this one."""

    permission = "analytics.change_person"

    def act(self, request: HttpRequest) -> None:
        """The API's merge."""
        uuid: UUID = self.kwargs["person"]
        other = person_identity.find_other(request.POST.get("other", "")[:200], uuid)
        found = merges.merge(uuid, [other.uuid])
        text = ngettext(
            "%(events)s event of %(people)s people is joined. You can take it back below.",
            "%(events)s events of %(people)s people are joined. You can take it back below.",
            found.events,
        )
        names = {"events": wording.number(found.events), "people": wording.number(found.persons)}
        messages.success(request, text % names)


class UndoMerge(Act):
    """Take a merge back."""

    permission = "analytics.change_mergelog"

    def page(self, request: HttpRequest) -> str:
        """The person from whose page it was asked, or the list."""
        try:
            return reverse("analytics:person_page", kwargs={"person": UUID(request.POST.get("person", ""))})
        except ValueError:
            return reverse("analytics:people_page")

    def act(self, request: HttpRequest) -> None:
        """The API's undo."""
        merges.undo(self.kwargs["merge"])
        messages.success(request, _("The merge is taken back; both are people of their own again."))


class Erase(PersonAct):
    """Erase a person, once their id has been typed."""

    permission = "analytics.delete_person"

    def act(self, request: HttpRequest) -> str:
        """The API's erasure; its certificate is the next page."""
        uuid: UUID = self.kwargs["person"]
        expected = person_identity.id_of(person_identity.find_root(uuid))
        if request.POST.get("confirmation", "").strip() != expected.strip():
            raise BadInput(
                _("Nothing was erased: what you typed is not the id of this person."), code="not_confirmed"
            )
        made = people.erase(uuid)
        return reverse("analytics:erasure_page", kwargs={"erasure": made["uuid"]})


class ErasurePage(DashboardPage):
    """The shell of a certificate."""

    template_name = f"{_FOLDER}/erasure.html"
    title = gettext_lazy("Certificate of erasure")
    data_route = "erasure_data"


class ErasureData(DashboardData):
    """What was erased, and how far it is."""

    template_name = f"{_FOLDER}/erasure_data.html"
    error_template = f"{_FOLDER}/error.html"

    def load(self, request: HttpRequest) -> dict[str, Any]:
        """The certificate of the erasure, which names nobody."""
        found = erasure.certificate(self.kwargs["erasure"])
        return {
            "certificate": found,
            "requested": moments.instant(found.requested_at),
            "rewritten": moments.instant(found.rewritten_at),
            "completed": moments.instant(found.completed_at),
            "rows": wording.number(found.deleted_rows),
            "days": wording.number(found.rewritten_days),
        }


class PersonFile(StaffView):
    """All events of a person as CSV or JSON lines."""

    def get(self, request: HttpRequest, person: UUID, kind: str) -> HttpResponseBase:
        """The file, or the reason why there is none as plain text."""
        try:
            chunks = person_files.events_file(person, kind)
        except AnalyticsError as error:
            return HttpResponse(error.detail, "text/plain; charset=utf-8", status=error.status)
        except DatabaseError:
            away = _("The database cannot be reached now.")
            return HttpResponse(away, "text/plain; charset=utf-8", status=503)
        return streamed(request, chunks, person_files.FORMATS[kind], f"person_{person}.{kind}")
