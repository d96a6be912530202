"""What the admin's classes are made of: django-unfold's where the project has it installed, else Django's own."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.paginator import Paginator
from django.utils.functional import cached_property

__all__ = ["ModelAdmin", "UncountedPaginator"]

#: Beyond them a search is quicker than leafing.
_MOST_ROWS = 10_000


class _FirstRows(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Pages of the first rows, whose number is cheap to know."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most `_MOST_ROWS`."""
        rows: Any = self.object_list
        return len(rows.values("pk")[:_MOST_ROWS])


def _classes() -> tuple[Any, Any]:
    if not apps.is_installed("unfold"):
        return admin.ModelAdmin, _FirstRows
    from unfold.admin import ModelAdmin
    from unfold.paginator import InfinitePaginator

    return ModelAdmin, InfinitePaginator


ModelAdmin, UncountedPaginator = _classes()
