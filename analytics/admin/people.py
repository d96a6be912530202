"""Persons, the ids they go by, their groups and their merges, which can be undone here."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from analytics.admin.base import LargeTable, RecordAdmin, as_code, uuid_is
from analytics.errors import AnalyticsError
from analytics.ingestion import merges
from analytics.models import MergeLog, Person, PersonDistinctId, PersonGroup

_MAX_IDS_SHOWN = 100


def _id_of(person: Person) -> str:
    """The id that a node owns; a node made by hand may own none."""
    own = getattr(person, "own_distinct_id", None)
    return own.distinct_id if own is not None else str(person.uuid)


@admin.register(Person)
class PersonAdmin(RecordAdmin, LargeTable):
    """Nodes of identity; the column "counts as" leads to the person that a merged one is now."""

    list_display = ("distinct_id", "is_identified", "user", "counts_as", "created_at", "updated_at")
    list_filter = ("is_identified", "has_profile", ("merged_into", admin.EmptyFieldListFilter))
    list_select_related = ("own_distinct_id", "user", "merged_into__own_distinct_id")
    search_fields = ("uuid",)
    search_help_text = _("Exact distinct id or uuid")
    ordering = ("-id",)
    readonly_fields = ("distinct_ids", "readable_properties")
    fields = (
        "uuid", "distinct_ids", "merged_into", "user", "is_identified", "has_profile", "readable_properties",
        "created_at", "updated_at",
    )  # fmt: skip

    @admin.display(description=_("distinct id"))
    def distinct_id(self, person: Person) -> str:
        """The id that this node owns."""
        return _id_of(person)

    @admin.display(description=_("counts as"))
    def counts_as(self, person: Person) -> str:
        """Empty for a person that is itself."""
        return _id_of(person.merged_into) if person.merged_into else ""

    @admin.display(description=_("properties"))
    def readable_properties(self, person: Person) -> SafeString:
        """The person's properties."""
        return as_code(person.properties)

    @admin.display(description=_("distinct ids"))
    def distinct_ids(self, person: Person) -> str:
        """All ids of the person, the merged ones too."""
        root = person.root.pk
        found = PersonDistinctId.objects.filter(Q(person_id=root) | Q(person__merged_into_id=root))
        return ", ".join(found.order_by("id").values_list("distinct_id", flat=True)[:_MAX_IDS_SHOWN])

    def find(self, term: str) -> Q:
        """By the id that a node owns, or by its uuid."""
        return Q(own_distinct_id__distinct_id=term) | uuid_is(term)


@admin.register(PersonDistinctId)
class PersonDistinctIdAdmin(RecordAdmin, LargeTable):
    """Ids and their nodes."""

    list_display = ("distinct_id", "person", "created_at")
    list_select_related = ("person",)
    search_fields = ("distinct_id",)
    search_help_text = _("Exact distinct id")
    ordering = ("-id",)

    def find(self, term: str) -> Q:
        """By the id."""
        return Q(distinct_id=term)


@admin.register(MergeLog)
class MergeLogAdmin(RecordAdmin, LargeTable):
    """Merges, newest first, with the act that takes them back."""

    list_display = ("source_id_text", "target_id_text", "reason", "created_at", "undone_at")
    list_filter = ("reason", ("undone_at", admin.EmptyFieldListFilter))
    list_select_related = ("source__own_distinct_id", "target__own_distinct_id")
    search_fields = ("source__uuid",)
    search_help_text = _("Exact distinct id of either side")
    ordering = ("-id",)
    actions = ("undo_merges",)

    @admin.display(description=_("merged"))
    def source_id_text(self, log: MergeLog) -> str:
        """The person that went."""
        return _id_of(log.source)

    @admin.display(description=_("into"))
    def target_id_text(self, log: MergeLog) -> str:
        """The person that stayed."""
        return _id_of(log.target)

    def find(self, term: str) -> Q:
        """Merges of the node that owns an id, as either side."""
        nodes = PersonDistinctId.objects.filter(distinct_id=term).values_list("person_id", flat=True)[:1]
        return Q(source_id__in=list(nodes)) | Q(target_id__in=list(nodes))

    def has_undo_permission(self, request: HttpRequest) -> bool:
        """Whoever may change merges, though no merge is changed by hand."""
        return request.user.has_perm("analytics.change_mergelog")

    @admin.action(description=_("Undo the selected merges"), permissions=["undo"])
    def undo_merges(self, request: HttpRequest, chosen: QuerySet[MergeLog]) -> None:
        """Take merges back, the newest first; what cannot be undone is told and left."""
        undone = 0
        for log in chosen.order_by("-id"):
            try:
                merges.undo(log.pk)
                undone += 1
            except AnalyticsError as error:
                self.message_user(request, f"{log}: {error.detail}", messages.WARNING)
        if undone:
            text = ngettext("%(count)d merge undone.", "%(count)d merges undone.", undone) % {"count": undone}
            self.message_user(request, text, messages.SUCCESS)


@admin.register(PersonGroup)
class PersonGroupAdmin(RecordAdmin):
    """Companies, teams and other groups."""

    list_display = ("group_key", "group_type", "created_at", "updated_at")
    search_fields = ("group_key",)
    ordering = ("-id",)
