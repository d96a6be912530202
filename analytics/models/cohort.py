"""`Cohort`: a named set of persons, by what they did, by the host's own models, or by hand."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from analytics.models.base import TimeStampedModel
from analytics.models.choices import CohortKind
from analytics.models.person import Person


class Cohort(TimeStampedModel):
    """A set of persons. `definition` is, by kind:

    - behavioural: `{"event"?, "filters"?, "within_days", "at_least"? = 1, "at_most"?}`, worked out when it is asked for
    - host: `{"name"}`, one of those that the host adapter offers (`analytics.host.Host.cohorts`)
    - static: nothing; its members are `CohortMember`
    """

    name = models.CharField(max_length=200, unique=True)
    description = models.TextField(blank=True)
    kind = models.CharField(max_length=20, choices=CohortKind.choices)
    definition = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Errors: ValidationError for a definition without its required parts; `reports.cohorts.check` tries it."""
        if not isinstance(self.definition, dict):
            raise ValidationError({"definition": "a definition is a JSON object"})
        required = {CohortKind.BEHAVIOURAL: "within_days", CohortKind.HOST: "name"}.get(CohortKind(self.kind))
        if required is not None and required not in self.definition:
            raise ValidationError({"definition": f"a {self.kind} cohort needs {required!r}"})


class CohortMember(models.Model):
    """A person in a static cohort; a merged person stays in it under its root."""

    cohort = models.ForeignKey(Cohort, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="cohorts")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["cohort", "person"], name="one_row_per_member"),)

    def __str__(self) -> str:
        return f"person {self.person_id} in cohort {self.cohort_id}"
