"""Who the events belong to: persons, the ids they go by, and the log of their merges.

Every distinct id gets a `Person` of its own, its *node*, and events point at that node for good. A merge
only sets `merged_into` on nodes, so it costs the same for one event as for a million, reaches sealed
files without rewriting them, and is undone by setting the pointers back. `merged_into` always leads to
the root in one step. See docs/decisions/0005-identity-as-nodes.md.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from analytics import clock


class Person(models.Model):
    """A node of identity; a root (`merged_into` empty) with a profile is what people call a person."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged_nodes"
    )
    properties = models.JSONField(default=dict, blank=True)
    is_identified = models.BooleanField(default=False)
    has_profile = models.BooleanField(
        default=True, help_text="False for an id seen only with person processing switched off."
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="analytics_persons",
    )
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "persons"
        indexes = (
            models.Index(
                models.F("created_at").desc(),
                models.F("id").desc(),
                condition=models.Q(merged_into=None, has_profile=True),
                name="persons_by_time",
            ),
        )

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def root(self) -> Person:
        """The person that this node counts as now."""
        return self.merged_into or self


class PersonDistinctId(models.Model):
    """One id by which a client knows somebody, and the node that it owns."""

    distinct_id = models.CharField(max_length=200, unique=True)
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="own_distinct_id")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.distinct_id


class MergeLog(models.Model):
    """One merge: append-only, with all that is needed to take it back."""

    target = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges_in")
    source = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="merges_out")
    reason = models.CharField(max_length=50, help_text="The event or act that asked for it.")
    event_uuid = models.UUIDField(null=True, blank=True)
    moved_nodes = models.JSONField(default=list, help_text="Ids of the nodes that changed root.")
    target_before = models.JSONField(
        default=dict, help_text="The target's properties, created_at and flags before the merge."
    )
    created_at = models.DateTimeField(default=clock.now, editable=False)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["target", "created_at"]),)

    def __str__(self) -> str:
        return f"{self.source_id} into {self.target_id} ({self.reason})"


class PersonGroup(models.Model):
    """A company, team or other group that events name in `$groups`."""

    group_type = models.CharField(max_length=200)
    group_key = models.CharField(max_length=200)
    properties = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["group_type", "group_key"], name="one_row_per_group"),)

    def __str__(self) -> str:
        return f"{self.group_type}:{self.group_key}"
