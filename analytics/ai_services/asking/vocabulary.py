"""What a question can name: the events and properties that exist. Their values are not known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from analytics.ai_services.asking.words import content_of, stems_of

Scope = Literal["event", "column", "person"]


@dataclass(frozen=True)
class Property:
    """A property by name and scope, as a filter or breakdown names it."""

    name: str
    scope: Scope
    is_number: bool = False

    @property
    def named(self) -> dict[str, str]:
        """As JSON names it."""
        return {"property": self.name, "scope": self.scope}


REVENUE = Property("revenue_impact", "column", is_number=True)
EVENT_NAME = Property("event_name", "column")
PAGE = Property("page_path", "column")


@dataclass(frozen=True)
class Vocabulary:
    """Events, the most frequent first; properties, those of events before columns before those of persons.

    `usual` leads from what things are called in most products ("payment_succeeded") to their names here.
    """

    events: tuple[str, ...]
    properties: tuple[Property, ...] = ()
    usual: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def event_words(self) -> dict[str, frozenset[str]]:
        """The words of each event's name that carry something."""
        return {name: _words_of(name) for name in self.events}

    @cached_property
    def property_words(self) -> dict[Property, frozenset[str]]:
        """The same of the properties."""
        return {one: _words_of(one.name) for one in self.properties}

    @cached_property
    def event_of(self) -> dict[str, str]:
        """Names by their small letters."""
        return {name.lower(): name for name in reversed(self.events)}

    @cached_property
    def property_of(self) -> dict[str, Property]:
        """Properties by the small letters of their names."""
        return {one.name.lower(): one for one in reversed(self.properties)}


def _words_of(name: str) -> frozenset[str]:
    return frozenset(content_of(name.replace("_", " "))) or frozenset(stems_of(name))
