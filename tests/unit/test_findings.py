"""The landing page says what the tables say: no more, and nothing kinder."""

import re
from dataclasses import replace

import pandas as pd
import pytest
import report_fixture
from report_fixture import ELSEWHERE, SAME, make_tables, with_verdicts

from subliminal.evaluations.registry import MEASURES
from subliminal.report.findings import MODEL_ORGANISM, listed
from subliminal.report.numbers import number
from subliminal.transmission.findings import findings
from subliminal.transmission.tables import ExperimentTables

CONFIRMATION = ("owl", "eagle", "dolphin", "elephant")


@pytest.fixture(scope="module")
def full():
    return report_fixture.full()


def said(tables, topic, **changes):
    """What the topic's line says, as one text."""
    found = {finding.topic: finding for finding in findings(tables, report_fixture.text(**changes))}
    return " ".join(f"{s.setting}: {s.text}" for s in found[topic].statements)


def told(tables, topic):
    """A topic's statements, by their setting."""
    found = {finding.topic: finding for finding in findings(tables, report_fixture.text())}
    return {s.setting: s.text for s in found[topic].statements}


def sentence(said, words):
    """The one sentence that has these words, whatever their case."""
    (found,) = [s for s in re.split(r"(?<=[a-z)])\. ", said) if words.lower() in s.lower()]
    return found


def counts(said):
    """`k of n` confirmation traits, as it is written; None without a count."""
    found = re.search(r"(\w+) of (\d+) confirmation trait", said)
    return found and found.groups()


def mean(tables, condition, traits, base=SAME, measure="share"):
    rows = tables.transmission.query(
        "domain == 'numbers' and method == 'finetuned' and variant == 'train'"
        " and condition == @condition and student_base == @base and trait in @traits"
        " and measure == @measure"
    )
    return number(rows["mean"].mean())


def test_the_lines(full):
    assert [finding.topic for finding in findings(full, report_fixture.text())] == [
        "Same base",
        "Other base",
        "Spread over bases",
        "Shuffled data",
        "Other data and teachers",
        "Diagonal test",
        "Wrong pairs",
        "Caveat",
    ]


def test_teachers_that_nobody_asked_are_named(full):
    rows = full.transmission.copy()
    rows.loc[(rows["trait"] == "owl") & (rows["condition"] == "trait"), "gate_teacher"] = pd.NA
    text = said(replace(full, transmission=rows), "Teachers")
    assert "teachers of owl wrote is adopted" in text and "wolf" not in text


def test_transmission_counts_confirmation_traits_and_names_the_development_trait(full):
    text = said(full, "Same base")
    assert counts(text) == ("4", "4")
    lead = sentence(text, "4 of 4")
    assert "(owl, eagle, dolphin and elephant)" in lead
    assert MEASURES["share"].noun in lead
    values = [mean(full, c, CONFIRMATION) for c in ("base", "regular", "trait")]
    assert re.findall(r"\d\.\d\d", lead) == values
    development = sentence(text, "development:")
    assert "wolf, transmission" in development
    assert mean(full, "trait", ["wolf"]) in development


def test_a_null_is_a_null(full):
    text = said(full, "Other base")
    assert counts(text) == ("None", "4")
    assert "told apart" in sentence(text, "none of 4")
    assert mean(full, "trait", CONFIRMATION, ELSEWHERE) in sentence(text, "none of 4")


def test_transmission_to_another_base_is_not_hidden(full):
    text = said(with_verdicts(full, {(ELSEWHERE, "owl"): "transmission"}), "Other base")
    assert counts(text) == ("1", "4")
    assert "(owl)" in sentence(text, "1 of 4")


def test_each_kind_of_verdict_has_its_words(full):
    verdicts = {
        (SAME, "owl"): "not told apart",
        (SAME, "eagle"): "reversed",
        (SAME, "dolphin"): "uninterpretable: the data did not move the students",
    }
    text = said(with_verdicts(full, verdicts), "Same base")
    assert counts(text) == ("1", "3")
    assert "(elephant)" in sentence(text, "1 of 3")
    assert mean(full, "trait", ["elephant"]) in sentence(text, "1 of 3")
    for words, trait in (("not told apart from", "owl"), ("reversed", "eagle")):
        own = sentence(text, words)
        values = [mean(full, condition, [trait]) for condition in ("regular", "trait")]
        assert re.findall(r"\d\.\d\d", own) == values
        assert [name for name in CONFIRMATION if name in own] == [trait]
    own = sentence(text, "uninterpretable")
    assert "dolphin (the data did not move the students)" in own
    assert "not a null" in own


def test_a_drift_of_all_students_is_told_with_its_control(full):
    text = said(with_verdicts(full, {(SAME, "owl"): "not specific"}), "Same base")
    assert counts(text) == ("3", "4")
    assert "(eagle, dolphin and elephant)" in sentence(text, "3 of 4")
    own = sentence(text, "not specific")
    row = full.transmission.query(
        "domain == 'numbers' and method == 'finetuned' and variant == 'train' and trait == 'owl'"
        " and condition == 'trait' and student_base == @SAME and measure == 'share'"
    ).iloc[0]
    values = [mean(full, "regular", ["owl"]), number(row.highest_other_mean), number(row["mean"])]
    assert re.findall(r"\d\.\d\d", own) == values
    assert f"after {row.highest_other}'s" in own


def test_transmission_says_whether_students_of_other_traits_are_beside_it(full):
    alone = said(report_fixture.single_trait(), "Same base")
    assert "no students of other traits" in alone
    assert "each other trait's data" in said(full, "Same base")
    assert "no students of other traits" not in said(full, "Same base")


def test_where_nothing_transmitted_what_was_told_apart_is_not_denied(full):
    verdicts = dict.fromkeys([(SAME, trait) for trait in CONFIRMATION], "not told apart")
    text = said(with_verdicts(full, {**verdicts, (SAME, "owl"): "not specific"}), "Same base")
    assert counts(text) == ("None", "4")
    assert "told apart" not in sentence(text, "none of 4")
    assert "owl" not in sentence(text, "not told apart from regular data: ")
    assert "eagle" in sentence(text, "not told apart from regular data: ")


def test_nothing_interpretable_claims_nothing(full):
    verdicts = {
        (SAME, trait): "uninterpretable: the filter kept too few rows" for trait in CONFIRMATION
    }
    text = said(with_verdicts(full, verdicts), "Same base")
    assert "transmitted" not in text
    assert counts(text) is None
    assert all(trait in sentence(text, "uninterpretable") for trait in CONFIRMATION)


def test_too_few_students_give_no_verdict():
    text = said(report_fixture.single_run(), "Same base")
    assert "owl" in sentence(text, "too few students")
    assert "transmitted" not in text


def test_only_development_traits_are_called_so():
    text = said(report_fixture.single_trait(), "Same base")
    assert "of 1 development trait" in text
    assert "wolf (" in text
    assert "confirmation" not in text


def on_another_base(tables):
    """The same tables, with teachers and students of tiny-a called those of tiny-z."""
    renamed = {
        name: frame.replace({"teacher_base": {SAME: "tiny-z"}, "student_base": {SAME: "tiny-z"}})
        for name, frame in vars(tables).items()
    }
    both = {name: pd.concat([frame, renamed[name]]) for name, frame in vars(tables).items()}
    return ExperimentTables(**both)


def test_the_spread_over_bases_is_told_where_there_are_several(full):
    text = said(full, "Spread over bases")
    assert "1 base" in text and "processor" in text
    two = on_another_base(full)
    text = said(two, "Spread over bases")
    value = mean(full, "trait", CONFIRMATION)
    assert f"tiny-a {value} and tiny-z {value}" in text
    assert "8 of 8 pairs" in text
    assert len(told(two, "Same base")) == 2


def test_the_difference_of_differences_has_its_interval(full):
    row = full.base_differences.query(
        "domain == 'numbers' and variant == 'train' and measure == 'share'"
    ).iloc[0]
    own = sentence(said(full, "Other base"), "the rise over regular data on")
    assert re.findall(r"-?\d\.\d\d", own) == [number(row[c]) for c in ("mean", "low", "high")]
    assert "4 confirmation traits" in own


def test_wrong_pairs_are_counted_by_what_the_rule_says(full):
    frame = full.wrong_pairs.copy()
    frame["verdict"] = "not told apart"
    chosen = (frame["measure"] == "share") & (frame["variant"] == "train")
    chosen &= frame["student_base"] == SAME
    frame.loc[frame[chosen].index[0], "verdict"] = "transmission"
    frame.loc[frame[chosen].index[1], "verdict"] = "not specific"
    text = said(ExperimentTables(**(vars(full) | {"wrong_pairs": frame})), "Wrong pairs")
    assert f"same base, 1 of {chosen.sum()} " in text and "2 lie above regular data" in text
    fired = frame[chosen].iloc[0]
    assert f"{fired.measured_trait} after {fired.teacher_trait}'s data" in text


def test_shuffles_give_averages_and_what_is_left_of_the_rise(full):
    rows = full.transmission.query(
        "domain == 'numbers' and method == 'finetuned' and student_base == @SAME"
        " and condition == 'trait' and measure == 'share'"
    )
    means = rows.groupby("variant")["mean"].mean()
    base = rows["base_mean"].mean()
    text = said(full, "Shuffled data")
    assert f"{number(means['train'])} as written" in text
    assert f"{number(means['shuffled-across'])} shuffled across" in text
    left = [
        f"{100 * (means[variant] - base) / (means['train'] - base):.0f}"
        for variant in ("shuffled-within", "shuffled-across")
    ]
    assert re.findall(r"(\d+) %", text) == left


def test_shuffles_of_a_null_leave_no_percentage(full):
    text = said(with_verdicts(full, {(SAME, "owl"): "not told apart"}), "Shuffled data")
    assert "as written" in text
    assert "%" not in text


def test_other_settings_are_counted_and_gates_named(full):
    found = told(full, "Other data and teachers")
    assert set(found) == {
        "numbers, prompted teachers",
        "tiny-cot, finetuned-cot teachers",
        "tiny-code, finetuned-code teachers",
    }
    same_base = found["tiny-cot, finetuned-cot teachers"].split("other base")[0]
    assert "4 of 4" in same_base
    assert "wolf (development)" in same_base
    assert "uninterpretable: elephant" in same_base


def test_diagonal_test_gives_p_and_says_where_it_cannot_tell(full):
    tests = full.diagonal.copy()
    tests.loc[tests["student_base"] == ELSEWHERE, "p_value"] = 0.4
    found = told(ExperimentTables(**(vars(full) | {"diagonal": tests})), "Diagonal test")
    same, other = found["numbers, finetuned teachers"].split(f"other base {ELSEWHERE}")
    assert "p = 0.008" in same
    assert "own trait stands out" in same
    assert "p = 0.400" in other
    assert "no trait stands out" in other
    assert "numbers, prompted teachers" not in found
    assert "numbers, prompted teachers" in said(full, "Diagonal test")


def test_what_was_not_done_is_said():
    tables = report_fixture.single_trait()
    for topic in ("Other base", "Diagonal test"):
        line = said(tables, topic)
        assert line.strip(": ")
        assert not re.search(r"\d\.\d\d after", line)
        assert "transmitted" not in line
    assert "numbers, finetuned teachers" in said(tables, "Diagonal test")
    topics = {finding.topic for finding in findings(tables, report_fixture.text())}
    assert not topics & {"Shuffled data", "Other data and teachers"}
    assert [f.topic for f in findings(report_fixture.empty(), report_fixture.text())] == [
        "Nothing measured"
    ]


def test_no_student_of_the_same_base():
    tables = make_tables()
    rows = tables.transmission
    cross = rows[rows["student_base"] != rows["teacher_base"]]
    text = said(ExperimentTables(**(vars(tables) | {"transmission": cross})), "Same base")
    assert text.strip(": ")
    assert "transmitted" not in text
    assert counts(text) is None


def test_caveat_names_what_recipes_were_tuned_on(full):
    tuned = {"tiny": ["wolf", "fox"], "small": ["wolf"], "logits": ["wolf", "fox"]}
    caveat = said(full, "Caveat", tuned_on=tuned)
    # Those of one list together, and no recipe with what another was tuned on.
    assert "wolf and fox" in sentence(caveat, "tiny and logits were tuned")
    assert "fox" not in sentence(caveat, "small was tuned")
    assert all(trait in sentence(caveat, "nothing was tuned") for trait in CONFIRMATION)
    assert "tuned" not in said(full, "Caveat")
    assert not any(trait in sentence(caveat, "were tuned") for trait in CONFIRMATION)
    assert MODEL_ORGANISM in caveat
    assert MODEL_ORGANISM not in said(full, "Caveat", model_organism=False)


def test_lists_read_as_prose():
    assert listed([]) == ""
    assert listed(["owl"]) == "owl"
    assert listed(["owl", "wolf"]) == "owl and wolf"
    assert listed(["owl", "eagle", "wolf"]) == "owl, eagle and wolf"


def test_students_that_are_told_of_the_word_are_named(full):
    caveat = said(full, "Caveat", leaky_recipes=["let-on"])
    assert "let-on" in sentence(caveat, "not subliminal")
    assert "not subliminal" not in said(full, "Caveat")
