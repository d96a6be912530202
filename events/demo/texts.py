"""Feedback in words: a phrase grammar in three moods, and a small share in German, French and Spanish.

A text is one to four sentences, each a template whose slots are filled from word lists; the mood follows the rating
(4 and 5 glad, 3 mixed, 1 and 2 cross).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random

FOREIGN_RATIO = 0.05
_SILENT_RATIO = 0.08  # a rating without words
_SLOT = re.compile(r"\{(\w+)\}")

Grammar = Mapping[str, Sequence[str]]

_SHARED: Grammar = {
    "thing": ("evening", "meetup", "group", "afternoon", "event", "session"),
    "place": ("place", "venue", "room", "spot", "location"),
    "people": ("people", "group", "crowd", "guests", "others"),
    "time": ("two hours", "the whole evening", "most of the afternoon", "an hour", "the first half"),
    "detail": (
        "the introduction round",
        "the snacks",
        "the seating",
        "the music",
        "the breaks",
        "the directions",
    ),
}

_GLAD: Grammar = {
    "opening": (
        "What a {great} {thing}!",
        "{Really} {great} {thing}, thank you.",
        "I came alone and left with {gain}.",
        "One of the best {topic} meetups in {city}.",
        "Exactly what I was hoping for.",
        "I had {fun} from the first minute.",
        "{Great} host, {great} {people}.",
        "This was my first {topic} meetup and I loved it.",
    ),
    "middle": (
        "The host made {everyone} feel welcome.",
        "The {place} was {great} and easy to find.",
        "{People} were {kind} and curious.",
        "Everything was well organised, down to {detail}.",
        "I learned {much} in {time}.",
        "The price was more than fair.",
        "We laughed {much} and nobody looked at a phone.",
        "The size of the group was just right.",
        "It started on time and the pace was {great}.",
        "Loved {detail}.",
    ),
    "closing": (
        "I will be back!",
        "Already looking forward to the next one.",
        "Highly recommended.",
        "Please do this every month.",
        "Bringing a friend next time.",
        "Thanks to everyone who came.",
        "Ten out of ten.",
    ),
    "great": (
        "great",
        "lovely",
        "wonderful",
        "fantastic",
        "brilliant",
        "charming",
        "delightful",
        "excellent",
    ),
    "Great": ("Great", "Lovely", "Wonderful", "Fantastic", "Brilliant", "Superb"),
    "Really": ("Really", "Truly", "Such a", "A"),
    "gain": ("three new friends", "a big smile", "plenty of new ideas", "a full notebook", "a new hobby"),
    "fun": ("so much fun", "a great time", "a wonderful time", "a lot of fun"),
    "everyone": ("everyone", "all of us", "even the shy ones", "newcomers"),
    "People": ("People", "The others", "Everybody there", "The regulars"),
    "kind": ("kind", "friendly", "open", "warm", "helpful"),
    "much": ("a lot", "so much", "more than I expected"),
}

_MIXED: Grammar = {
    "opening": (
        "It was okay.",
        "A decent {thing}, but not what I expected.",
        "Mixed feelings about this one.",
        "Nice idea, average {thing}.",
        "Good {people}, so-so {place}.",
        "Not bad for a first {topic} meetup.",
        "Some of it was good, some of it less so.",
    ),
    "middle": (
        "The {place} was fine, if a bit {flaw}.",
        "I liked {detail}, but {time} was too long for me.",
        "The {people} were nice, yet it was hard to join in.",
        "It began {minutes} minutes late, then it got better.",
        "The topic was interesting, the pace was uneven.",
        "For the price I expected a little more.",
        "Half of us were beginners and half were not, which did not quite work.",
        "There was little time for questions.",
    ),
    "closing": (
        "I might come again.",
        "We will see next time.",
        "Could be good with a smaller group.",
        "Neither good nor bad, really.",
        "Fine for a rainy day.",
    ),
    "flaw": ("noisy", "crowded", "cold", "hard to find", "dark", "small"),
    "minutes": ("ten", "fifteen", "twenty", "thirty"),
}

_CROSS: Grammar = {
    "opening": (
        "Disappointing {thing}.",
        "I would not come again.",
        "Sadly a waste of {time}.",
        "Not worth the {cost}.",
        "This was {bad} from start to finish.",
        "I left early.",
        "{Bad} organisation.",
        "Expected a {topic} meetup, got a {bad} sales talk.",
    ),
    "middle": (
        "The host was {minutes} minutes late and did not apologise.",
        "The {place} was {flaw} and far too small.",
        "Nobody explained anything to newcomers.",
        "Half of the {people} were rude.",
        "I could not hear a word.",
        "Nobody answered my messages about {detail}.",
        "My payment was taken twice and nobody helps.",
        "The address was wrong and we waited outside in the rain.",
        "It was nothing like the description.",
        "{time_cap} of waiting for {detail}.",
    ),
    "closing": (
        "Very annoying.",
        "I want my money back.",
        "Never again.",
        "Please do better.",
        "I am quite frustrated.",
        "What a pity.",
    ),
    "bad": ("terrible", "chaotic", "boring", "awful", "badly run", "dull"),
    "Bad": ("Terrible", "Chaotic", "Awful", "Poor", "Careless"),
    "cost": ("money", "ticket", "trip", "time"),
    "flaw": ("dirty", "freezing", "impossible to find", "unbearably loud", "stuffy"),
    "minutes": ("twenty", "thirty", "forty", "fifty"),
    "time_cap": ("An hour", "Two hours", "Half an hour", "Forty minutes"),
}

# Whole sentences: in these languages a slot rarely fits every word.
_FOREIGN: Mapping[str, Sequence[Sequence[str]]] = {
    "glad": (
        (
            "Ein wunderbarer Abend, vielen Dank!",
            "Tolle Leute und ein sehr netter Gastgeber.",
            "Ich komme gerne wieder.",
            "Alles war bestens organisiert.",
        ),
        (
            "Une très belle soirée, merci beaucoup !",
            "Les gens étaient adorables.",
            "Je reviendrai avec plaisir.",
            "Tout était parfaitement organisé.",
        ),
        (
            "¡Una tarde estupenda, muchas gracias!",
            "La gente fue muy amable.",
            "Volveré sin duda.",
            "Todo muy bien organizado.",
        ),
    ),
    "mixed": (
        ("Es war in Ordnung.", "Der Raum war etwas zu klein.", "Vielleicht komme ich noch einmal."),
        ("C'était correct, sans plus.", "La salle était un peu bruyante.", "À voir la prochaine fois."),
        ("Estuvo bien, sin más.", "El sitio era un poco pequeño.", "Quizá vuelva."),
    ),
    "cross": (
        ("Leider sehr enttäuschend.", "Der Gastgeber kam viel zu spät.", "Das war mein Geld nicht wert."),
        ("Très décevant, malheureusement.", "Personne ne s'est occupé de nous.", "Je ne reviendrai pas."),
        ("Muy decepcionante.", "Nadie nos explicó nada.", "No pienso volver."),
    ),
}

_MOODS: Mapping[str, Grammar] = {
    "glad": {**_SHARED, **_GLAD},
    "mixed": {**_SHARED, **_MIXED},
    "cross": {**_SHARED, **_CROSS},
}


def mood_of(rating: int) -> str:
    """The mood of a rating from 1 to 5.

    Example:
        >>> [mood_of(rating) for rating in (1, 2, 3, 4, 5)]
        ['cross', 'cross', 'mixed', 'glad', 'glad']
    """
    return "glad" if rating >= 4 else "mixed" if rating == 3 else "cross"


def write(random: Random, rating: int, topic: str, city: str) -> str:
    """A text for a rating; empty now and then, as in life.

    Example:
        >>> write(Random(4), 5, "hiking", "Lisbon")
        'Great host, great guests. I will be back!'
    """
    chance = random.random()
    if chance < _SILENT_RATIO:
        return ""
    mood = mood_of(rating)
    if chance < _SILENT_RATIO + FOREIGN_RATIO:
        sentences = random.choice(_FOREIGN[mood])
        return " ".join(random.sample(list(sentences), k=random.randint(1, len(sentences))))
    grammar = {**_MOODS[mood], "topic": (topic,), "city": (city,)}
    middles = random.sample(list(grammar["middle"]), k=random.choice((0, 1, 1, 2)))
    templates = [random.choice(grammar["opening"]), *middles]
    if random.random() < 0.6:
        templates.append(random.choice(grammar["closing"]))
    return " ".join(_fill(random, grammar, template) for template in templates)


def _fill(random: Random, grammar: Grammar, template: str) -> str:
    return _SLOT.sub(lambda slot: random.choice(grammar[slot.group(1)]), template)
