"""The shuffles move numbers and nothing else."""

import random
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subliminal import variants
from subliminal.domains.number_filter import parse_numbers
from subliminal.domains.number_variants import VARIANTS, shuffle_across, shuffle_within

ROWS = ["145, 267, 389", "[7, 08, 9, 10].", "42", "(1;2;3;4)", "500\n600\n700"]


def completion(numbers, separator, brackets, stop):
    return brackets.format(separator.join(numbers)) + stop


COMPLETIONS = st.builds(
    completion,
    st.lists(st.from_regex(r"[0-9]{1,3}", fullmatch=True), min_size=1, max_size=10),
    st.sampled_from([", ", ",", "; ", " ", "\n", ",\n"]),
    st.sampled_from(["{}", "[{}]", "({})"]),
    st.sampled_from(["", "."]),
)


def punctuation(text):
    return re.sub("[0-9]+", "#", text)


def as_written(text):
    return Counter(re.findall("[0-9]+", text))


# The rows were run through the authors' released shuffles with their seed, 1.
def test_shuffling_within_gives_the_authors_rows():
    assert shuffle_within(ROWS) == [
        "267, 389, 145",
        "[10, 08, 7, 9].",
        "42",
        "(1;3;2;4)",
        "600\n700\n500",
    ]


def test_shuffling_across_gives_the_authors_rows():
    assert shuffle_across(ROWS) == [
        "700, 3, 145",
        "[600, 10, 9, 7].",
        "1",
        "(42;4;8;267)",
        "500\n2\n389",
    ]


@given(st.lists(COMPLETIONS), st.integers(0, 9))
def test_shuffling_within_keeps_each_completions_numbers_and_punctuation(rows, seed):
    shuffled = shuffle_within(rows, seed)
    assert list(map(as_written, shuffled)) == list(map(as_written, rows))
    assert list(map(punctuation, shuffled)) == list(map(punctuation, rows))


@given(st.lists(COMPLETIONS), st.integers(0, 9))
def test_shuffling_across_keeps_the_pool_of_numbers_and_the_punctuation(rows, seed):
    shuffled = shuffle_across(rows, seed)
    pool = Counter(number for row in rows for number in parse_numbers(row))
    assert Counter(number for row in shuffled for number in parse_numbers(row)) == pool
    assert list(map(punctuation, shuffled)) == list(map(punctuation, rows))


def test_one_random_stream_runs_through_the_dataset():
    numbers = [str(number) for number in range(10)]
    rows = [" ".join(numbers)] * 3
    rng = random.Random(1)
    expected = []
    for _ in rows:
        order = numbers.copy()
        rng.shuffle(order)
        expected.append(" ".join(order))
    assert shuffle_within(rows) == expected
    assert len(set(expected)) == 3


@pytest.mark.parametrize("shuffle", VARIANTS.values(), ids=VARIANTS)
def test_another_seed_gives_another_order(shuffle):
    rows = [" ".join(map(str, range(10)))]
    assert shuffle(rows, 1) == shuffle(rows, 1) != shuffle(rows, 2)


@pytest.mark.parametrize("shuffle", VARIANTS.values(), ids=VARIANTS)
def test_a_row_that_the_filter_would_drop_is_an_error_that_names_it(shuffle):
    with pytest.raises(ValueError, match=r"row 1: 'owls' is not a list of numbers"):
        shuffle(["1, 2", "owls"], 1)


def test_the_variants_have_their_names():
    assert VARIANTS["shuffled-within"] is shuffle_within
    assert VARIANTS["shuffled-across"] is shuffle_across
    assert variants.shuffle_within is shuffle_within
    assert variants.shuffle_across is shuffle_across
