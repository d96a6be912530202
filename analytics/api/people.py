"""The endpoints of persons, cohorts and properties.

Staff may read everybody; a user only themself, and anybody else is not there.
"""

from __future__ import annotations

from collections.abc import Hashable

from analytics.api import people_shapes as shapes
from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Download, Operation
from analytics.reports import cohort_records, people, person_export, properties


def _persons(caller: Caller, query: shapes.PersonsQuery, _: None) -> shapes.PersonsResponse:
    return shapes.PersonsResponse(
        **people.list_people(people.Wanted(**query.model_dump(), only=_only(caller)))
    )


def _person(caller: Caller, query: shapes.PersonKey, _: None) -> shapes.PersonResponse:
    return shapes.PersonResponse(**people.person(query.id, _only(caller)))


def _events(caller: Caller, query: shapes.PersonEventsQuery, _: None) -> shapes.PersonEventsResponse:
    wanted = people.Timeline(
        events=(query.event,) if query.event is not None else (),
        **query.model_dump(include={"date_from", "date_to", "timezone", "cursor", "limit"}),
    )
    return shapes.PersonEventsResponse(**people.events(query.id, wanted, _only(caller)))


def _erase(_: Caller, query: shapes.PersonKey, __: None) -> shapes.ErasureCertificate:
    return shapes.ErasureCertificate(**people.erase(query.id))


def _export(caller: Caller, query: shapes.PersonKey, _: None) -> Download:
    chunks = person_export.export_person(query.id, _only(caller))
    return Download("application/json", f"person_{query.id}.json", chunks)


def _cohorts(_: Caller, query: shapes.CohortsQuery, __: None) -> shapes.CohortsResponse:
    return shapes.CohortsResponse(**cohort_records.list_cohorts(query.cursor, query.limit))


def _cohort(_: Caller, query: shapes.CohortKey, __: None) -> shapes.Cohort:
    return shapes.Cohort(**cohort_records.cohort(query.id))


def _make_cohort(_: Caller, __: None, body: shapes.CohortRequest) -> shapes.CohortMade:
    return shapes.CohortMade(**cohort_records.create(**body.model_dump()))


def _delete_cohort(_: Caller, query: shapes.CohortKey, __: None) -> shapes.CohortDeleted:
    cohort_records.delete(query.id)
    return shapes.CohortDeleted(deleted=True)


def _properties(_: Caller, query: shapes.PropertiesQuery, __: None) -> shapes.PropertiesResponse:
    return shapes.PropertiesResponse(**properties.list_properties(query.model_dump()))


def _values(_: Caller, query: shapes.PropertyValuesQuery, __: None) -> shapes.PropertyValuesResponse:
    return shapes.PropertyValuesResponse(**properties.list_values(query.model_dump()))


def _properties_state(_: Caller, query: shapes.PropertiesQuery, __: None) -> Hashable:
    return properties.properties_state(query.model_dump())


def _values_state(_: Caller, query: shapes.PropertyValuesQuery, __: None) -> Hashable:
    return properties.values_state(query.model_dump())


def _only(caller: Caller) -> frozenset[int] | None:
    """The persons whom the caller may see; None is everybody."""
    return None if caller.is_staff else people.roots_of(caller.user)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "list_persons", "GET", f"{API}/persons", Permission.USER, _persons,
        shapes.PersonsResponse, "Persons, page by page", query=shapes.PersonsQuery, has_etag=True,
    ),
    Operation(
        "get_person", "GET", f"{API}/persons/{{id}}", Permission.USER, _person,
        shapes.PersonResponse, "All that is known of a person", query=shapes.PersonKey, has_etag=True,
    ),
    Operation(
        "list_person_events", "GET", f"{API}/persons/{{id}}/events", Permission.USER, _events,
        shapes.PersonEventsResponse, "What a person did, newest first", query=shapes.PersonEventsQuery,
        has_etag=True,
    ),
    Operation(
        "export_person", "GET", f"{API}/persons/{{id}}/export", Permission.USER, _export,
        None, "Everything that is stored about a person, as a file", query=shapes.PersonKey,
        media_types=("application/json",),
    ),
    Operation(
        "erase_person", "DELETE", f"{API}/persons/{{id}}", Permission.STAFF, _erase,
        shapes.ErasureCertificate, "Erase a person everywhere, for good", query=shapes.PersonKey,
    ),
    Operation(
        "list_cohorts", "GET", f"{API}/cohorts", Permission.ANALYST, _cohorts,
        shapes.CohortsResponse, "Cohorts, page by page", query=shapes.CohortsQuery, has_etag=True,
    ),
    Operation(
        "get_cohort", "GET", f"{API}/cohorts/{{id}}", Permission.ANALYST, _cohort,
        shapes.Cohort, "One cohort", query=shapes.CohortKey, has_etag=True,
    ),
    Operation(
        "make_cohort", "POST", f"{API}/cohorts", Permission.STAFF, _make_cohort,
        shapes.CohortMade, "Make a cohort", body=shapes.CohortRequest,
    ),
    Operation(
        "delete_cohort", "DELETE", f"{API}/cohorts/{{id}}", Permission.STAFF, _delete_cohort,
        shapes.CohortDeleted, "Delete a cohort", query=shapes.CohortKey,
    ),
    Operation(
        "list_properties", "GET", f"{API}/properties", Permission.ANALYST, _properties,
        shapes.PropertiesResponse, "Properties of events, for pickers", query=shapes.PropertiesQuery,
        state=_properties_state,
    ),
    Operation(
        "list_property_values", "GET", f"{API}/properties/{{name}}/values", Permission.ANALYST, _values,
        shapes.PropertyValuesResponse, "Values of a property, for pickers",
        query=shapes.PropertyValuesQuery, state=_values_state,
    ),
)  # fmt: skip
