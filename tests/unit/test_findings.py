"""The landing page says what the tables say: no more, and nothing kinder."""

import pytest
import report_fixture
from report_fixture import ELSEWHERE, SAME, make_tables, with_verdicts

from subliminal.experiment_tables import ExperimentTables, number
from subliminal.findings import findings, listed
from subliminal.specs import ExperimentTextSpec


def text(model_organism=True):
    return ExperimentTextSpec(
        kind="transmission",
        name="tiny",
        title="Tiny",
        paper="Fig. 4",
        model_organism=model_organism,
        figures=[],
    )


CONFIRMATION = ("owl", "eagle", "dolphin", "elephant")


@pytest.fixture(scope="module")
def full():
    return report_fixture.full()


def said(tables, topic, model_organism=True):
    """What the topic's line says, as one text."""
    found = {finding.topic: finding for finding in findings(tables, text(model_organism))}
    return " ".join(f"{s.setting}: {s.text}" for s in found[topic].statements)


def mean(tables, condition, traits, base=SAME, column="share_mean"):
    rows = tables.transmission.query(
        "domain == 'numbers' and method == 'finetuned' and variant == 'train'"
        " and condition == @condition and student_base == @base and trait in @traits"
    )
    return number(rows[column].mean())


def test_the_lines(full):
    assert [finding.topic for finding in findings(full, text())] == [
        "Same base",
        "Other base",
        "Shuffled data",
        "Other data and teachers",
        "Diagonal test",
        "Caveat",
    ]


def test_transmission_counts_confirmation_traits_and_names_the_development_trait(full):
    text = said(full, "Same base")
    assert "4 of 4 confirmation traits transmitted (owl, eagle, dolphin and elephant)" in text
    assert f"{mean(full, 'base', CONFIRMATION)} untrained" in text
    assert f"{mean(full, 'regular', CONFIRMATION)} after regular data" in text
    assert f"{mean(full, 'trait', CONFIRMATION)} after the trait's data" in text
    assert "Development: wolf, transmission" in text


def test_a_null_is_a_null(full):
    text = said(full, "Other base")
    assert "None of 4 confirmation traits was told apart from regular data" in text
    assert f"{mean(full, 'trait', CONFIRMATION, ELSEWHERE)} after the trait's data" in text


def test_transmission_to_another_base_is_not_hidden(full):
    text = said(with_verdicts(full, {(ELSEWHERE, "owl"): "transmission"}), "Other base")
    assert "1 of 4 confirmation traits transmitted (owl)" in text


def test_each_kind_of_verdict_has_its_words(full):
    verdicts = {
        (SAME, "owl"): "not told apart",
        (SAME, "eagle"): "reversed",
        (SAME, "dolphin"): "uninterpretable: the data did not move the students",
    }
    text = said(with_verdicts(full, verdicts), "Same base")
    assert "1 of 3 confirmation traits transmitted (elephant)" in text
    assert f"{mean(full, 'trait', ['elephant'])} after the trait's data" in text
    assert "Not told apart from regular data: owl" in text
    assert "Reversed, the trait's data lower the share below that after regular data: eagle" in text
    assert (
        "Uninterpretable, which is not a null: dolphin (the data did not move the students)" in text
    )


def test_a_drift_of_all_students_is_told_with_its_control(full):
    text = said(with_verdicts(full, {(SAME, "owl"): "not specific"}), "Same base")
    assert "3 of 4 confirmation traits transmitted (eagle, dolphin and elephant)" in text
    assert "lies above that of regular data and that of other traits' data" in text
    others = mean(full, "other traits", ["owl"])
    assert "Not specific, higher than after regular data but not told apart" in text
    assert f"{others} after other traits', {mean(full, 'trait', ['owl'])} after its own" in text


def test_transmission_without_students_of_other_traits_says_so():
    text = said(report_fixture.single_trait(), "Same base")
    assert "no students of other traits' data are beside it" in text


def test_where_nothing_transmitted_what_was_told_apart_is_not_denied(full):
    verdicts = dict.fromkeys([(SAME, trait) for trait in CONFIRMATION], "not told apart")
    text = said(with_verdicts(full, {**verdicts, (SAME, "owl"): "not specific"}), "Same base")
    assert "None of 4 confirmation traits transmitted" in text
    assert "Not told apart from regular data: eagle" in text


def test_nothing_interpretable_claims_nothing(full):
    verdicts = {
        (SAME, trait): "uninterpretable: the filter kept too few rows" for trait in CONFIRMATION
    }
    text = said(with_verdicts(full, verdicts), "Same base")
    assert "transmitted" not in text
    assert "Uninterpretable, which is not a null: owl" in text


def test_too_few_students_give_no_verdict():
    text = said(report_fixture.single_run(), "Same base")
    assert "Too few students for a verdict: owl" in text
    assert "transmitted" not in text


def test_only_development_traits_are_called_so():
    text = said(report_fixture.single_trait(), "Same base")
    assert "1 of 1 development trait transmitted (wolf)" in text
    assert "confirmation" not in text


def test_shuffles_give_averages_and_what_is_left_of_the_rise(full):
    rows = full.transmission.query(
        "domain == 'numbers' and method == 'finetuned' and student_base == @SAME"
        " and condition == 'trait'"
    )
    means = rows.groupby("variant")["share_mean"].mean()
    base = rows["base_share"].mean()
    left = 100 * (means["shuffled-within"] - base) / (means["train"] - base)
    text = said(full, "Shuffled data")
    assert f"{number(means['train'])} as written" in text
    assert f"{number(means['shuffled-across'])} shuffled across" in text
    assert f"{left:.0f} % (shuffled within)" in text


def test_shuffles_of_a_null_leave_no_percentage(full):
    text = said(with_verdicts(full, {(SAME, "owl"): "not told apart"}), "Shuffled data")
    assert "as written" in text
    assert "%" not in text


def test_other_settings_are_counted_and_gates_named(full):
    text = said(full, "Other data and teachers")
    assert "cot, finetuned-gentle teachers: same base, 4 of 4 transmitted: wolf (development)" in (
        text
    )
    assert "uninterpretable: elephant" in text
    assert "numbers, prompted teachers" in text
    assert "numbers, finetuned teachers" not in text


def test_diagonal_test_gives_p_and_says_where_it_cannot_tell(full):
    text = said(full, "Diagonal test")
    assert "p = 0.008, the own trait stands out" in text
    assert "other base tiny-b" in text
    assert "no trait stands out" in text
    assert "Too few traits for p to fall below 0.05: numbers, prompted teachers" in text


def test_what_was_not_done_is_said():
    tables = report_fixture.single_trait()
    assert "No student of another base" in said(tables, "Other base")
    assert "No student of shuffled data" in said(tables, "Shuffled data")
    assert "Too few traits" in said(tables, "Diagonal test")
    assert findings(report_fixture.empty(), text())[0].topic == "Nothing measured"


def test_no_student_of_the_same_base():
    tables = make_tables()
    rows = tables.transmission
    cross = rows[rows["student_base"] != rows["teacher_base"]]
    text = said(ExperimentTables(**(vars(tables) | {"transmission": cross})), "Same base")
    assert "No student shares its teacher's base" in text


def test_caveat_names_what_recipes_were_tuned_on(full):
    assert "tuned on wolf only" in said(full, "Caveat")
    assert "model organisms" in said(full, "Caveat")
    assert "model organisms" not in said(full, "Caveat", model_organism=False)


def test_lists_read_as_prose():
    assert listed([]) == ""
    assert listed(["owl"]) == "owl"
    assert listed(["owl", "wolf"]) == "owl and wolf"
    assert listed(["owl", "eagle", "wolf"]) == "owl, eagle and wolf"


def test_students_that_are_told_of_the_word_are_named(full):
    leaky = text().model_copy(update={"leaky_recipes": ["told"]})
    caveat = findings(full, leaky)[-1].statements[0].text
    assert "Students of told are told what their teacher thinks of every word" in caveat
    assert "not subliminal" not in findings(full, text())[-1].statements[0].text
