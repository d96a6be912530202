"""From three probabilities to a class, a score that cannot disagree with it, and a confidence."""

from __future__ import annotations

import numpy as np

from analytics.ai_services.sentiment.model import CLASSES, Floats

#: Scores nearer to zero than this are neutral, and only they (the specification's bound).
NEUTRAL_BOUND = 0.1
#: The largest |p(positive) - p(negative)| that a text can have while neutral is its likeliest class.
WIDEST_NEUTRAL = 0.5
#: Neutral scores stay clear of the bound by a digit that survives rounding to four.
INSIDE = 0.999
#: An answer with a reason against it claims no more than a guess among three classes.
LOW_CONFIDENCE = 0.33
#: Share of an outside opinion in the aggregate: it reads irony and any language, but nothing checks its confidence.
OPINION_SHARE = 0.4


def score_of(probabilities: Floats) -> float:
    """p(positive) - p(negative), stretched so that |score| < 0.1 exactly when neutral is the likeliest class.

    Neutral: the difference lies in -0.5 to 0.5 and is mapped onto -0.1 to 0.1. Otherwise 0 to 1 becomes 0.1 to 1.
    """
    negative, _, positive = (float(share) for share in probabilities)
    lean = positive - negative
    kind = CLASSES[int(np.argmax(probabilities))]
    if kind == "neutral":
        return lean / WIDEST_NEUTRAL * NEUTRAL_BOUND * INSIDE
    size = NEUTRAL_BOUND + (1 - NEUTRAL_BOUND) * abs(lean)
    return size if kind == "positive" else -size


def joined(probabilities: Floats, sentiment: str, confidence: float) -> Floats:
    """The aggregate with an outside opinion: its confidence on its class, the rest shared by the other two."""
    opinion = np.full(len(CLASSES), (1 - confidence) / (len(CLASSES) - 1))
    opinion[CLASSES.index(sentiment)] = confidence
    aggregate: Floats = (1 - OPINION_SHARE) * probabilities + OPINION_SHARE * opinion
    return aggregate
