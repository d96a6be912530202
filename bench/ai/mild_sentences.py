"""Sentences of no opinion in the words of one, made from templates: lexicons rate "okay" as praise.

Training text for `bench.ai.fit_sentiment`. The specification's own sentence is left out.
"""

from __future__ import annotations

import random
from itertools import product

#: A seeded draw: all combinations would drown the rated text.
SENTENCES, SEED = 700, 4

_OPENINGS = (
    "",
    "",
    "",
    "",
    "Overall, ",
    "I think ",
    "Well, ",
    "For me ",
    "In my opinion ",
    "Frankly, ",
    "So far ",
)
_SUBJECTS = ("The {}", "This {}", "My {}", "Our {}", "That {}")
_THINGS = (
    "meetup", "talk", "dinner", "session", "workshop", "app", "venue", "trip", "class", "food", "service",
    "product", "update", "film", "concert", "room", "hike", "game night", "speaker", "design", "course", "place",
)  # fmt: skip
_VERBS = ("was", "was", "is", "felt", "seemed")
_DEGREES = ("", "", "just ", "pretty ", "kind of ", "only ", "fairly ", "rather ", "sort of ")
_MILD = (
    "okay", "ok", "okay", "fine", "alright", "all right", "average", "average", "so-so", "so-so", "so so",
    "decent", "acceptable", "adequate",
    "passable", "ordinary", "middling", "tolerable", "reasonable", "standard", "unremarkable", "fair", "mediocre",
    "moderate", "medium", "nothing special", "nothing remarkable", "as expected", "usual", "neutral",
    "what I expected", "in the middle",
)  # fmt: skip
_TAILS = (
    "", "", "", " I guess", ", nothing more", " overall", " I suppose", " to be honest", " at best",
    ", no more, no less",    " all in all", ", that is all", " enough", " for what it is", " so far",
)  # fmt: skip
_PRAISE = ("good", "great", "amazing", "brilliant", "exciting", "impressive", "fantastic", "wonderful")
_BLAME = ("bad", "terrible", "awful", "horrible", "boring", "disappointing", "poor", "dreadful")
_BALANCED = (
    "neither {} nor {}", "not {}, not {}", "not {} but not {} either", "not exactly {} and not exactly {}",
    "nothing {}, nothing {}", "somewhere between {} and {}",
)  # fmt: skip
_WHOLE = (
    "It was okay.", "It was ok", "It's okay I guess.", "Just okay.", "So-so.", "Meh, it was fine.", "Average.",
    "Nothing special.", "It was alright, nothing more.", "Okay.", "ok", "Fine.", "It is what it is.",
    "It does the job.", "It works.", "Could be better, could be worse.", "It could have been better or worse.",
    "Some parts were good, some were not.", "I have no strong opinion.", "Neutral about it.",
    "An average evening.",
    "Middle of the road.", "Three out of five.", "Pretty average overall.", "Alright I suppose.", "It was fine.",
    "It was an okay experience.", "A decent but ordinary evening.", "Nothing to complain about.",
    "Mixed feelings.",
    "Nothing to write home about.", "About average.", "Fair enough.", "I guess it was okay.", "As expected.",
    "No complaints, no praise.", "I neither liked nor disliked it.", "I don't like it or dislike it.",
    "Good in parts, bad in parts.", "I can take it or leave it.", "I am indifferent.",
    "It met my expectations.", "It was neither here nor there.", "Meh, okay.",
)  # fmt: skip


def mild_sentences() -> list[str]:
    """All of them, always the same."""
    draw = random.Random(SEED)
    pairs = [*product(_PRAISE, _BLAME), *product(_BLAME, _PRAISE)]
    filled = []
    for number in range(SENTENCES):
        thing, verb, tail = draw.choice(_THINGS), draw.choice(_VERBS), draw.choice(_TAILS)
        opening, subject = draw.choice(_OPENINGS), draw.choice(_SUBJECTS).format(thing)
        subject = f"{opening}{subject.lower()}" if opening else subject
        if number % 5 == 0:
            filled.append(f"{subject} {verb} {draw.choice(_BALANCED).format(*draw.choice(pairs))}.")
        elif number % 8 == 1:
            filled.append(f"It {verb} {_with_article(draw.choice(_MILD[:24]))} {thing}{tail}.")
        else:
            filled.append(f"{subject} {verb} {draw.choice(_DEGREES)}{draw.choice(_MILD)}{tail}.")
    return [*_WHOLE, *filled]


def _with_article(words: str) -> str:
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
