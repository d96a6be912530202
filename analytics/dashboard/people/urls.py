"""The routes of people; `dashboard.urls` takes them in."""

from __future__ import annotations

from django.urls import path

from analytics.dashboard.people import acts, listing, person

_PERSON = "dashboard/people/<uuid:person>/"
_ERASURE = "dashboard/people/erasures/<uuid:erasure>/"

urlpatterns = [
    path("dashboard/people/", listing.PeoplePage.as_view(), name="people_page"),
    path("dashboard/people/data/", listing.PeopleData.as_view(), name="people_data"),
    path(_PERSON, person.PersonPage.as_view(), name="person_page"),
    path(f"{_PERSON}data/", person.PersonData.as_view(), name="person_data"),
    path(f"{_PERSON}timeline/", person.PersonTimeline.as_view(), name="person_timeline"),
    path(f"{_PERSON}outlook/", person.PersonOutlook.as_view(), name="person_outlook"),
    path(f"{_PERSON}merge/preview/", acts.MergePreview.as_view(), name="person_merge_preview"),
    path(f"{_PERSON}merge/", acts.Merge.as_view(), name="person_merge"),
    path(f"{_PERSON}erase/", acts.Erase.as_view(), name="person_erase"),
    path(f"{_PERSON}events.<str:kind>", acts.PersonFile.as_view(), name="person_file"),
    path("dashboard/people/merges/<int:merge>/undo/", acts.UndoMerge.as_view(), name="merge_undo"),
    path(_ERASURE, acts.ErasurePage.as_view(), name="erasure_page"),
    path(f"{_ERASURE}data/", acts.ErasureData.as_view(), name="erasure_data"),
]
