"""`WorkCursor`: how far a piece of background work has read the stream of events."""

from __future__ import annotations

from django.db import models

from analytics import clock


class WorkCursor(models.Model):
    """Everything below `watermark` has been seen by the work of this name; see `analytics.store.cursors`."""

    name = models.CharField(max_length=50, primary_key=True)
    watermark = models.BigIntegerField(default=0)
    cluster = models.BigIntegerField(
        default=0, help_text="The database cluster whose transactions are counted."
    )
    moved_at = models.DateTimeField(default=clock.now)

    def __str__(self) -> str:
        return f"{self.name} at {self.watermark}"
