"""What can be refused around a meetup, in words for the person who asked."""

from __future__ import annotations


class MeetupError(Exception):
    """The act is not possible now; the message says why and is shown to the user."""


class NotTheHost(MeetupError):
    """Only the host of the meetup may do this."""

    def __init__(self) -> None:
        super().__init__("Only the host of this meetup may do that.")
