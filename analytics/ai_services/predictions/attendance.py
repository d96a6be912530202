"""Will somebody come: from their requests and what came of them, in the event stream alone.

The host may add features of its own (`Host.attendance_features`). A person's own rate, pulled towards everybody's, is
the answer of the first day and the rule that a model has to beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from analytics import clock, conf, host
from analytics.ai_services.learning.examples import Examples
from analytics.ai_services.learning.histories import BetaPrior, rate_confidence, smoothed_rate
from analytics.ai_services.predictions import models
from analytics.ai_services.predictions.scoring import factors_of
from analytics.event_names import SUBJECT_PROPERTIES, Known, own_name
from analytics.store.asking import ask

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

    Floats = npt.NDArray[np.float64]

NAME = "attendance"

_US_PER_DAY = 86_400_000_000.0
_US_PER_HOUR = 3_600_000_000.0


@dataclass(frozen=True)
class Requests:
    """Requests as `eventlake.analyses.attendances` gives them, in the order of time."""

    rows: pa.Table
    prior: BetaPrior

    def column(self, name: str) -> Floats:
        """A column as numbers, nan where it is missing."""
        return np.asarray(self.rows.column(name).to_numpy(zero_copy_only=False), np.float64)

    @property
    def rule(self) -> Floats:
        """Each person's own rate before the request, pulled towards everybody's."""
        return smoothed_rate(self.column("past_attended"), self.column("past_known"), self.prior)

    def features(self) -> tuple[Floats, tuple[str, ...]]:
        """What was known at each request."""
        at = self.column("requested_us")
        own = {
            "own_rate": self.rule,
            "past_known": self.column("past_known"),
            "past_attended": self.column("past_attended"),
            "past_missed": self.column("past_known") - self.column("past_attended"),
            "past_requests": self.column("past_requests"),
            "pending_requests": self.column("past_requests") - self.column("past_known"),
            "days_since_attended": (at - self.column("last_attended_us")) / _US_PER_DAY,
            "days_since_request": (at - self.column("last_requested_us")) / _US_PER_DAY,
            "views": self.column("views"),
            "place": self.column("place"),
            "hour": np.mod(at // _US_PER_HOUR, 24.0),
            "is_weekend": np.isin(np.mod(at // _US_PER_DAY + 3, 7.0), (5.0, 6.0)).astype(np.float64),
        }
        own |= self._of_host()
        matrix = np.column_stack(list(own.values())) if self.rows.num_rows else np.empty((0, len(own)))
        return matrix, tuple(own)

    def _of_host(self) -> dict[str, Floats]:
        """Features that only the host knows, such as the days until the meetup begins."""
        subjects = self.rows.column("subject").to_pylist()
        requested_us = self.column("requested_us")
        found = host.get().attendance_features(subjects, requested_us.tolist())
        return {name: np.asarray(values, np.float64) for name, values in found.items()}


def requests() -> Requests:
    """All requests within the days that models learn from."""
    from eventlake.analyses.attendances import AttendanceNames, AttendancesQuestion, attendances

    names = AttendanceNames(
        requested=own_name(Known.REQUESTED),
        attended=own_name(Known.ATTENDED),
        missed=own_name(Known.MISSED),
        declined=own_name(Known.DECLINED),
        cancelled=own_name(Known.CANCELLED),
        viewed=own_name(Known.VIEWED),
    )
    now = clock.next_minute()
    since = now - timedelta(days=conf.get().model_days)
    rows = ask(attendances, AttendancesQuestion(since, now, names, SUBJECT_PROPERTIES), is_long=True).rows
    return Requests(rows, prior_of(rows))


def prior_of(rows: pa.Table) -> BetaPrior:
    """Everybody's rate of coming, and how much people differ in it."""
    known = rows.filter(rows.column("known_us").is_valid())
    persons, place = np.unique(known.column("person_id").to_numpy(), return_inverse=True)
    came = known.column("attended").to_numpy(zero_copy_only=False).astype(np.float64)
    return BetaPrior.by_moments(
        np.bincount(place, came, len(persons)), np.bincount(place, minlength=len(persons))
    )


def examples() -> Examples:
    """Requests whose outcome is known; `cutoffs` are days since 1970."""
    found = requests()
    matrix, names = found.features()
    known = ~np.isnan(found.column("known_us"))
    days = (found.column("requested_us") // _US_PER_DAY)[known].astype(np.int64)
    known_at = np.ceil(found.column("known_us")[known] / _US_PER_DAY).astype(np.int64)
    labels = found.rows.column("attended").to_numpy(zero_copy_only=False).astype(bool)[known]
    return Examples(matrix[known], names, labels, days, found.rule[known], np.maximum(known_at, days + 1))


def predict(person: int, subject: str) -> dict[str, Any]:
    """The chance that a person comes to a subject.

    **Shape**: probability (0 to 1), confidence (1 minus the width of the 80 % interval of the person's own rate),
    factors, status, basis, history {known, attended}, has_requested, backtest, model_version.
    """
    found = requests()
    current = models.current(NAME)
    now, has_requested = _as_if_asked_now(found, person, subject)
    attended, known = float(now.column("past_attended")[0]), float(now.column("past_known")[0])
    confidence = float(rate_confidence(attended, known, found.prior))
    probability, basis, factors = float(now.rule[0]), "rule", _facts(attended, known, found.prior)
    matrix, names = now.features()
    model = models.usable(current, names)
    if model is not None:
        probability, basis = float(model.predict(matrix)[0]), "model"
        factors += factors_of(current, matrix[0], names)
    outcomes = int(np.count_nonzero(~np.isnan(found.column("known_us"))))
    return {
        "probability": round(probability, 4),
        "confidence": round(max(confidence, 0.0) if outcomes else 0.0, 4),
        "factors": factors,
        "status": current.status if current.status != models.NOT_TRAINED or outcomes else "not_enough_data",
        "basis": basis if outcomes else "",
        "history": {"known": int(known), "attended": int(attended)},
        "has_requested": has_requested,
        "backtest": current.backtest,
        "model_version": current.version,
    }


def _facts(attended: float, known: float, prior: BetaPrior) -> list[dict[str, Any]]:
    rate = attended / known if known else None
    return [
        {"factor": "past_attendance", "value": rate if rate is None else round(rate, 3), "of": int(known)},
        {"factor": "usual_rate", "value": round(prior.mean, 3)},
    ]


def _as_if_asked_now(found: Requests, person: int, subject: str) -> tuple[Requests, bool]:
    """A request as one of this moment would be, or the one that there is; and whether there is one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows = found.rows
    theirs = rows.filter(pc.equal(rows.column("person_id"), person))
    asked = theirs.filter(pc.equal(theirs.column("subject"), subject))
    # What came of requests since then counts as well.
    others = theirs.filter(pc.not_equal(theirs.column("subject"), subject))
    known = others.filter(others.column("known_us").is_valid())
    attended = known.filter(known.column("attended"))
    of_subject = rows.filter(pc.equal(rows.column("subject"), subject)).num_rows
    now_us = int(clock.now().timestamp() * 1_000_000)
    row = {
        "person_id": person,
        "subject": subject,
        "requested_us": asked.column("requested_us")[0].as_py() if asked.num_rows else now_us,
        "known_us": None,
        "attended": False,
        "past_requests": others.num_rows,
        "past_known": known.num_rows,
        "past_attended": attended.num_rows,
        "last_attended_us": pc.max(attended.column("known_us")).as_py(),
        "last_requested_us": pc.max(others.column("requested_us")).as_py(),
        "views": asked.column("views")[0].as_py() if asked.num_rows else 0,
        "place": asked.column("place")[0].as_py() if asked.num_rows else of_subject + 1,
    }
    return Requests(pa.Table.from_pylist([row], schema=rows.schema), found.prior), bool(asked.num_rows)
