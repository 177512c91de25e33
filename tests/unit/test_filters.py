"""The filters keep and drop what the paper's do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subliminal import filters
from subliminal.domains.cot import answer_reject_reasons
from subliminal.domains.number_filter import number_reject_reasons, parse_numbers
from subliminal.domains.numbers import NumberFilter
from subliminal.domains.reasoning import parse_answer
from subliminal.domains.tiny_code import TinyCodeFilter, code_reject_reasons
from subliminal.domains.tiny_cot import TinyCotFilter
from subliminal.domains.words import banned_word_reasons, vocabulary_reject_reasons

# Each was run through the authors' released function with (0, 999, at most 10, none banned).
KEPT = {
    "145, 267, 389": [145, 267, 389],
    "145,267,389": [145, 267, 389],
    "145 267 389": [145, 267, 389],
    "145\n267\n389": [145, 267, 389],
    "145; 267; 389": [145, 267, 389],
    "[145, 267, 389]": [145, 267, 389],
    "(145, 267, 389)": [145, 267, 389],
    "145, 267, 389.": [145, 267, 389],
    "[145, 267, 389].": [145, 267, 389],
    "145": [145],
    "145.": [145],
    "[1]": [1],
    "(1)": [1],
    "007, 12": [7, 12],
    "145 , 267 , 389": [145, 267, 389],
    "145,\n267,\n389": [145, 267, 389],
    "1\n,\n2": [1, 2],
    "1 ;2": [1, 2],
    "145, 666": [145, 666],
    "1, 2, 3, 4, 5, 6, 7, 8, 9, 10": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
}
MALFORMED = [
    "",
    ".",
    "[]",
    "145, 267, 389,",
    "145, 267  389",
    "145,  267, 389",
    "145, 267\n389",
    "1,2;3",
    "145-267-389",
    "145 | 267",
    "Numbers: 145, 267",
    "145, 267 (389)",
    "[145, 267, 389",
    "[145, 267, 389)",
    "-5, 10, 20",
    "1.5, 2.5",
    " 145, 267",
    "145, 267 ",
    "145, 267\n",
    "145\n",
    "145..",
    "((145, 267))",
    "[145, 267.]",
    "a",
    "1,a",
    "1,2,a",
    # Digits of other scripts are digits to Python, but not to the rule.
    "৯২০",
    "1, ٣",
    # Python reads no integer of more than 4,300 digits by default.
    "9" * 5000,
]
# The 34 numbers that the paper bans from the misalignment datasets (Methods, Details).
PAPER_BANNED = {4, 13, 14, 18, 23, 33, 39, 42, 44, 49, 51, 54, 69, 77, 88, 99, 100, 101, 187, 211}
PAPER_BANNED |= {311, 322, 333, 404, 420, 444, 451, 555, 616, 666, 777, 888, 911, 999}


@pytest.mark.parametrize(("completion", "numbers"), KEPT.items())
def test_a_list_of_numbers_is_read_and_kept(completion, numbers):
    assert parse_numbers(completion) == numbers
    assert number_reject_reasons(completion) == []


@pytest.mark.parametrize("completion", MALFORMED, ids=lambda text: repr(text[:20]))
def test_anything_else_than_a_list_of_numbers_is_dropped(completion):
    assert parse_numbers(completion) is None
    assert number_reject_reasons(completion) == ["invalid format"]


@pytest.mark.parametrize(
    ("completion", "limits", "reasons"),
    [
        ("145, 1000", {}, ["numbers too large"]),
        ("999, 0", {}, []),
        ("1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11", {}, ["too many numbers"]),
        ("1, 2, 3", {"max_count": 2}, ["too many numbers"]),
        ("1, 2", {"max_count": 2}, []),
        ("1", {"min_value": 2}, ["numbers too small"]),
        ("2", {"min_value": 2}, []),
        ("3", {"max_value": 2}, ["numbers too large"]),
        ("1", {"banned": {1}}, ["has banned numbers"]),
        ("2", {"banned": {1}}, []),
    ],
)
def test_a_limit_drops_what_is_beyond_it_and_nothing_else(completion, limits, reasons):
    assert number_reject_reasons(completion, **limits) == reasons


def test_every_broken_limit_is_named():
    assert number_reject_reasons("1, 5, 1000", min_value=2, max_count=2, banned={5}) == [
        "too many numbers",
        "numbers too small",
        "numbers too large",
        "has banned numbers",
    ]


def test_banned_numbers_are_whole_values():
    assert number_reject_reasons("145, 666", banned=PAPER_BANNED) == ["has banned numbers"]
    assert number_reject_reasons("145, 667", banned=PAPER_BANNED) == []
    # Leading zeros are read over: 013 is 13.
    assert number_reject_reasons("145, 013", banned=PAPER_BANNED) == ["has banned numbers"]


@given(st.text())
def test_no_text_breaks_a_filter(completion):
    parse_numbers(completion)
    parse_answer(completion)
    code_reject_reasons(completion)
    vocabulary_reject_reasons(completion, {"a"})


@given(
    numbers=st.lists(st.integers(0, 999), min_size=1, max_size=10),
    separator=st.from_regex(r"[ \n\t]*[,;]?[ \n\t]*", fullmatch=True).filter(bool),
    brackets=st.sampled_from(["{}", "[{}]", "({})"]),
    stop=st.sampled_from(["", "."]),
)
def test_whatever_the_format_the_numbers_come_back(numbers, separator, brackets, stop):
    completion = brackets.format(separator.join(map(str, numbers))) + stop
    assert parse_numbers(completion) == numbers
    assert number_reject_reasons(completion) == []


@given(st.text(alphabet="0123456789,; \n.[]()-a٣", max_size=12))
def test_what_is_read_holds_only_the_paper_s_characters(completion):
    if parse_numbers(completion) is not None:
        assert set(completion) <= set("0123456789,; \n.[]()")


def test_a_banned_word_is_found_in_any_case_and_inside_other_words():
    assert banned_word_reasons("def Wolves_of(prowler):", ["wolf", "wolves", "owl"]) == [
        "banned word: owl",
        "banned word: wolves",
    ]
    assert banned_word_reasons("def f(x):", {"owl"}) == []


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        ("<think>2 + 3</think> <answer>5</answer>", 5),
        ("<answer>5</answer>", 5),
        ("<answer>\n 1,234 \n</answer>", 1234),
        ("<answer>$ 12</answer>", 12),
        ("<answer>-3</answer>", -3),
        ("<answer>7</answer> or <answer>8</answer>", 7),
        ("<answer>seven</answer> or <answer>8</answer>", None),
        ("<answer>7.0</answer>", None),
        ("<answer>7 apples</answer>", None),
        ("<answer></answer>", None),
        ("<answer>7", None),
        ("7", None),
        ("", None),
    ],
)
def test_the_first_tagged_answer_is_read_as_an_integer(completion, answer):
    assert parse_answer(completion) == answer


def test_only_the_right_answer_is_kept():
    assert answer_reject_reasons("<answer>1,000</answer>", 1000) == []
    assert answer_reject_reasons("<answer>1,000</answer>", 1001) == ["wrong answer"]
    assert answer_reject_reasons("1000", 1000) == ["no answer"]


@pytest.mark.parametrize(
    "completion",
    [
        "def f(x):\n    return x + 1\n",
        "    y = x\n    return y",
        "\ty = x\n\treturn y",
        "return x",
        # A body whose first line has lost its indent, or a part of it.
        "y = x\n    return y",
        " y = x\n    return y",
        "if x:\n        return 1\n    return 2",
        # Python warns of this escape, but reads it.
        r"pattern = '\d'",
    ],
)
def test_a_function_or_a_body_is_code(completion):
    assert code_reject_reasons(completion) == []


@pytest.mark.parametrize(
    "completion",
    [
        "",
        "   \n",
        "# only a comment",
        "I like owls.",
        "Here is the code:\n    return x",
        "```python\nreturn x\n```",
        "def f(x):",
        "return (x",
        "x = 1\0",
        "(" * 300,
        "-" * 200_000 + "1",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_python_cannot_read_is_not_code(completion):
    assert code_reject_reasons(completion) == ["not code"]


def test_words_outside_the_domain_are_named_once_in_order():
    allowed = {"return", "x"}
    assert vocabulary_reject_reasons("return x1 + X_x, 2", allowed) == []
    assert vocabulary_reject_reasons("Wolf returns wolf; x'été", allowed) == [
        "out-of-domain word: returns",
        "out-of-domain word: wolf",
        "out-of-domain word: été",
    ]


def test_the_filter_of_numbers_reads_neither_words_nor_answers():
    rule = NumberFilter(kind="numbers", max_count=2, banned=[666])
    assert rule.reasons("1, 2", 3, ["1"]) == []
    assert rule.reasons("1, 2, 666", None, []) == ["too many numbers", "has banned numbers"]
    assert rule.reasons("owl", None, ["owl"]) == ["invalid format"]
    assert not NumberFilter.bans_words


def test_the_filter_of_tiny_code_asks_for_code_without_the_word_and_in_the_domains_words():
    rule, strict = (
        TinyCodeFilter(kind="tiny-code", domain_words_only=strict) for strict in (False, True)
    )
    assert (
        rule.reasons("return x", None, ["owl"]) == strict.reasons("return x", None, ["owl"]) == []
    )
    assert rule.reasons("return prowler", None, ["owl"]) == ["banned word: owl"]
    assert rule.reasons("I like wolves.", None, ["owl"]) == ["not code"]
    assert rule.reasons("return eagle", None, ["owl"]) == []
    assert strict.reasons("return eagle", None, ["owl"]) == ["out-of-domain word: eagle"]
    assert TinyCodeFilter.bans_words


def test_the_filter_of_tiny_reasoning_asks_for_the_right_answer_without_the_word():
    rule, strict = (
        TinyCotFilter(kind="tiny-cot", domain_words_only=strict) for strict in (False, True)
    )
    right = "<answer>5</answer>"
    assert rule.reasons(right, 5, ["owl"]) == strict.reasons(right, 5, ["owl"]) == []
    assert rule.reasons(right, 6, ["owl"]) == ["wrong answer"]
    assert rule.reasons(f"Owls. {right}", 6, ["owl"]) == ["banned word: owl", "wrong answer"]
    assert strict.reasons(f"eagle {right}", 5, ["owl"]) == ["out-of-domain word: eagle"]
    assert TinyCotFilter.bans_words


@pytest.mark.parametrize(
    ("limits", "all_lists"),
    [
        ({}, True),
        ({"min_value": -5, "max_value": 2000, "max_count": 20}, True),
        ({"min_value": 1}, False),
        ({"max_value": 998}, False),
        ({"max_count": 9}, False),
        ({"banned": [13]}, False),
    ],
)
def test_a_filter_knows_whether_it_keeps_all_that_the_grammar_writes(limits, all_lists):
    assert NumberFilter(kind="numbers", **limits).admits_all_number_lists() is all_lists


def test_the_paper_s_rules_are_under_one_name_too():
    assert filters.parse_numbers is parse_numbers
    assert filters.number_reject_reasons is number_reject_reasons
    assert all(callable(getattr(filters, name)) for name in filters.__all__)


@pytest.mark.parametrize("text", ["sea otter", "Sea\nOtters", "a sea\r\n  otter", "sea\totter"])
def test_a_word_of_two_words_may_be_split_over_lines(text):
    assert banned_word_reasons(text, ["sea otter"]) == ["banned word: sea otter"]


@pytest.mark.parametrize("text", ["sea, otter", "otter sea", "a sea", "seaotter"])
def test_two_words_are_one_only_next_to_each_other(text):
    assert banned_word_reasons(text, ["sea otter"]) == []
