"""Reasons for which events are refused, in words: what it was, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class ReasonText:
    """A reason and its cure."""

    title: Text
    fix: Text


_TEXTS: dict[str, ReasonText] = {
    "not_an_object": ReasonText(_("Not an object"), _("Send each event as a JSON object.")),
    "missing_event_name": ReasonText(_("No event name"), _("Send a text in “event”.")),
    "missing_distinct_id": ReasonText(
        _("No distinct id"), _("Send the id of the person or device in “distinct_id”.")
    ),
    "invalid_event_name": ReasonText(_("Unusable event name"), _("Send a text in “event”.")),
    "invalid_distinct_id": ReasonText(_("Unusable distinct id"), _("Send a text in “distinct_id”.")),
    "invalid_uuid": ReasonText(_("Unusable uuid"), _("Leave “uuid” out, or send a UUID.")),
    "invalid_properties": ReasonText(
        _("Unusable properties"), _("Send “properties” as a JSON object, or leave it out.")
    ),
    "invalid_options": ReasonText(_("Unusable options"), _("Send “options” as the protocol says.")),
    "unknown_message_type": ReasonText(
        _("Unknown message type"), _("Send track, identify, page, screen, group or alias.")
    ),
    "event_too_large": ReasonText(_("Too large"), _("Send fewer or shorter properties.")),
    "person_processing_off": ReasonText(
        _("Person processing is off"),
        _("An event about a person needs it: leave out “$process_person_profile”: false."),
    ),
    "unsupported_event": ReasonText(
        _("Not kept by this product"), _("Switch session recordings off in the client.")
    ),
    "malformed_row": ReasonText(
        _("Row of a file that cannot be read"), _("Mend the file and import it again.")
    ),
    "step_failed": ReasonText(
        _("The pipeline broke on it"),
        _("The log has the error. Replay it once a version that understands it is running."),
    ),
    "database_refused": ReasonText(
        _("The database refused it"), _("The log has the error. Replay it once that is mended.")
    ),
    "erased_person": ReasonText(
        _("The person was erased"), _("Nothing of it is kept. Who comes back needs another id.")
    ),
    "do_not_track": ReasonText(
        _("The browser asks not to be tracked"), _("Nothing of it is kept; that is what was asked for.")
    ),
}


def reason_text(reason: str) -> ReasonText:
    """The words for a reason; the reason itself for one that has none."""
    return _TEXTS.get(reason, ReasonText(reason.replace("_", " "), ""))
