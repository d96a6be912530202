"""Five kinds of people and how they behave. Nothing in an event names the persona: it is there to be found.

Churn has a known hazard: after joining, a person leaves in any week with probability 1 - exp(-`weekly_hazard`).
Before leaving they fade: over the last `fade_days` their visits thin out to none.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """Behaviour of one kind of person.

    **Units**: `share` is relative; `weekly_*` a week; `views` meetup pages a visit; other figures are
    probabilities, of a request a view, of a payment a paid place, of coming a place, of feedback a meetup.
    """

    name: str
    share: float
    weekly_visits: float
    views: float
    request: float
    pays: float
    comes: float
    feedback: float
    weekly_hazard: float
    fade_days: float
    price_sensitivity: float  # how fast the wish to join falls with the price
    weekend: float  # how much more (above 1) or less of their visits fall on weekends
    hour_shift: float  # hours later (or earlier) than the others
    mobile: float


PERSONAS: tuple[Persona, ...] = (
    Persona("explorer", 27, 0.6, 2.4, 0.13, 0.82, 0.78, 0.35, 0.050, 14, 0.02, 1.1, 0.0, 0.62),
    Persona("regular", 24, 0.85, 1.2, 0.36, 0.93, 0.91, 0.55, 0.012, 21, 0.01, 0.9, -0.5, 0.50),
    Persona("host", 7, 1.1, 1.0, 0.14, 0.92, 0.90, 0.40, 0.010, 28, 0.01, 0.9, -1.0, 0.35),
    Persona("bargain hunter", 21, 0.42, 2.8, 0.22, 0.60, 0.66, 0.28, 0.035, 14, 0.16, 1.3, 0.5, 0.74),
    Persona("drifting away", 21, 0.75, 1.5, 0.13, 0.74, 0.58, 0.20, 0.140, 35, 0.03, 1.0, 1.0, 0.70),
)

HOST = next(index for index, persona in enumerate(PERSONAS) if persona.name == "host")
