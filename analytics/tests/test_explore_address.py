"""Questions in the address: what is written is read again, and what cannot be read is said."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.dashboard.explore import address
from analytics.dashboard.explore.analyses import ANALYSES
from analytics.dashboard.explore.question import Draft
from analytics.errors import AnalyticsError, BadInput

#: Any text that HTTP can carry; a lone surrogate cannot.
_CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
NAMES = st.text(_CHARACTERS, min_size=1, max_size=12)
SCALARS = st.one_of(
    st.text(_CHARACTERS, max_size=12),
    st.sampled_from(["5", "007", "1.50", "true", '"quoted"', '"', "", "-0", "1e5", "nan"]),
    st.integers(-(10**18), 10**18),
    st.floats(-1e6, 1e6),
    st.booleans(),
)
SCOPES = st.sampled_from(["person", "event"])
ONE_VALUE = st.sampled_from(["eq", "ne", "gt", "lte", "contains", "icontains", "starts_with", "regex"])


def some(**parts: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Parts that may be there or not."""
    return parts


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Conditions with every kind of operator, and cohorts."""
    #: That a property is the event's goes without saying, and is not written.
    scope = some(scope=st.sampled_from(["person", "column"]))
    many = st.lists(SCALARS, min_size=1, max_size=3)

    def of(operators: st.SearchStrategy[str], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries({"property": NAMES, "operator": operators, **more}, optional=scope)

    return st.one_of(
        of(ONE_VALUE, value=SCALARS),
        of(st.sampled_from(["in", "not_in"]), value=many),
        of(st.sampled_from(["is_set", "is_not_set"])),
        st.fixed_dictionaries({"cohort": st.integers(1, 10**9)}),
    )


FILTERS = st.recursive(
    conditions(),
    lambda below: st.one_of(
        st.fixed_dictionaries({"all": st.lists(below, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(below, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": below}),
    ),
    max_leaves=6,
)
BREAKDOWNS = st.fixed_dictionaries({"property": NAMES, "scope": SCOPES, "limit": st.integers(1, 100)})


SERIES = st.fixed_dictionaries(
    {"measure": st.sampled_from(["count", "persons", "sum"])},
    optional=some(event=NAMES, property=NAMES, scope=SCOPES, filters=FILTERS, label=NAMES),
)
STEPS = st.fixed_dictionaries({"event": NAMES}, optional=some(filters=FILTERS))
EXCLUSIONS = st.fixed_dictionaries(
    {"event": NAMES, "from_step": st.integers(1, 3), "to_step": st.integers(2, 4)}
)
VALUES: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "trends": st.fixed_dictionaries(
        {"series": st.lists(SERIES, min_size=1, max_size=12)},
        optional=some(
            interval=st.sampled_from(["hour", "week"]), breakdown=BREAKDOWNS, filters=FILTERS,
            compare=st.just("previous_period"), formula=NAMES,
        ),
    ),
    "funnel": st.fixed_dictionaries(
        {"steps": st.lists(STEPS, min_size=2, max_size=11), "window_seconds": st.integers(1, 366 * 86_400)},
        optional=some(
            order=st.sampled_from(["strict", "unordered"]), breakdown=BREAKDOWNS, filters=FILTERS,
            exclusions=st.lists(EXCLUSIONS, min_size=1, max_size=3), attribution=st.just("last"),
        ),
    ),
    "retention": st.fixed_dictionaries(
        {"periods": st.integers(1, 400)},
        optional=some(start_event=NAMES, return_event=NAMES, kind=st.just("recurring"), filters=FILTERS),
    ),
    "paths": st.fixed_dictionaries(
        {"max_steps": st.integers(2, 20)},
        optional=some(start_event=NAMES, end_event=NAMES, within=st.just("person"), filters=FILTERS),
    ),
    "lifecycle": st.fixed_dictionaries({"interval": st.just("month")}, optional=some(event=NAMES, filters=FILTERS)),
    "stickiness": st.fixed_dictionaries({"within": st.just("month")}, optional=some(event=NAMES, filters=FILTERS)),
}  # fmt: skip
RANGES = st.sampled_from(["days=7", "from=2012-01-01&to=2012-03-31", "days=90&timezone=Europe/Vienna"])
WORDS = st.sampled_from(
    [
        "series", "steps", "filters", "all", "any", "not", "1", "2", "property", "value", "cohort", "breakdown",
        "event", "operator", "limit", "window_seconds", "interval", "periods", "exclusions", "days", "from", "to",
        "timezone", "formula", "", "0", "99999999999",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    SCALARS.map(str), st.sampled_from(["in", "eq", "day", "week", "0", "-1", "2012-02-30", "Mars/Phobos"])
)


class RoundTripTest(SimpleTestCase):
    """Whatever can be asked has an address, and the address asks it again."""

    @settings(max_examples=300, deadline=None)
    @given(FILTERS)
    def test_a_filter_is_read_as_it_was_written(self, tree: dict[str, Any]) -> None:
        query = address.encode({"filters": tree})
        self.assertEqual(address.decode(QueryDict(query)), {"filters": tree})

    @settings(max_examples=200, deadline=None)
    @given(SCALARS)
    def test_a_value_keeps_its_kind(self, value: Any) -> None:
        found = address.read_scalar(address.write_scalar(value))
        self.assertEqual((type(found), found), (type(value), value))

    def test_a_question_of_every_analysis_leads_back_to_itself(self) -> None:
        for name, strategy in VALUES.items():
            with self.subTest(name):
                self.check_round_trip(name, strategy)

    def check_round_trip(self, name: str, strategy: st.SearchStrategy[dict[str, Any]]) -> None:
        """From values to a query string, to the question, to its own query string, and the same again."""

        @settings(max_examples=60, deadline=None)
        @given(strategy, RANGES)
        def check(values: dict[str, Any], days: str) -> None:
            question = Draft(ANALYSES[name], QueryDict(f"{days}&{address.encode(values)}")).question()
            again = Draft(ANALYSES[name], QueryDict(question.query)).question()
            self.assertEqual(again, question)
            self.assertEqual(again.query, question.query)
            api = ANALYSES[name].shape
            sent = api.model_validate({**question.request, **values})
            self.assertEqual(api.model_validate(question.request).model_dump(), sent.model_dump())

        check()

    @settings(max_examples=400, deadline=None)
    @given(
        st.sampled_from(sorted(ANALYSES)),
        st.lists(st.tuples(st.lists(WORDS, min_size=1, max_size=5).map(".".join), TEXTS), max_size=6),
    )
    def test_any_query_string_is_a_question_or_an_error_in_words(
        self, name: str, pairs: list[tuple[str, str]]
    ) -> None:
        query = QueryDict(mutable=True)
        for key, text in pairs:
            query.appendlist(key, text)
        draft = Draft(ANALYSES[name], query)
        try:
            draft.question()
        except AnalyticsError as error:
            self.assertTrue(error.detail)
        self.assertIsInstance(draft.form_values, dict)


class ReadingTest(SimpleTestCase):
    """Addresses as people write and forms send them."""

    def values(self, name: str, query: str) -> dict[str, Any]:
        """The values of a draft."""
        return Draft(ANALYSES[name], QueryDict(query)).values

    def test_the_names_are_those_of_the_api(self) -> None:
        query = (
            "series.1.event=paid&series.1.measure=sum&series.1.property=price"
            "&filters.any.1.property=plan&filters.any.1.value=pro"
        )
        self.assertEqual(
            self.values("trends", query),
            {
                "series": [{"event": "paid", "measure": "sum", "property": "price"}],
                "interval": "day",
                "filters": {"any": [{"property": "plan", "value": "pro"}]},
            },
        )

    def test_fields_that_nobody_filled_in_are_not_there(self) -> None:
        query = (
            "start_event=&breakdown.property=&breakdown.scope=event&breakdown.limit=10&filters.all.1.property="
            "&filters.all.1.scope=event&filters.all.1.operator=eq&filters.all.1.value=&interval=week"
        )
        self.assertEqual(self.values("retention", query), {"interval": "week", "periods": "8"})

    def test_a_property_of_the_event_needs_no_scope(self) -> None:
        draft = Draft(
            ANALYSES["paths"], QueryDict("days=7&filters.property=plan&filters.scope=event&filters.value=pro")
        )
        self.assertEqual(
            draft.question().query,
            "days=7&max_steps=5&limit=30&within=session&filters.property=plan&filters.value=pro",
        )

    def test_numbers_in_names_are_in_the_order_of_numbers(self) -> None:
        query = "&".join(f"steps.{number}.event=e{number}" for number in (10, 9, 2, 1))
        self.assertEqual(
            [step["event"] for step in self.values("funnel", query)["steps"]], ["e1", "e2", "e9", "e10"]
        )

    def test_a_value_given_once_is_a_list_where_the_operator_takes_one(self) -> None:
        found = self.values("paths", "filters.property=plan&filters.operator=in&filters.value=pro")
        self.assertEqual(found["filters"]["value"], ["pro"])

    def test_what_cannot_be_read_is_said(self) -> None:
        cases = {
            "interval=day&interval=week": "given more than once",
            "interval=day&interval.1=week": "a value and a group at once",
            f"filters.{'not.' * 80}cohort=1": "nested too deep",
            "filters.property=a&filters.operator=eq&filters.value=1&filters.value=2": "in or not_in",
            "seriess.1.event=a": "seriess: Extra inputs are not permitted",
            "series.1.measure=most": "series.0.measure: Input should be",
            "interval=decade": "interval: Input should be",
            "timezone=Mars/Phobos": "unknown time zone",
            "from=2012-01-01&to=9999-12-31": "1970 to 2198",
            "from=2012-01-02&to=2012-01-01": "The first day lies after the last one",
            "days=0": "between 1 and 366",
        }
        for query, words in cases.items():
            with self.subTest(query), self.assertRaises(BadInput) as caught:
                Draft(ANALYSES["trends"], QueryDict(query)).question()
            self.assertIn(words, caught.exception.detail)
