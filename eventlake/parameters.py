"""Bound values of one statement, and the properties that it reads.

Whatever a user gave travels here, never inside the SQL. A property of an event becomes a column of the relation
`events`: the relation knows for each file whether the property is a real column there or lies in the JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Parameters:
    """Values named as they come, so that SQL from several places can share one statement.

    `notes` is what a proof shows in place of a value that nobody would want to read; `properties` gives for each
    property of the event the column under which the statement sees it. `reads_person`: whether the statement looks at
    the person of an event at all; where it does not, nobody has to find out who was merged into whom.
    """

    values: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    properties: dict[str, str] = field(default_factory=dict)
    reads_person: bool = True

    def bind(self, value: Any, note: str | None = None) -> str:
        """The placeholder of a value."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        if note is not None:
            self.notes[name] = note
        return f"${name}"

    def name(self, name: str, value: Any) -> None:
        """Bind a value under a name that an SQL file writes itself."""
        self.values[name] = value

    def read_property(self, name: str) -> str:
        """The column under which the statement sees a property of the event, as text; null where it is missing."""
        return self.properties.setdefault(name, f"property_{len(self.properties)}")

    def comments(self) -> list[str]:
        """One SQL comment a value, for a proof."""
        return [f"-- ${name} = {self.notes.get(name, repr(value))}" for name, value in self.values.items()]
