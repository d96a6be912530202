"""Sentiment on labelled text: the shipped model beside VADER and TextBlob as they come, and its speed.

Texts that the shipped model was trained on are left out, whatever half of a set a folder holds (`trained_on.npz`), and
so are film sentences that VADER's rated sentences contain too.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

TRAINED_ON = Path(__file__).with_name("trained_on.npz")
#: What the test suite carries: MIT and CC BY text only.
SLICE = Path(__file__).parents[2] / "analytics/tests/data/sentiment_slice.csv.gz"
CLASSES = ("negative", "neutral", "positive")
SETS = ("tweeteval", "sst", "airline", "stackoverflow", "uci_sentences", "vader_gt")
#: Those of three classes that the goal figure is the mean of.
COMPARED = ("tweeteval", "sst", "airline", "stackoverflow")
TRAINING_SETS = ("vader_gt", "stackoverflow", "uci_sentences")
#: VADER's texts are positive or negative from this mean rating on.
RATED = 0.5
#: Thresholds of the packages' own documentation, and of the specification for the mean of both.
LEXICON_BOUND, MEAN_BOUND = 0.05, 0.1
BINS = 15
#: Every so manieth text is held out of training.
HELD_OUT_OF = 7
#: Near duplicates share this many letters at their start or end.
SAME_LETTERS = 40
#: The speed is measured on so many texts at most, of the first set.
SPEED_TEXTS, SINGLE_TEXTS = 6_000, 1_000
#: Letters of Vietnamese: a chat in it slipped into the UCI sentences, with labels that mean something else.
_VIETNAMESE = re.compile("[ạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹăđơư]")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text and its class; `mean` and `sd` of the raters where a set has them."""

    source: str
    text: str
    label: str
    mean: float | None = None
    sd: float | None = None


def read_set(folder: Path, name: str) -> list[Labelled]:
    """Rows of one file of FOLDER/sentiment; none when the file or a column is missing."""
    import pyarrow.parquet

    path = folder / "sentiment" / f"{name}.parquet"
    if not path.exists():
        return []
    table = pyarrow.parquet.read_table(path)
    needed = {"text", "mean"} if name == "vader_gt" else {"text", "label"}
    if not needed <= set(table.column_names):
        return []
    rows = [_labelled(name, row) for row in table.to_pylist() if row["text"] is not None]
    return [row for row in rows if name != "uci_sentences" or not _VIETNAMESE.search(row.text.lower())]


def _labelled(name: str, row: dict[str, Any]) -> Labelled:
    if name != "vader_gt":
        return Labelled(name, row["text"], row["label"])
    mean = row["mean"]
    label = "negative" if mean <= -RATED else "positive" if mean >= RATED else "neutral"
    return Labelled(row.get("source") or name, row["text"], label, mean, row.get("sd"))


def read_training_sets(folder: Path) -> list[Labelled]:
    """Rows whose licence lets a model of them be shipped."""
    return [row for name in TRAINING_SETS for row in read_set(folder, name)]


def text_hash(text: str) -> int:
    """Eight bytes that stand for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big")


def is_held_out(text: str) -> bool:
    """Whether a text is kept for testing: by itself, so that copies of it fall on the same side."""
    return text_hash(text) % HELD_OUT_OF == 0


def letter_hashes(text: str) -> set[int]:
    """Marks of a text's letters: all, the first and the last 40. Near duplicates share one."""
    letters = "".join(filter(str.isalpha, text.lower()))
    ends = {letters[:SAME_LETTERS], letters[-SAME_LETTERS:]} if len(letters) > SAME_LETTERS else set()
    return {text_hash(part) for part in {letters, *ends}}


def save_trained_on(texts: Iterable[str], films: Iterable[str]) -> None:
    """Remembers the training texts, and VADER's film sentences by their letters."""
    np.savez_compressed(
        TRAINED_ON,
        texts=np.array(sorted({text_hash(text) for text in texts}), dtype=np.uint64),
        films=np.array(sorted(set().union(*map(letter_hashes, films))), dtype=np.uint64),
    )


def save_slice(folder: Path) -> None:
    """Held-out rows for the test suite: all of the UCI sentences, every third of VADER's."""
    rated = [row for row in read_set(folder, "vader_gt") if is_held_out(row.text)][::3]
    rows = [("vader_gt", row) for row in rated]
    rows += [("uci_sentences", row) for row in read_set(folder, "uci_sentences") if is_held_out(row.text)]
    with (
        gzip.GzipFile(SLICE, "wb", mtime=0) as packed,
        io.TextIOWrapper(packed, "utf-8", newline="") as lines,
    ):
        table = csv.writer(lines)
        table.writerow(("set", "text", "label"))
        table.writerows((name, row.text, row.label) for name, row in rows)


def untrained(rows: list[Labelled], name: str) -> list[Labelled]:
    """Rows that the shipped model has not seen."""
    with np.load(TRAINED_ON, allow_pickle=False) as stored:
        texts, films = set(stored["texts"].tolist()), set(stored["films"].tolist())
    if name == "sst":
        return [row for row in rows if not letter_hashes(row.text) & films]
    return [row for row in rows if text_hash(row.text) not in texts]


def quality(labels: list[str], chosen: list[str], confidence: NDArray[np.float64]) -> dict[str, float]:
    """Macro-F1 over the classes that the set has, accuracy, and the expected calibration error."""
    kinds = sorted(set(labels))
    right = np.array(labels) == np.array(chosen)
    return {
        "macro_f1": round(float(f1_score(labels, chosen, labels=kinds, average="macro", zero_division=0)), 4),
        "accuracy": round(float(right.mean()), 4),
        "ece": round(calibration_error(confidence, right), 4),
        "rows": len(labels),
    }


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Mean distance of confidence and accuracy over bins of equal width. Source: Guo et al. 2017, ECE."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return float(
        sum(
            (bins == number).mean() * abs(confidence[bins == number].mean() - right[bins == number].mean())
            for number in set(bins.tolist())
        )
    )


def measure(folder: Path) -> dict[str, dict[str, Any]]:
    """A table a set, each method beside ours; then all sets together, and speed.

    **Shape**: `{set: {"ours" | "vader" | "textblob" | "mean": {"macro_f1", "accuracy", "ece", "rows"}, "left_out"}}`,
    `"all": {"ours": {"macro_f1", "ece", "rows"}, ...}` with the mean macro-F1 of COMPARED, and
    `"speed": {"texts_per_s", "one_text_p95_ms"}`. Missing files or columns are left out. The lexicons' confidence is
    the size of their score, for want of another.
    """
    tables: dict[str, dict[str, Any]] = {}
    pooled: dict[str, list[tuple[NDArray[np.float64], NDArray[np.bool_]]]] = {}
    speed_texts: list[str] = []
    for name in SETS:
        rows = read_set(folder, name)
        fresh = untrained(rows, name)
        if not fresh:
            continue
        speed_texts = speed_texts or [row.text for row in fresh[:SPEED_TEXTS]]
        labels = [row.label for row in fresh]
        tables[name] = {"left_out": len(rows) - len(fresh)}
        for method, (chosen, confidence) in _answers([row.text for row in fresh]).items():
            tables[name][method] = quality(labels, chosen, confidence)
            pooled.setdefault(method, []).append((confidence, np.array(labels) == np.array(chosen)))
    if tables:
        tables["all"] = _all_together(tables, pooled)
        tables["speed"] = speed_of(speed_texts)
    return tables


def _answers(texts: list[str]) -> dict[str, tuple[list[str], NDArray[np.float64]]]:
    from analytics.ai_services.sentiment.service import SentimentAnalysisService

    results = SentimentAnalysisService().analyze_many(texts)
    compound = np.array([result.raw.compound for result in results])
    polarity = np.array([result.raw.polarity for result in results])
    return {
        "ours": (
            [result.sentiment for result in results],
            np.array([result.confidence for result in results]),
        ),
        "vader": _by_bound(compound, LEXICON_BOUND),
        "textblob": _by_bound(polarity, LEXICON_BOUND),
        "mean": _by_bound((compound + polarity) / 2, MEAN_BOUND),
    }


def _by_bound(scores: NDArray[np.float64], bound: float) -> tuple[list[str], NDArray[np.float64]]:
    chosen = [
        "positive" if score >= bound else "negative" if score <= -bound else "neutral" for score in scores
    ]
    return chosen, np.abs(scores)


def _all_together(
    tables: dict[str, dict[str, Any]], pooled: dict[str, list[tuple[NDArray[np.float64], NDArray[np.bool_]]]]
) -> dict[str, Any]:
    three = [tables[name] for name in COMPARED if name in tables]
    return {
        method: {
            "macro_f1": round(float(np.mean([table[method]["macro_f1"] for table in three])), 4)
            if three
            else None,
            "ece": round(calibration_error(*map(np.concatenate, zip(*parts, strict=True))), 4),
            "rows": sum(len(confidence) for confidence, _ in parts),
        }
        for method, parts in pooled.items()
    }


def speed_of(texts: list[str]) -> dict[str, float]:
    """Texts a second in batches, and the time of a single text in 95 % of cases, after a first text of each."""
    from analytics.ai_services.sentiment.service import SentimentAnalysisService

    service = SentimentAnalysisService()
    service.analyze_text_sentiment(texts[0])
    single = [_seconds(service.analyze_text_sentiment, text) for text in texts[:SINGLE_TEXTS]]
    batch = _seconds(service.analyze_many, texts)
    return {
        "texts_per_s": round(len(texts) / batch),
        "one_text_p95_ms": round(float(np.quantile(single, 0.95)) * 1000, 2),
    }


def _seconds(act: Callable[[Any], object], argument: object) -> float:
    started = time.perf_counter()
    act(argument)
    return time.perf_counter() - started
