"""The wording model: what it sees, that it is exact, and how it is taught."""

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import RecordError
from toolkit.normalizers.points.features import BUCKETS, find_tokens, hash_pairs, hash_token, hash_tokens
from toolkit.normalizers.points.lexicon import ASPECTS, KINDS, count_cues, find_words, load_lexicon
from toolkit.normalizers.points.model import COLUMNS, WEIGHTS, Wording, load_model, load_shipped_model
from toolkit.normalizers.points.training.examples import read_labels

SENTENCES = {
    "summary": "This work trains a {} network on {} images with a loss of its own.",
    "strengths": "The {} idea is novel and the {} results are clearly written up.",
    "weaknesses": "The {} experiments lack baselines and the {} proof has a flaw.",
    "questions": "Why is the {} code not released, and how does {} privacy matter?",
}
WORDS = ("small", "deep", "sparse", "round", "blue", "quick", "large", "plain", "odd", "new")


def word(text: str, *, follows: bool = False) -> Wording:
    return Wording(text, count_cues(find_words(text), load_lexicon()), follows)


@pytest.mark.parametrize("damage", ["missing", "not a file of arrays", "cut short"])
def test_weights_that_cannot_be_read_are_refused_with_the_mend(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "weights.npz"
    if damage == "not a file of arrays":
        path.write_bytes(b"hello")
    elif damage == "cut short":
        path.write_bytes(WEIGHTS.read_bytes()[:1000])
    with pytest.raises(RecordError, match="MODEL_CARD"):
        load_model(path)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    arrays = dict(np.load(WEIGHTS))
    np.savez(tmp_path / "weights.npz", **{**arrays, "scales": arrays["scales"][:-1]})  # type: ignore[arg-type]
    with pytest.raises(RecordError, match="scales of another shape"):
        load_model(tmp_path / "weights.npz")


def test_the_shipped_weights_are_under_a_megabyte() -> None:
    assert WEIGHTS.stat().st_size < 1_000_000


def test_probabilities_of_kinds_and_aspects_sum_to_one() -> None:
    reading = load_shipped_model().read([word("The method is sound."), word("Is it, though?", follows=True)])
    assert reading.kinds.shape == (2, len(KINDS))
    assert reading.aspects.shape == (2, len(ASPECTS))
    assert np.exp(reading.kinds).sum(axis=1) == pytest.approx(1)
    assert np.exp(reading.aspects).sum(axis=1) == pytest.approx(1)


def test_no_sentences_give_no_rows() -> None:
    assert load_shipped_model().read([]).kinds.shape == (0, len(KINDS))


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_a_sentence_is_measured_the_same_alone_and_in_company(texts: list[str]) -> None:
    """The table's sums come from a memory of words and one gather for all sentences; neither may show."""
    model = load_shipped_model()
    together = model.build_inputs([word(text) for text in texts])[:, :COLUMNS]
    for row, text in zip(together, texts, strict=True):
        tokens = find_tokens(text)
        buckets = [bucket for token in tokens for bucket in hash_token(token)]
        buckets += hash_pairs(hash_tokens(tokens)).tolist()
        sums = model.table[buckets].sum(axis=0, dtype=np.int64)
        assert np.array_equal(row, (sums * model.scales / np.sqrt(len(buckets)) + model.intercepts) / 2)


@given(st.lists(st.text(max_size=12), min_size=2, max_size=9))
def test_pairs_fall_into_the_table_and_depend_on_their_order(tokens: list[str]) -> None:
    buckets = hash_pairs(hash_tokens(tokens))
    assert len(buckets) == len(tokens) - 1
    assert buckets.max() < BUCKETS
    assert hash_pairs(hash_tokens(["a", "b"])) != hash_pairs(hash_tokens(["b", "a"]))


def test_the_sentence_before_is_heard_only_within_one_text() -> None:
    before = word("The proofs are wrong and the claims unsupported.")
    model = load_shipped_model()
    alone, first, after = (
        model.read(sentences).kinds[-1]
        for sentences in (
            [word("This is it.")],
            [before, word("This is it.")],
            [before, word("This is it.", follows=True)],
        )
    )
    assert np.allclose(alone, first)
    assert not np.allclose(alone, after)


def test_labels_are_places_of_sentences_each_named_once() -> None:
    labels = read_labels()
    places = {label[:3] for label in labels}
    assert len(places) == len(labels)
    assert all(label.start < label.end and label.kind in KINDS and label.aspect in ASPECTS for label in labels)
    assert {label.kind for label in labels} == set(KINDS)
    assert {label.aspect for label in labels} == set(ASPECTS)


def write_reviews(path: Path, count: int) -> Path:
    draws = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            fields = {
                name: "\n".join(sentence.format(*draws.choices(WORDS, k=2)) for _ in range(7))
                for name, sentence in SENTENCES.items()
            }
            topic = ASPECTS[number % 8]
            fields["weaknesses"] += f"\n- **{topic}**: The {topic} of this work is not good."
            file.write(json.dumps({"note_id": f"n{number}", **fields}) + "\n")
    return path


def run_training(reviews: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "toolkit.normalizers.points.training.train", str(reviews), "--out", str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_training_on_too_few_reviews_says_so_and_writes_nothing(tmp_path: Path) -> None:
    ended = run_training(write_reviews(tmp_path / "reviews.jsonl", 3), tmp_path / "w.npz")
    assert ended.returncode == 1
    assert "too few to learn from" in ended.stderr
    assert not (tmp_path / "w.npz").exists()


def test_training_on_what_is_no_review_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "reviews.jsonl").write_text('{"note_id": "n"}\n', encoding="utf-8")
    ended = run_training(tmp_path / "reviews.jsonl", tmp_path / "w.npz")
    assert "reviews.jsonl:1" in ended.stderr


def test_the_same_reviews_give_the_same_weights_which_tell_their_fields_apart(tmp_path: Path) -> None:
    reviews = write_reviews(tmp_path / "reviews.jsonl", 400)
    ended = [run_training(reviews, tmp_path / f"{name}.npz") for name in ("one", "two")]
    assert [item.returncode for item in ended] == [0, 0], ended[0].stderr
    assert "the shipped one" in ended[0].stdout
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    model = load_model(tmp_path / "one.npz")
    inputs = model.build_inputs([word(sentence.format("small", "odd")) for sentence in SENTENCES.values()])
    assert inputs[:, : len(SENTENCES)].argmax(axis=1).tolist() == [0, 1, 2, 3]
