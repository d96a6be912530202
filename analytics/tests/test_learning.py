from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from django.test import SimpleTestCase

from analytics.ai_services.learning import trees as trees_module
from analytics.ai_services.learning.churn_features import COLUMNS, churn_features, churn_rule, horizon_of
from analytics.ai_services.learning.drift import Drift, stability_index
from analytics.ai_services.learning.examples import Examples
from analytics.ai_services.learning.fitting import Fitting, fit_linear, fit_model
from analytics.ai_services.learning.histories import BetaPrior, rate_confidence, smoothed_rate
from analytics.ai_services.learning.model import Model, prior_contributions
from analytics.ai_services.learning.plain_numbers import UnreadableModel
from analytics.ai_services.learning.priors import churn_priors, rank_by_priors
from analytics.ai_services.learning.scores import (
    auc,
    auc_lead,
    calibration_error,
    chance_calibration_error,
    pr_auc,
    reliability,
    sigmoid,
)
from analytics.ai_services.learning.training import Status, train


def made(
    rows: int = 2_000,
    seed: int = 0,
    *,
    strength: float = 1.5,
    snapshots: int = 6,
    bend: float = 0.0,
    base: float = -0.5,
) -> Examples:
    """Rows whose true logit is known: two features that count, one that is noise, one that is skewed and missing."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(rows, 4))
    features[:, 3] = np.exp(features[:, 3])
    logits = (
        base + strength * (features[:, 0] - 0.5 * features[:, 1]) + 0.8 * (np.log1p(features[:, 3]) - 0.8)
    )
    logits += bend * np.where(features[:, 0] * features[:, 2] > 0, 1, -1)
    labels = random.random(rows) < sigmoid(logits)
    features[random.random(rows) < 0.1, 3] = np.nan
    return Examples(
        features=features,
        names=("pull", "drag", "noise", "amount"),
        labels=labels,
        cutoffs=np.arange(rows) * snapshots // rows,
        rule=sigmoid(random.normal(size=rows) + 0.5 * features[:, 0]),
    )


class Verdicts(SimpleTestCase):
    def test_a_signal_that_the_rule_misses_is_ready_and_beats_it_on_a_later_time(self) -> None:
        trained = train(made())
        self.assertEqual(trained.status, Status.READY)
        test = trained.card.backtest
        self.assertGreater(test.ours.auc, 0.82)
        self.assertGreater(test.lead, 3 * test.lead_error)
        self.assertLess(test.ours.brier, test.base_rate.brier)
        self.assertEqual((test.first_cutoff, test.last_cutoff), (4, 5))
        self.assertEqual(test.rows, 666)

    def test_shuffled_labels_teach_nothing_and_are_withdrawn(self) -> None:
        for seed in range(5):
            examples = made(seed=seed)
            shuffled = np.random.default_rng(seed).permutation(examples.labels)
            trained = train(replace(examples, labels=shuffled, rule=np.full(len(examples), 0.5)))
            self.assertEqual(trained.status, Status.UNRELIABLE)
            self.assertIsNone(trained.model)
            self.assertAlmostEqual(trained.card.backtest.ours.auc, 0.5, delta=0.08)

    def test_below_the_minimum_of_rows_or_of_either_outcome_there_is_no_model(self) -> None:
        examples = made(2_000)
        few = train(examples.where(np.arange(0, 2_000, 41)))
        rare = train(examples.where(np.flatnonzero(~examples.labels | (np.arange(2_000) % 300 == 0))))
        for trained in (few, rare, train(examples.where(np.arange(0)))):
            self.assertEqual(trained.status, Status.NOT_ENOUGH_DATA)
            self.assertIsNone(trained.candidate)
            self.assertIn("50 labelled rows with 10 of each", trained.card.reason)

    def test_one_snapshot_alone_has_no_later_time_to_test_on(self) -> None:
        trained = train(made(snapshots=1))
        self.assertEqual(trained.status, Status.NOT_ENOUGH_DATA)
        self.assertIn("no later time", trained.card.reason)

    def test_a_rule_that_knows_as_much_is_kept(self) -> None:
        examples = made()
        truth = fit_model(examples, Fitting()).predict(examples.features)
        trained = train(replace(examples, rule=truth))
        self.assertEqual(trained.status, Status.RULE_IS_BETTER)
        self.assertIsNone(trained.model)
        self.assertIsNotNone(trained.candidate)

    def test_a_base_rate_that_jumps_is_withdrawn_and_shows_as_drift(self) -> None:
        calm, wild = made(base=-1.5), made(seed=1, base=2.5)
        late = calm.cutoffs >= 4
        features = np.where(late[:, None], wild.features + np.array([0.0, 0.0, 2.0, 0.0]), calm.features)
        trained = train(replace(calm, features=features, labels=np.where(late, wild.labels, calm.labels)))
        self.assertEqual(trained.status, Status.UNRELIABLE)
        self.assertIn("ECE", trained.card.reason)
        self.assertEqual(trained.card.drift.changed, ("noise",))
        self.assertGreater(trained.card.drift.base_rate_newest, trained.card.drift.base_rate_before + 0.3)

    def test_the_card_is_strict_json_and_names_its_figures(self) -> None:
        card = json.loads(json.dumps(train(made()).card.to_json(), allow_nan=False))
        self.assertEqual(card["status"], "ready")
        self.assertEqual(card["cutoffs"], [0, 5])
        self.assertEqual(set(card["backtest"]["ours"]), {"auc", "pr_auc", "brier", "ece"})
        self.assertEqual(
            sum(part["count"] for part in card["backtest"]["reliability"]), card["backtest"]["rows"]
        )


def halves(examples: Examples) -> tuple[Examples, Examples]:
    """What was known before the newest cutoffs, and their rows."""
    found = examples.before_and_newest(5)
    assert found is not None
    return found


class Splits(SimpleTestCase):
    def test_labels_that_were_not_known_when_the_test_begins_are_kept_from_the_learner(self) -> None:
        examples = replace(made(), known_at=made().cutoffs + 2)
        before, newest = halves(examples)
        self.assertEqual(set(newest.cutoffs), {4, 5})
        self.assertEqual(set(before.cutoffs), {0, 1, 2})

    def test_changing_the_future_changes_no_probability_of_the_backtested_model(self) -> None:
        examples = made()
        before, _ = halves(examples)
        upside_down = replace(
            examples, labels=np.where(examples.cutoffs >= 4, ~examples.labels, examples.labels)
        )
        before_too, _ = halves(upside_down)
        ours, theirs = (
            fit_model(part, Fitting()).predict(examples.features) for part in (before, before_too)
        )
        np.testing.assert_array_equal(ours, theirs)

    def test_infinite_features_and_rows_of_other_lengths_are_refused(self) -> None:
        examples = made(100)
        with self.assertRaises(ValueError):
            replace(examples, features=np.full((100, 4), np.inf))
        with self.assertRaises(ValueError):
            replace(examples, labels=examples.labels[:50])


class Probabilities(SimpleTestCase):
    def test_they_are_calibrated_on_unseen_rows(self) -> None:
        for rows, most in ((300, 0.09), (3_000, 0.04)):
            model = fit_model(made(rows), Fitting())
            unseen = made(10_000, seed=9)
            bins = reliability(unseen.labels, model.predict(unseen.features))
            self.assertLess(calibration_error(bins), most)

    def test_trees_join_where_they_help_and_stay_out_where_they_do_not(self) -> None:
        settings = Fitting(trees_from=1_500)
        bent, straight = made(4_000, bend=2.0), made(4_000)
        self.assertIsNone(fit_model(straight, settings).trees)
        self.assertIsNone(fit_model(bent, Fitting(trees_from=5_000)).trees)
        model, unseen = fit_model(bent, settings), made(4_000, seed=9, bend=2.0)
        self.assertIsNotNone(model.trees)
        own = auc(unseen.labels, model.own.logits(unseen.features))
        self.assertGreater(auc(unseen.labels, model.predict(unseen.features)), own + 0.03)

    def test_the_arrays_of_nodes_answer_as_scikit_learn_does(self) -> None:
        from sklearn.ensemble import GradientBoostingClassifier

        columns, labels = np.random.default_rng(0).normal(size=(600, 3)), made(600).labels
        ours = trees_module.fit_trees(columns, labels, seed=3)
        theirs = GradientBoostingClassifier(
            n_estimators=trees_module.TREES,
            max_depth=trees_module.DEPTH,
            learning_rate=trees_module.RATE,
            subsample=trees_module.ROWS_A_TREE,
            min_samples_leaf=trees_module.SMALLEST_LEAF,
            max_features=trees_module.COLUMNS_A_SPLIT,
            random_state=3,
        ).fit(columns.astype(np.float32), labels)
        np.testing.assert_allclose(ours.logits(columns), theirs.decision_function(columns), atol=1e-3)

    def test_missing_and_infinite_values_still_get_an_answer(self) -> None:
        model = fit_model(made(), Fitting())
        answers = model.predict(np.array([[np.nan] * 4, [np.inf, -np.inf, np.nan, 0.0]]))
        self.assertTrue(((answers > 0) & (answers < 1)).all())

    def test_a_row_of_another_width_is_refused(self) -> None:
        with self.assertRaisesMessage(ValueError, "4 features: pull, drag, noise, amount"):
            fit_model(made(), Fitting()).predict(np.zeros((1, 3)))


class Factors(SimpleTestCase):
    def models(self) -> Iterator[Model]:
        prior = fit_linear(made(seed=5))
        yield fit_model(made(), Fitting())
        yield fit_model(made(500), Fitting(priors=(prior, replace(prior, intercept=0.3))))
        yield fit_model(made(4_000, bend=2.0), Fitting(trees_from=1_500))

    def test_they_add_up_to_the_logit_exactly(self) -> None:
        rows = made(20, seed=7).features
        for model in self.models():
            for row, logit in zip(rows, model.logits(rows), strict=True):
                parts = [share for _, share in model.factors(row)]
                self.assertAlmostEqual(sum(parts) + model.usual_logit, logit, places=9)
                self.assertEqual(sorted(parts, key=abs, reverse=True), parts)

    def test_they_name_what_sets_a_row_apart_with_its_sign(self) -> None:
        for model in self.models():
            name, share = model.factors(np.array([3.0, 0.0, 0.0, 1.0]))[0]
            self.assertEqual(name, "pull")
            self.assertGreater(share, 0)
            self.assertLess(dict(model.factors(np.array([0.0, 3.0, 0.0, 1.0])))["drag"], 0)


class Storage(SimpleTestCase):
    def test_a_model_answers_the_same_after_a_journey_through_json(self) -> None:
        rows = made(200, seed=7).features
        for model in Factors().models():
            text = json.dumps(model.to_json(), allow_nan=False)
            again = Model.from_json(json.loads(text))
            np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
            self.assertEqual(again.factors(rows[0]), model.factors(rows[0]))

    def test_whatever_is_damaged_is_refused_by_name(self) -> None:
        model = fit_model(made(4_000, bend=2.0), Fitting(trees_from=1_500))
        cases = [
            (lambda stored: stored.update(version="model/0"), "version model/1, found 'model/0'"),
            (lambda stored: stored.update(slope=float("nan")), "slope"),
            (lambda stored: stored.update(shift="0"), "shift"),
            (lambda stored: stored.update(usual=[0.0]), "usual must be 4 numbers"),
            (lambda stored: stored["own"]["weights"].pop(), "weights must be 8 numbers"),
            (lambda stored: stored["own"]["means"].__setitem__(0, float("inf")), "means holds a number"),
            (lambda stored: stored["own"]["deviations"].__setitem__(0, 0.0), "deviations must be above 0"),
            (lambda stored: stored["own"].update(names=["a", "a", "b", "c"]), "names"),
            (lambda stored: stored["trees"]["left"].__setitem__(0, 0), "leads nowhere"),
            (lambda stored: stored["trees"]["right"].__setitem__(0, 10**6), "leads nowhere"),
            (lambda stored: stored["trees"]["column"].__setitem__(0, 8), "does not exist"),
            (lambda stored: stored["trees"]["roots"].__setitem__(0, -1), "does not exist"),
            (lambda stored: stored["trees"]["column"].__setitem__(0, 0.5), "whole numbers"),
        ]
        for damage, message in cases:
            stored = json.loads(json.dumps(model.to_json()))
            damage(stored)
            with self.subTest(message), self.assertRaisesMessage(UnreadableModel, message):
                Model.from_json(stored)
        cases_of_nonsense: tuple[Any, ...] = (None, [], "model", {})
        for nonsense in cases_of_nonsense:
            with self.assertRaises(UnreadableModel):
                Model.from_json(nonsense)


class Priors(SimpleTestCase):
    def test_a_prior_of_like_data_helps_when_labels_are_few(self) -> None:
        prior, unseen = fit_linear(made(5_000, seed=5)), made(3_000, seed=9)
        gains = []
        for seed in range(8):
            few = made(60, seed=20 + seed, snapshots=3)
            alone, helped = (fit_model(few, Fitting(priors=priors)) for priors in ((), (prior,)))
            gains.append(
                auc(unseen.labels, helped.logits(unseen.features))
                - auc(unseen.labels, alone.logits(unseen.features))
            )
        self.assertGreater(np.mean(gains), 0.005)

    def test_with_enough_own_labels_it_is_left_out(self) -> None:
        self.assertEqual(fit_model(made(), Fitting(priors=(fit_linear(made(seed=5)),))).priors, ())

    def test_the_shipped_churn_priors_rank_the_silent_above_the_active(self) -> None:
        features, names = churn_features(_people(last_seen_days=[1, 60], events_horizon=[9, 0]), 30)
        self.assertEqual(len(churn_priors()), 2)
        self.assertEqual(len(churn_priors(without="cdnow")), 1)
        for prior in churn_priors():
            self.assertLess(*prior_contributions((prior,), names, features).sum(axis=1))
        self.assertEqual(rank_by_priors(churn_priors(), names, features).tolist(), [0.0, 1.0])


def _people(**columns: list[int]) -> dict[str, list[int]]:
    usual = {name: [4, 4] for name in COLUMNS} | {"first_seen_days": [90, 90], "last_seen_days": [5, 5]}
    return usual | columns


class ChurnFeatures(SimpleTestCase):
    def test_a_horizon_scales_times_and_optional_columns_add_features(self) -> None:
        features, names = churn_features(_people(revenue_total=[7, -1]), 30)
        one = dict(zip(names, features[0], strict=True))
        self.assertAlmostEqual(one["recency"], 5 / 30)
        self.assertAlmostEqual(one["mean_gap"], 85 / 30 / 3)
        self.assertAlmostEqual(one["silence_in_gaps"], (5 / 30) / (85 / 90 + 0.01))
        self.assertEqual((one["revenue_total"], features[1][names.index("revenue_total")]), (7, 0))
        self.assertNotIn("event_names", names)

    def test_someone_seen_once_has_no_gap_but_the_age(self) -> None:
        features, names = churn_features(_people(active_days_total=[1, 4]), 30)
        self.assertEqual(features[0][names.index("mean_gap")], 3)
        self.assertEqual(features[:, names.index("seen_once")].tolist(), [1, 0])

    def test_the_rule_rises_with_silence_and_the_horizon_follows_the_usual_gap(self) -> None:
        self.assertLess(*churn_rule(_people(last_seen_days=[3, 4]), 30))
        self.assertEqual([horizon_of(gap) for gap in (1, 10, 50, float("nan"))], [7, 30, 90, 90])


class Histories(SimpleTestCase):
    def test_the_strength_of_the_prior_is_found_again(self) -> None:
        random = np.random.default_rng(0)
        trials = random.integers(1, 12, 3_000)
        successes = random.binomial(trials, random.beta(0.7 * 5, 0.3 * 5, 3_000))
        prior = BetaPrior.by_moments(successes, trials)
        self.assertAlmostEqual(prior.mean, 0.7, delta=0.02)
        self.assertAlmostEqual(prior.strength, 5, delta=1)

    def test_people_who_do_not_differ_get_a_strong_prior_and_few_a_usual_one(self) -> None:
        random = np.random.default_rng(0)
        self.assertGreater(
            BetaPrior.by_moments(random.binomial(9, 0.6, 2_000), np.full(2_000, 9)).strength, 50
        )
        self.assertEqual(BetaPrior.by_moments([3], [4]).strength, 4)
        self.assertEqual(BetaPrior.by_moments([], []), BetaPrior(0.5, 4))

    def test_short_histories_lean_on_the_prior_and_confidence_grows_with_trials(self) -> None:
        prior = BetaPrior(0.5, 4)
        np.testing.assert_allclose(smoothed_rate([0, 2, 7], [0, 2, 9], prior), [0.5, 4 / 6, 9 / 13])
        confidence = rate_confidence([0, 2, 70], [0, 4, 140], prior)
        self.assertTrue((np.diff(confidence) > 0).all())
        self.assertGreater(confidence[2], 0.88)


class ScoresOfProbabilities(SimpleTestCase):
    def test_areas_agree_with_scikit_learn_ties_included(self) -> None:
        from sklearn.metrics import average_precision_score, roc_auc_score

        random = np.random.default_rng(0)
        labels, scores = random.random(500) < 0.3, random.integers(0, 20, 500) / 20
        self.assertAlmostEqual(auc(labels, scores), roc_auc_score(labels, scores), places=12)
        self.assertAlmostEqual(pr_auc(labels, scores), average_precision_score(labels, scores), places=12)
        self.assertEqual(auc(labels[:0], scores[:0]), 0.5)

    def test_the_error_of_a_lead_is_that_of_repeated_draws(self) -> None:
        leads, errors = [], []
        for seed in range(200):
            random = np.random.default_rng(seed)
            labels = random.random(300) < 0.4
            ours, theirs = (labels + random.normal(scale=spread, size=300) for spread in (1.0, 1.5))
            lead, error = auc_lead(labels, ours, theirs)
            leads.append(lead)
            errors.append(error)
        self.assertAlmostEqual(np.mean(errors) / np.std(leads), 1, delta=0.15)
        self.assertEqual(auc_lead(labels, ours, ours), (0.0, 0.0))

    def test_perfect_probabilities_show_the_calibration_error_that_chance_explains(self) -> None:
        random = np.random.default_rng(0)
        found = []
        for _ in range(50):
            chances = random.random(200)
            bins = reliability(random.random(200) < chances, chances)
            found.append((calibration_error(bins), chance_calibration_error(bins)))
        measured, expected = np.mean(found, axis=0)
        self.assertAlmostEqual(measured, expected, delta=0.005)

    def test_the_same_population_has_no_drift_and_a_moved_one_has(self) -> None:
        examples = made()
        self.assertEqual(Drift.between(examples, examples).changed, ())
        values = examples.features[:, 0]
        self.assertLess(stability_index(values, made(seed=1).features[:, 0]), 0.05)
        self.assertGreater(stability_index(values, values + 1), 0.25)
        self.assertGreater(stability_index(values, np.where(values > 0, np.nan, values)), 0.25)
