"""What the admin's pages of analytics share: reading without changing, and large tables without counting them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Field, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from analytics.admin.dress import ModelAdmin, UncountedPaginator


class DecidedAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Rows that the product writes; people change the fields in `editable` and nothing else."""

    editable: tuple[str, ...] = ()
    actions: Any = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """All fields but the editable ones, and what is worked out for the page."""
        names = [field.name for field in self.opts.get_fields() if isinstance(field, Field)]
        return (*(name for name in names if name not in self.editable), *self.readonly_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes by hand: retention and erasure do, with their own records."""
        return False


class RecordAdmin(DecidedAdmin):
    """A record: to be read only."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes a record."""
        return False


class LargeTable(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """A table that grows with traffic: pages without a total, and a search that only uses indexes."""

    paginator = UncountedPaginator
    show_full_result_count = False
    list_per_page = 50

    def find(self, term: str) -> Q:
        """The rows that a search term means."""
        raise NotImplementedError

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The rows that `find` names."""
        term = search_term.strip()
        return (queryset.filter(self.find(term)) if term else queryset), False


def uuid_is(term: str) -> Q:
    """A row by its uuid; no row for a term that is none."""
    try:
        return Q(uuid=UUID(term))
    except ValueError:
        return Q(pk__in=())


def as_code(value: Any) -> SafeString:
    """JSON or text, indented and in a fixed width."""
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="overflow-auto text-xs whitespace-pre-wrap">{}</pre>', text)
