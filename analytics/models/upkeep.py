"""What keeping the lake in step with the database needs to remember: changed rows, archived events, erasures."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from analytics import clock


class EventChange(models.Model):
    """An event row that changed or went after it was stored. Triggers write it, so no way around the ORM is missed.

    Until the change is in the lake, analyses take the database's version of the row. See `analytics.store.changes`.
    """

    event_id = models.BigIntegerField()
    noted_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"event {self.event_id}"


class ArchivedEvent(models.Model):
    """An event whose row left the database after it was verified in the lake; its uuid stays known until it ends."""

    uuid = models.UUIDField(primary_key=True)
    row_id = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True, db_index=True)
    user_id = models.BigIntegerField(null=True)
    ingest_key = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField()
    created_at = models.DateTimeField()
    ends_at = models.DateTimeField(db_index=True, help_text="When its retention ends.")

    def __str__(self) -> str:
        return str(self.uuid)


class Erasure(models.Model):
    """The erasure of one person, from the request to the certificate. It names no one: only numbers and times."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person_uuid = models.UUIDField(help_text="The person as it was known.")
    nodes = models.JSONField(
        default=list, help_text="Node ids of the person, by which sealed rows are found."
    )
    requested_at = models.DateTimeField(default=clock.now, editable=False)
    deleted_rows = models.PositiveBigIntegerField(
        default=0, help_text="Event rows deleted from the database."
    )
    rewritten_days = models.PositiveIntegerField(default=0)
    rewritten_at = models.DateTimeField(
        null=True, blank=True, help_text="When no version that is read had anything of the person any more."
    )
    completed_at = models.DateTimeField(
        null=True, blank=True, help_text="When the files of older versions were deleted, too."
    )

    class Meta:
        indexes = (
            models.Index(
                fields=["requested_at"], condition=models.Q(completed_at=None), name="erasures_pending"
            ),
        )

    def __str__(self) -> str:
        return str(self.uuid)


class ErasedId(models.Model):
    """The digest of a distinct id that was erased: what still arrives under it is refused."""

    digest = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 in hexadecimal.")
    erased_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return self.digest
