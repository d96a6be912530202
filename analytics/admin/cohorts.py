"""Cohorts: made and changed here, each with a check that it can be asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import RecordAdmin
from analytics.admin.dress import ModelAdmin
from analytics.errors import AnalyticsError
from analytics.models import Cohort, CohortMember
from analytics.reports.cohorts import add_members, check


class CohortForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A cohort whose definition was tried, and who is to join a static one."""

    new_members = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        required=False,
        help_text=_("Static cohorts: distinct ids of persons to add, one a line"),
    )

    class Meta:
        model = Cohort
        fields = ("name", "description", "kind", "definition")

    def clean(self) -> dict[str, Any]:
        """Errors: ValidationError naming the part of the definition that cannot be asked."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            candidate = Cohort(
                pk=self.instance.pk, kind=cleaned["kind"], definition=cleaned["definition"] or {}
            )
            try:
                check(candidate)
            except AnalyticsError as error:
                raise forms.ValidationError({"definition": error.detail}) from error
        return cleaned


@admin.register(Cohort)
class CohortAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Named sets of persons, for filters and lists."""

    form = CohortForm
    list_display = ("name", "kind", "description", "updated_at")
    list_filter = ("kind",)
    search_fields = ("name", "description")
    search_help_text = _("Name or description")
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Cohort, form: CohortForm, change: bool) -> None:
        """Save it, and add the new members; ids that nobody goes by are told."""
        super().save_model(request, obj, form, change)
        ids = form.cleaned_data.get("new_members", "").split("\n")
        unknown = add_members(obj, (text.strip() for text in ids if text.strip()))
        if unknown:
            self.message_user(request, _("Nobody goes by: %s") % ", ".join(unknown[:20]), messages.WARNING)


@admin.register(CohortMember)
class CohortMemberAdmin(RecordAdmin):
    """Who is in a static cohort."""

    list_display = ("cohort", "person")
    list_select_related = ("cohort", "person")
    ordering = ("-id",)
