"""Meetups and what people do around them: the demo host's own business rows.

Plain rows. Transactions and analytics events are in `events.services`; only the making of a meetup is
declared here, as an example of a tracked model.
"""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse

from analytics import clock
from analytics.signals import tracked_model


class Category(models.TextChoices):
    """What a meetup is about."""

    BOARD_GAMES = "board games", "Board games"
    BOOKS = "books", "Books"
    COOKING = "cooking", "Cooking"
    HIKING = "hiking", "Hiking"
    LANGUAGES = "languages", "Languages"
    MUSIC = "music", "Music"
    PHOTOGRAPHY = "photography", "Photography"
    RUNNING = "running", "Running"
    TECHNOLOGY = "technology", "Technology"


class MeetupStatus(models.TextChoices):
    """Whether a meetup takes place."""

    SCHEDULED = "scheduled", "Scheduled"
    CANCELLED = "cancelled", "Cancelled"


class RequestStatus(models.TextChoices):
    """How the host answered."""

    PENDING = "pending", "Pending"
    ACCEPTED = "accepted", "Accepted"
    DECLINED = "declined", "Declined"


class AttendanceOutcome(models.TextChoices):
    """Whether the guest came."""

    YES = "yes", "Came"
    LATE = "late", "Came late"
    NO = "no", "Did not come"


class PaymentStatus(models.TextChoices):
    """Where the money is."""

    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    REFUNDED = "refunded", "Refunded"


class Member(models.Model):
    """What the product knows of a user beyond the login."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member")
    city = models.CharField(max_length=80, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"member {self.user_id}"


@tracked_model(
    created="meetup_created",
    properties=("category", "city", "ticket_price", "currency", "capacity"),
    user="host",
)
class Meetup(models.Model):
    """A gathering at a place and time; a price of 0 is free."""

    reference = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    host = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="hosted_meetups"
    )
    title = models.CharField(max_length=120)
    category = models.CharField(max_length=30, choices=Category.choices)
    city = models.CharField(max_length=80)
    starts_at = models.DateTimeField(db_index=True)
    capacity = models.PositiveSmallIntegerField(default=12, validators=[MinValueValidator(2)])
    price = models.DecimalField(
        max_digits=8, decimal_places=2, default=Decimal(0), validators=[MinValueValidator(Decimal(0))]
    )
    currency = models.CharField(max_length=3, default="EUR", help_text="ISO 4217 code.")
    accepts_automatically = models.BooleanField(
        default=True, help_text="Requests are accepted at once while there are free places."
    )
    status = models.CharField(max_length=20, choices=MeetupStatus.choices, default=MeetupStatus.SCHEDULED)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = (models.Index(fields=["city", "starts_at"]),)
        ordering = ("starts_at",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """The meetup's page."""
        return reverse("events:meetup", args=[self.pk])

    @property
    def ticket_price(self) -> float:
        """The price as a JSON number, for events."""
        return float(self.price)

    @property
    def is_free(self) -> bool:
        """Whether nothing is to be paid."""
        return not self.price

    @property
    def is_open(self) -> bool:
        """Whether people may still ask to join."""
        return self.status == MeetupStatus.SCHEDULED and self.starts_at > clock.now()


class MeetupRequest(models.Model):
    """A user asks to join a meetup; an accepted request is a place."""

    meetup = models.ForeignKey(Meetup, on_delete=models.CASCADE, related_name="requests")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="meetup_requests"
    )
    status = models.CharField(max_length=20, choices=RequestStatus.choices, default=RequestStatus.PENDING)
    requested_at = models.DateTimeField(default=clock.now, editable=False)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["meetup", "user"], name="one_request_per_guest"),)

    def __str__(self) -> str:
        return f"request {self.pk} ({self.status})"


class Attendance(models.Model):
    """Whether a guest with a place came."""

    request = models.OneToOneField(MeetupRequest, on_delete=models.CASCADE, related_name="attendance")
    outcome = models.CharField(max_length=10, choices=AttendanceOutcome.choices)
    recorded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "attendance"

    def __str__(self) -> str:
        return f"attendance of request {self.request_id}: {self.outcome}"


class Payment(models.Model):
    """One attempt to pay for a place. Card numbers are never kept."""

    request = models.ForeignKey(MeetupRequest, on_delete=models.CASCADE, related_name="payments")
    amount = models.DecimalField(max_digits=8, decimal_places=2)
    currency = models.CharField(max_length=3, help_text="ISO 4217 code.")
    status = models.CharField(max_length=20, choices=PaymentStatus.choices)
    failure_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} ({self.status})"


class Feedback(models.Model):
    """What a guest thought of a meetup."""

    request = models.OneToOneField(MeetupRequest, on_delete=models.CASCADE, related_name="feedback")
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(5)])
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "feedback"

    def __str__(self) -> str:
        return f"{self.rating} of 5"


class DemoRun(models.Model):
    """One demo data set, so that making it again adds nothing and removing it takes nothing else."""

    seed = models.BigIntegerField()
    users = models.PositiveIntegerField()
    days = models.PositiveIntegerField()
    ends_at = models.DateTimeField()
    events = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["seed", "users", "days", "ends_at"], name="one_run_per_demo"),
        )

    def __str__(self) -> str:
        return f"demo of {self.users} users over {self.days} days, seed {self.seed}"


class DemoGuest(models.Model):
    """A user that the demo made, by the number that the generator knows them by."""

    run = models.ForeignKey(DemoRun, on_delete=models.CASCADE, related_name="guests")
    number = models.PositiveIntegerField()
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="demo_guest")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["run", "number"], name="one_user_per_number"),)

    def __str__(self) -> str:
        return f"guest {self.number} of demo {self.run_id}"
