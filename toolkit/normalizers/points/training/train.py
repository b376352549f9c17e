"""Train the wording model of the points.

    python -m toolkit.normalizers.points.training.train REVIEWS [--out WEIGHTS]

REVIEWS is a folder that ReviewDial built, or a JSONL file (also .gz) of reviews with note_id, summary, strengths,
weaknesses and questions. The fields teach the table. The sentences of labels.tsv teach the layer over it; where REVIEWS
does not hold them, the layer of the shipped weights stays. The same reviews give the same bytes.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold

from toolkit.errors import ReviewDialError, SourceError
from toolkit.normalizers.points.features import BUCKETS, find_tokens, hash_pairs, hash_token, hash_tokens
from toolkit.normalizers.points.lexicon import ASPECTS, KINDS
from toolkit.normalizers.points.model import FIELDS, WEIGHTS, Numbers, Wording, WordingModel, load_model
from toolkit.normalizers.points.training.examples import (
    Example,
    Label,
    guess_aspects,
    list_examples,
    read_labels,
    read_reviews,
)

FIELD_PENALTY, ASPECT_PENALTY = 1e-5, 1e-5
EPOCHS, SEED = 6, 0
HEAD_WEIGHT = 6.0
"""How many sentences with a strong cue one under a telling label counts for: labels are seldom wrong."""
KIND_STRENGTH, ASPECT_STRENGTH, FAULT_STRENGTH = 0.1, 0.03, 0.1
"""Inverse of the penalty on each layer; small, because it learns from few sentences."""
FEWEST_SENTENCES = 10_000
FEWEST_LABELS = 1_000
FOLDS = 10
UNSEEN = -9.0
"""Logarithm of the probability of what no labelled sentence is."""


def build_matrix(examples: Sequence[Example]) -> csr_matrix:
    """Return the first layer's input, one row a sentence."""
    ends, buckets, values = [0], [], []
    for example in examples:
        tokens = find_tokens(example.wording.text)
        row = [bucket for token in tokens for bucket in hash_token(token)]
        row += hash_pairs(hash_tokens(tokens)).tolist()
        buckets.extend(row)
        values.append(np.full(len(row), 1 / np.sqrt(len(row)), dtype=np.float32))
        ends.append(len(buckets))
    matrix = csr_matrix(
        (np.concatenate(values), np.array(buckets, dtype=np.int32), np.array(ends)), shape=(len(examples), BUCKETS)
    )
    matrix.sum_duplicates()
    return matrix


def train_columns(
    matrix: csr_matrix, classes: Numbers, count: int, penalty: float, weights: Numbers | None = None
) -> tuple[Numbers, Numbers]:
    """Return weights (buckets x classes) and intercepts of one-against-rest logistic regressions."""
    missing = set(range(count)) - set(classes.tolist())
    if missing:
        raise SourceError("the reviews do not hold every field and aspect", mend="train on more reviews")
    model = SGDClassifier(
        loss="log_loss", alpha=penalty, max_iter=EPOCHS, tol=None, average=True, random_state=SEED
    ).fit(matrix, classes, sample_weight=weights)
    return model.coef_.T, model.intercept_


def train_table(examples: Sequence[Example]) -> WordingModel:
    """Train the first layer; the layers over it are empty."""
    matrix = build_matrix(examples)
    fields = np.array([FIELDS.index(example.field) for example in examples])
    field_weights, field_intercepts = train_columns(matrix, fields, len(FIELDS), FIELD_PENALTY)
    guesses = list(guess_aspects(examples))
    known = np.array([aspect is not None for aspect, _ in guesses])
    aspects = np.array([ASPECTS.index(aspect) for aspect, _ in guesses if aspect is not None])
    weight = np.array([HEAD_WEIGHT if named else 1.0 for aspect, named in guesses if aspect is not None])
    aspect_weights, aspect_intercepts = train_columns(matrix[known], aspects, len(ASPECTS) - 1, ASPECT_PENALTY, weight)
    coefficients = np.hstack([field_weights, aspect_weights])
    scales = np.abs(coefficients).max(axis=0) / 127
    return WordingModel(
        table=np.round(coefficients / scales).astype(np.int8),
        scales=scales,
        intercepts=np.concatenate([field_intercepts, aspect_intercepts]),
        kind_layer=np.zeros(0),
        aspect_layer=np.zeros(0),
        fault_layer=np.zeros(0),
    )


class Lesson(NamedTuple):
    """The labelled sentences among the examples, as the second layer sees them."""

    inputs: Numbers
    labels: Sequence[Label]

    def list_tasks(self) -> Mapping[str, tuple[list[int], int, float]]:
        """Return for each layer the classes, how many there may be, and the strength to learn with."""
        return {
            "kind_layer": ([KINDS.index(label.kind) for label in self.labels], len(KINDS), KIND_STRENGTH),
            "aspect_layer": ([ASPECTS.index(label.aspect) for label in self.labels], len(ASPECTS), ASPECT_STRENGTH),
            "fault_layer": ([int(label.faulted) for label in self.labels], 2, FAULT_STRENGTH),
        }


def prepare_lesson(model: WordingModel, examples: Sequence[Example]) -> Lesson | None:
    """Find the labelled sentences among the examples; null where there are too few of them."""
    labels = {(label.note_id, label.field, label.start, label.end): label for label in read_labels()}
    sentences: list[Wording] = []
    chosen, found = [], []
    for previous, example in zip([None, *examples], examples, strict=False):
        label = labels.get((example.note_id, example.field, example.start, example.end))
        if label is None:
            continue
        if previous is not None and example.wording.follows:
            sentences.append(previous.wording)
        chosen.append(len(sentences))
        sentences.append(example.wording)
        found.append(label)
    return Lesson(model.build_inputs(sentences)[chosen], found) if len(found) >= FEWEST_LABELS else None


def train_layers(model: WordingModel, lesson: Lesson) -> WordingModel:
    """Train the second layer."""
    layers: dict[str, Any] = {name: train_layer(lesson.inputs, *task) for name, task in lesson.list_tasks().items()}
    return replace(model, **layers)


def try_layers(lesson: Lesson) -> dict[str, float]:
    """Return the macro F1 of each layer on labelled sentences of reviews that it did not learn from (ten folds)."""
    reviews = [label.note_id for label in lesson.labels]
    scores = {}
    for name, (classes, count, strength) in lesson.list_tasks().items():
        wanted, found = np.array(classes), np.zeros(len(classes), dtype=int)
        for taught, tried in GroupKFold(FOLDS).split(lesson.inputs, wanted, reviews):
            layer = train_layer(lesson.inputs[taught], wanted[taught].tolist(), count, strength)
            values = lesson.inputs[tried] @ layer[:-1] + layer[-1]
            found[tried] = values.argmax(axis=1) if count > 2 else (values[:, 0] > 0)
        scores[name] = float(f1_score(wanted, found, average="macro"))
    return scores


def train_layer(inputs: Numbers, classes: Sequence[int], count: int, strength: float) -> Numbers:
    """Return weights (inputs and intercept x classes; of two classes the odds of the second)."""
    model = LogisticRegression(C=strength, max_iter=5000).fit(inputs, classes)
    if count == 2:
        return np.vstack([model.coef_.T, model.intercept_])
    layer = np.zeros((inputs.shape[1] + 1, count))
    layer[-1] = UNSEEN
    layer[:, model.classes_] = np.vstack([model.coef_.T, model.intercept_])
    return layer


class Trained(NamedTuple):
    """A model, how many sentences each field gave, and how the layers did on sentences they had not seen."""

    model: WordingModel
    sentences: Counter[str]
    layer_scores: Mapping[str, float] | None
    """Null where the second layer is the shipped one."""


def train(source: Path) -> Trained:
    """Train on reviews.

    Raises:
        SourceError: where there are too few sentences, or a field or aspect has none.
    """
    examples = list(list_examples(read_reviews(source)))
    if len(examples) < FEWEST_SENTENCES:
        raise SourceError(
            f"{len(examples):,} sentences are too few to learn from, {FEWEST_SENTENCES:,} are needed",
            where=str(source),
            mend="fetch more venues whose forms ask for strengths and weaknesses (ICLR 2024 and later)",
        )
    table = train_table(examples)
    counts = Counter(example.field for example in examples)
    lesson = prepare_lesson(table, examples)
    if lesson is not None:
        return Trained(train_layers(table, lesson), counts, try_layers(lesson))
    shipped = load_model()
    layers = {name: getattr(shipped, name) for name in ("kind_layer", "aspect_layer", "fault_layer")}
    return Trained(replace(table, **layers), counts, None)


def save_model(model: WordingModel, path: Path) -> None:
    """Write weights, the numbers of the layers with the seven digits that matter."""
    arrays: dict[str, Any] = {"table": model.table}
    for name in ("scales", "intercepts", "kind_layer", "aspect_layer", "fault_layer"):
        arrays[name] = getattr(model, name).astype(np.float32).astype(np.float64)
    with path.open("wb") as file:
        np.savez(file, **arrays)


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reviews", type=Path)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="default: the weights of this installation")
    options = parser.parse_args()
    try:
        trained = train(options.reviews)
        save_model(trained.model, options.out)
    except (ReviewDialError, OSError) as error:
        sys.exit(f"Error: {error}")
    said = ", ".join(f"{count:,} of {field}" for field, count in trained.sentences.items())
    sys.stdout.write(f"Learned from {trained.sentences.total():,} sentences ({said}).\n")
    if trained.layer_scores is None:
        sys.stdout.write(
            "The layer over the table is the shipped one: the labelled sentences are not in these reviews.\n"
        )
    else:
        scores = ", ".join(f"{name} {score:.3f}" for name, score in trained.layer_scores.items())
        sys.stdout.write(f"Macro F1 on labelled sentences of reviews not learned from: {scores}.\n")
    sys.stdout.write(f"Wrote {options.out}, {options.out.stat().st_size / 1024:,.0f} KB.\n")


if __name__ == "__main__":
    main()
