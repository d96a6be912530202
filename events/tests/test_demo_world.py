"""The demo's generator: the same for the same seed, believable in its numbers, nothing before its time."""

from __future__ import annotations

import unittest
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np

from events.demo import calendar, funnel, incidents, texts
from events.demo.arrays import NEVER_MS, Ints
from events.demo.cities import CITIES
from events.demo.kinds import Kind
from events.demo.personas import HOST, PERSONAS
from events.demo.plan import DAY_MS, HOUR_MS, Plan, to_datetime
from events.demo.stream import Stream, make_stream
from events.demo.visits import Begins, visitor_count
from events.demo.world import World, make_world

END = datetime(2026, 6, 11, 16, 20, tzinfo=UTC)


class Case(unittest.TestCase):
    """One demo of middle size, worked out once."""

    plan: Plan
    world: World
    stream: Stream

    @classmethod
    def setUpClass(cls) -> None:
        cls.plan = Plan(users=1500, days=98, seed=7, ends_at=END)
        cls.world = make_world(cls.plan)
        cls.stream = make_stream(cls.plan, cls.world)

    def of(self, kind: Kind) -> np.typing.NDArray[np.bool_]:
        """The rows of one kind."""
        return self.stream.kind == kind

    def day(self) -> Ints:
        """The day of each event, counted from the first."""
        return (self.stream.at_ms - self.plan.starts_ms) // DAY_MS


class PlanTest(unittest.TestCase):
    """What a demo may be."""

    def test_too_small_a_demo_is_refused(self) -> None:
        for users, days in ((9, 30), (30, 6)):
            with self.assertRaises(ValueError):
                Plan(users, days, 7, END)

    def test_an_end_without_a_zone_is_refused(self) -> None:
        with self.assertRaises(ValueError):
            Plan(10, 7, 7, END.replace(tzinfo=None))

    def test_the_days_are_whole_and_the_last_one_is_the_present(self) -> None:
        plan = Plan(10, 7, 7, END)
        self.assertEqual(to_datetime(plan.starts_ms), datetime(2026, 6, 4, tzinfo=UTC))
        self.assertEqual(to_datetime(plan.ends_ms), END)


class SameSeedTest(unittest.TestCase):
    """Equal plans, equal worlds."""

    def streams(self, *plans: Plan) -> list[Stream]:
        return [make_stream(plan, make_world(plan)) for plan in plans]

    def test_the_same_plan_gives_the_same_events_and_texts(self) -> None:
        plan = Plan(60, 30, 3, END)
        first, second = self.streams(plan, Plan(60, 30, 3, END))
        for name in ("kind", "who", "at_ms", "session", "meetup", "detail", "response_ms"):
            np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        self.assertEqual(make_world(plan).texts, make_world(plan).texts)

    def test_another_seed_gives_another_world(self) -> None:
        first, second = self.streams(Plan(60, 30, 3, END), Plan(60, 30, 4, END))
        self.assertNotEqual(first.at_ms.tolist(), second.at_ms.tolist())

    def test_demos_of_different_seed_size_or_end_share_no_key(self) -> None:
        plans = [Plan(60, 30, 3, END), Plan(60, 30, 4, END), Plan(61, 30, 3, END), Plan(60, 31, 3, END)]
        plans.append(Plan(60, 30, 3, END + timedelta(minutes=1)))
        self.assertEqual(len({plan.key for plan in plans}), 5)

    def test_the_smallest_demo_works_at_any_hour(self) -> None:
        for hour in range(24):
            plan = Plan(10, 7, hour, END.replace(hour=hour))
            self.assertGreater(make_stream(plan, make_world(plan)).count, 50)


class TimeTest(Case):
    """When things happen."""

    def test_nothing_lies_before_the_start_or_in_the_future(self) -> None:
        self.assertGreaterEqual(self.stream.at_ms.min(), self.plan.starts_ms)
        self.assertLess(self.stream.at_ms.max(), self.plan.ends_ms)
        world = self.world
        for times in (world.requests.answered_ms, world.payments.refunded_ms, world.meetups.created_ms):
            self.assertLess(times[times < NEVER_MS].max(), self.plan.ends_ms)
        self.assertLess(world.feedbacks.at_ms.max(), self.plan.ends_ms)
        self.assertLess(world.people.joined_ms.max(), self.plan.ends_ms)

    def test_events_are_sorted_by_time(self) -> None:
        self.assertTrue((np.diff(self.stream.at_ms) >= 0).all())

    def test_the_week_has_a_rhythm(self) -> None:
        sessions = self.world.visits.starts_ms
        sessions = sessions[~incidents.traffic_spike(self.plan).holds(sessions)]
        weekday = calendar.weekdays(self.plan, (sessions - self.plan.starts_ms) // DAY_MS)
        by_weekday = np.bincount(weekday, minlength=7)
        self.assertEqual((by_weekday.argmax(), by_weekday.argmin()), (6, 4))
        self.assertGreater(by_weekday[6], 1.3 * by_weekday[4])

    def test_evenings_are_busiest_in_local_time(self) -> None:
        visits = self.world.visits
        offsets = calendar.offsets_ms(self.plan, self.world.cities)
        day = np.clip((visits.starts_ms - self.plan.starts_ms) // DAY_MS, 0, self.plan.days)
        local = (visits.starts_ms + offsets[visits.city, day]) % DAY_MS // HOUR_MS
        by_hour = np.bincount(local, minlength=24)
        self.assertIn(by_hour.argmax(), (18, 19, 20, 21))
        self.assertGreater(by_hour[18:22].sum(), 8 * by_hour[1:5].sum())

    def test_cities_keep_their_own_clock(self) -> None:
        offsets = calendar.offsets_ms(self.plan, CITIES)
        summer = {city.name: offsets[row, -1] // HOUR_MS for row, city in enumerate(CITIES)}
        self.assertEqual((summer["Lisbon"], summer["Berlin"], summer["Athens"]), (1, 2, 3))
        winter = {city.name: offsets[row, 0] // HOUR_MS for row, city in enumerate(CITIES)}
        self.assertEqual((winter["Lisbon"], winter["Berlin"], winter["Athens"]), (0, 1, 2))

    def test_sign_ups_grow(self) -> None:
        day = self.day()[self.of(Kind.SIGNED_UP)]
        third = self.plan.days // 3
        self.assertGreater((day >= 2 * third).sum(), 1.4 * (day < third).sum())


class FunnelTest(Case):
    """One thing after another."""

    def test_every_request_follows_a_view_of_the_same_meetup_by_the_same_person(self) -> None:
        stream = self.stream
        first_view: dict[tuple[int, int], int] = {}
        for row in np.flatnonzero(self.of(Kind.VIEWED)).tolist():
            pair = int(stream.who[row]), int(stream.meetup[row])
            first_view.setdefault(pair, int(stream.at_ms[row]))
        rows = np.flatnonzero(self.of(Kind.REQUESTED)).tolist()
        self.assertGreater(len(rows), 500)
        for row in rows:
            viewed_ms = first_view[int(stream.who[row]), int(stream.meetup[row])]
            self.assertLess(viewed_ms, stream.at_ms[row])

    def test_answer_payment_attendance_and_feedback_keep_their_order(self) -> None:
        world = self.world
        requests, payments, came = world.requests, world.payments, world.attendances
        answered = requests.status != funnel.PENDING
        self.assertTrue((requests.answered_ms[answered] > requests.at_ms[answered]).all())
        self.assertTrue((payments.at_ms > requests.answered_ms[payments.request]).all())
        self.assertTrue((payments.at_ms < world.meetups.starts_ms[requests.meetup[payments.request]]).all())
        self.assertTrue((came.at_ms > world.meetups.starts_ms[requests.meetup[came.request]]).all())
        attended_ms = dict(zip(came.request.tolist(), came.at_ms.tolist(), strict=True))
        for request, at_ms in zip(
            world.feedbacks.request.tolist(), world.feedbacks.at_ms.tolist(), strict=True
        ):
            self.assertGreater(at_ms, attended_ms[request])

    def test_nobody_attends_a_paid_meetup_without_paying(self) -> None:
        world = self.world
        paid = set(world.payments.request[world.payments.failure < 0].tolist())
        prices = world.meetups.price_cents[world.requests.meetup]
        self.assertTrue(
            all(request in paid for request in world.attendances.request.tolist() if prices[request])
        )

    def test_nobody_pays_twice_and_nobody_pays_for_a_free_meetup(self) -> None:
        payments = self.world.payments
        good = payments.request[payments.failure < 0]
        self.assertEqual(len(good), len(np.unique(good)))
        self.assertGreater(
            self.world.meetups.price_cents[self.world.requests.meetup[payments.request]].min(), 0
        )

    def test_no_meetup_has_more_guests_than_places(self) -> None:
        requests, meetups = self.world.requests, self.world.meetups
        guests = np.bincount(requests.meetup[requests.status == funnel.ACCEPTED], minlength=meetups.count)
        self.assertTrue((guests <= meetups.capacity).all())

    def test_one_asks_once_and_not_oneself(self) -> None:
        requests = self.world.requests
        pairs = requests.member * self.world.meetups.count + requests.meetup
        self.assertEqual(len(pairs), len(np.unique(pairs)))
        self.assertFalse((self.world.meetups.host[requests.meetup] == requests.member).any())

    def test_nobody_asks_to_join_what_is_called_off(self) -> None:
        requests, meetups = self.world.requests, self.world.meetups
        self.assertTrue((requests.at_ms < meetups.closes_ms[requests.meetup]).all())


class PeopleTest(Case):
    """Five kinds of people."""

    def test_personas_differ_as_declared(self) -> None:
        world = self.world
        persona = world.people.persona
        views, requests = world.views, world.requests
        viewer = world.visits.who[views.visit]
        viewed = np.bincount(persona[viewer[viewer < world.people.count]], minlength=len(PERSONAS))
        asked = np.bincount(persona[requests.member], minlength=len(PERSONAS))
        ratio = {p.name: asked[i] / viewed[i] for i, p in enumerate(PERSONAS)}
        self.assertGreater(ratio["regular"], 2 * ratio["explorer"])
        price = world.meetups.price_cents[requests.meetup]
        bargain = price[persona[requests.member] == 3].mean()
        regular = price[persona[requests.member] == 1].mean()
        self.assertLess(bargain, 0.6 * regular)

    def test_people_leave_by_the_declared_hazard(self) -> None:
        plan = Plan(users=20_000, days=28, seed=1, ends_at=END)
        people = make_world(plan).people
        for number, persona in enumerate(PERSONAS):
            mine = people.persona == number
            since_ms = np.maximum(people.joined_ms, plan.starts_ms)
            weeks = (people.leaves_ms - since_ms)[mine] / (7 * DAY_MS)
            self.assertAlmostEqual(1 / weeks.mean() / persona.weekly_hazard, 1, delta=0.12, msg=persona.name)

    def test_people_fade_before_they_leave_and_do_nothing_after(self) -> None:
        world = self.world
        visits, people = world.visits, world.people
        member = visits.who < people.count
        who, at_ms = visits.who[member], visits.starts_ms[member]
        left_days = (people.leaves_ms[who] - at_ms) / DAY_MS
        self.assertGreaterEqual(left_days.min(), -1 / 24)
        stayed = (
            people.leaves_ms[who] - np.maximum(people.joined_ms[who], self.plan.starts_ms)
        ) > 56 * DAY_MS
        gone = people.leaves_ms[who] < self.plan.ends_ms
        last = (stayed & gone & (left_days < 14)).sum()
        before = (stayed & gone & (left_days >= 28) & (left_days < 42)).sum()
        self.assertLess(last, 0.75 * before)

    def test_only_hosts_invite_and_every_city_has_one(self) -> None:
        meetups = self.world.meetups
        self.assertTrue((self.world.people.persona[meetups.host] == HOST).all())
        self.assertEqual(set(meetups.city.tolist()), set(range(len(self.world.cities))))

    def test_a_device_is_tied_to_its_member_once_and_after_its_first_visit(self) -> None:
        stream, visits = self.stream, self.world.visits
        rows = np.flatnonzero(self.of(Kind.IDENTIFIED))
        devices = stream.detail[rows]
        self.assertEqual(len(devices), len(np.unique(devices)))
        np.testing.assert_array_equal(devices % self.world.people.count, stream.who[rows])
        first_seen: dict[int, int] = {}
        for who, at_ms in zip(visits.who.tolist(), visits.starts_ms.tolist(), strict=True):
            first_seen[who] = min(at_ms, first_seen.get(who, at_ms))
        tied = zip(devices.tolist(), stream.at_ms[rows].tolist(), strict=True)
        self.assertTrue(all(first_seen.get(device, 0) < at_ms for device, at_ms in tied))

    def test_some_members_come_with_two_devices(self) -> None:
        stream = self.stream
        devices = stream.who[(stream.who >= self.world.people.count)]
        members = devices[devices < 3 * self.world.people.count]
        second = np.unique(members[members >= 2 * self.world.people.count])
        self.assertGreater(len(second), 30)

    def test_a_session_belongs_to_one_person(self) -> None:
        visits, count = self.world.visits, self.world.people.count
        person = np.where(visits.who < 3 * count, visits.who % count, visits.who)
        pairs = np.unique(np.stack([visits.session, person]), axis=1)
        self.assertEqual(pairs.shape[1], len(np.unique(visits.session)))
        self.assertEqual(set(visits.begins.tolist()), {int(begins) for begins in Begins})


class IncidentsTest(Case):
    """What is planted can be seen, and lies where the documentation says."""

    def test_the_windows_are_where_they_are_documented(self) -> None:
        outage, spike = incidents.payment_outage(self.plan), incidents.traffic_spike(self.plan)
        self.assertEqual(to_datetime(outage.starts_ms), datetime(2026, 5, 21, 15, tzinfo=UTC))
        self.assertEqual(to_datetime(outage.ends_ms), datetime(2026, 5, 21, 23, tzinfo=UTC))
        self.assertEqual(to_datetime(spike.starts_ms), datetime(2026, 4, 30, 9, tzinfo=UTC))
        self.assertEqual(to_datetime(spike.ends_ms), datetime(2026, 4, 30, 15, tzinfo=UTC))

    def test_payments_fail_in_the_outage_and_rarely_outside(self) -> None:
        payments = self.world.payments
        inside = incidents.payment_outage(self.plan).holds(payments.at_ms)
        failed = payments.failure >= 0
        self.assertGreater(inside.sum(), 5)
        self.assertGreater(failed[inside].mean(), 0.6)
        self.assertLess(failed[~inside].mean(), 0.08)
        codes = {funnel.FAILURE_CODES[code] for code in payments.failure[inside & failed].tolist()}
        self.assertEqual(codes, {incidents.OUTAGE_CODE})
        self.assertNotIn(0, payments.failure[~inside].tolist())

    def test_the_day_of_the_outage_has_most_failures_of_all_days(self) -> None:
        failures = np.bincount(self.day()[self.of(Kind.FAILED)], minlength=self.plan.days + 1)
        self.assertEqual(failures.argmax(), self.plan.days - 21)

    def test_the_spike_brings_short_visits_of_strangers(self) -> None:
        visits = self.world.visits
        inside = incidents.traffic_spike(self.plan).holds(visits.starts_ms)
        strangers = visits.who >= 3 * self.world.people.count + visitor_count(self.plan)
        self.assertFalse((strangers & ~inside).any())
        self.assertGreater((visits.views[strangers] == 0).mean(), 0.85)
        per_day = np.bincount((visits.starts_ms - self.plan.starts_ms) // DAY_MS)
        self.assertEqual(per_day.argmax(), self.plan.days - 42)
        self.assertGreater(per_day.max(), 1.8 * np.median(per_day))

    def test_pages_are_slow_and_break_during_the_spike(self) -> None:
        pages = self.of(Kind.PAGE)
        inside = incidents.traffic_spike(self.plan).holds(self.stream.at_ms)
        quick = np.median(self.stream.response_ms[pages & ~inside])
        self.assertGreater(np.median(self.stream.response_ms[pages & inside]), 2.5 * quick)
        broken = self.stream.status == 500
        self.assertGreater(broken[pages & inside].mean(), 3 * broken[pages & ~inside].mean())


class TextsTest(unittest.TestCase):
    """What people write."""

    def test_texts_vary(self) -> None:
        random = Random(1)
        written = [texts.write(random, rating, "books", "Berlin") for rating in (1, 3, 5) for _ in range(700)]
        spoken = [text for text in written if text]
        self.assertGreater(len(set(spoken)), 0.6 * len(spoken))
        self.assertGreater(len(spoken), 0.85 * len(written))

    def test_every_slot_is_filled(self) -> None:
        random = Random(2)
        for rating in range(1, 6):
            for _ in range(500):
                self.assertNotRegex(texts.write(random, rating, "books", "Berlin"), r"[{}]")

    def test_moods_share_no_opening(self) -> None:
        openings = [set(grammar["opening"]) for grammar in (texts._GLAD, texts._MIXED, texts._CROSS)]
        self.assertEqual(sum(map(len, openings)), len(set.union(*openings)))
        self.assertEqual(
            [texts.mood_of(rating) for rating in range(1, 6)], ["cross"] * 2 + ["mixed"] + ["glad"] * 2
        )

    def test_some_texts_are_in_other_languages(self) -> None:
        random = Random(3)
        written = " ".join(texts.write(random, 5, "books", "Berlin") for _ in range(800))
        for word in ("Abend", "soirée", "estupenda"):
            self.assertIn(word, written)
