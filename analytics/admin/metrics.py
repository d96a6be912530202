"""Alerts of metrics, and what people decide about them: targets, thresholds, and who is told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import validate_email
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from analytics.admin.base import RecordAdmin
from analytics.admin.dress import ModelAdmin
from analytics.delivery import signing, webhook
from analytics.models import Alert, AlertTarget, MetricSetting
from analytics.models.choices import TargetKind


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    """Alerts from their opening to their end; the API acknowledges and mutes them."""

    list_display = ("metric_name", "level", "state", "value", "threshold", "opened_at", "resolved_at")
    list_filter = ("state", "level", "kind")
    search_fields = ("metric_name", "uuid__exact")
    date_hierarchy = "opened_at"
    ordering = ("-opened_at",)


class AlertTargetForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A target whose address can be sent to."""

    class Meta:
        model = AlertTarget
        fields = ("name", "kind", "address", "least_level", "wants_summary", "is_enabled", "secret")

    def clean(self) -> dict[str, Any]:
        """**Errors**: an address that is no e-mail address, or a URL that nothing may be sent to."""
        given = super().clean() or self.cleaned_data
        address = given.get("address", "")
        if given.get("kind") == TargetKind.EMAIL:
            try:
                validate_email(address)
            except forms.ValidationError as error:
                self.add_error("address", error)
        elif fault := webhook.check_url(address):
            self.add_error("address", _("This URL cannot be used: %(fault)s.") % {"fault": fault})
        return given


@admin.register(AlertTarget)
class AlertTargetAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Whom alerts and summaries are sent to."""

    form = AlertTargetForm

    list_display = ("name", "kind", "least_level", "wants_summary", "is_enabled")
    list_filter = ("kind", "is_enabled")
    search_fields = ("name",)
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: AlertTarget, form: Any, change: bool) -> None:
        """A webhook without a secret gets one, since nothing goes out unsigned."""
        if obj.kind == TargetKind.WEBHOOK and not obj.secret:
            obj.secret = signing.new_secret()
        super().save_model(request, obj, form, change)


@admin.register(MetricSetting)
class MetricSettingAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """Targets and thresholds that people set; empty fields leave what the metric declares."""

    list_display = ("metric_name", "target_value", "warning_threshold", "critical_threshold", "muted_until")
    search_fields = ("metric_name",)
    ordering = ("metric_name",)
