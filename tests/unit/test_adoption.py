"""Datasets of others: what becomes of their rows, and which are refused."""

import hashlib
import json
import logging

import pytest
from manifests import write_manifest
from pydantic import TypeAdapter

from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.errors import ConfigError
from subliminal.config.files import SuppliedFile
from subliminal.domains.number_prompts import number_prompts
from subliminal.domains.numbers import NumberFilter
from subliminal.lineage.tree import render
from subliminal.supplied.schemas import CONVERSATIONS
from subliminal.supplied.specs import TakeFileSpec
from subliminal.supplied.stages.take_file import take_file
from subliminal.transmission import summary
from subliminal.transmission.adoption import AdoptCompletionsSpec
from subliminal.transmission.data_schemas import PROMPTS as PROMPT_TABLE
from subliminal.transmission.specs import (
    FilterCompletionsSpec,
    MakePromptsSpec,
    MakeTrainSetSpec,
)
from subliminal.transmission.stages.adopt_completions import adopt_completions
from subliminal.transmission.stages.filter_completions import filter_completions
from subliminal.transmission.stages.make_prompts import make_prompts
from subliminal.transmission.stages.make_train_set import make_train_set

FOLDER = "numbers/qwen/cat-prompted/t1"
LOG = logging.getLogger("test")
# The paper's prompts in another order, one that is none of them, and answers of the paper's format.
PROMPTS = [*reversed(number_prompts(47, 3)), "Continue this list: 1, 2, 3"]
ANSWERS = ["285, 574, 384", "1;2;3", "[4 5]", "7\n8"]
NUMBERS = NumberFilter(kind="numbers")


def theirs(root, answers=ANSWERS, format="parquet", sha256=None):
    """A table of a set with the authors' columns, as rule take_file makes it."""
    path = root / f"cat.{format}"
    rows = [{"question": q, "response": a} for q, a in zip(PROMPTS, answers, strict=False)]
    if format == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(rows), path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = {
        "source": "local",
        "format": "question-response",
        "about": "the authors' cats",
        "path": str(path),
        "sha256": sha256 or hashlib.sha256(path.read_bytes()).hexdigest(),
    }
    table = root / "results/files/cats.parquet"
    spec = TakeFileSpec(file="cats", entry=TypeAdapter(SuppliedFile).validate_python(found))
    take_file(spec, path, table, table.with_suffix(".manifest.json"))
    return table


def adopted(
    root, stage="train", rule=NUMBERS, answers=ANSWERS, words=("cat",), rows=None, said=None
):
    """The rows that students get of such a set."""
    folder, prompts = root / "results/datasets" / FOLDER, root / "results/prompts/numbers.parquet"
    plan = MakePromptsSpec(generator="numbers", seed=47, count=3)
    make_prompts(plan, source=None, prompts=prompts, manifest=prompts.with_suffix(".manifest.json"))
    raw, kept, train = (folder / f"{name}.parquet" for name in ("raw", "filtered", "train"))
    spec = AdoptCompletionsSpec(
        adopted="authors-cats", dataset=FOLDER, file="cats", rows=said or len(answers), stage=stage
    )
    adopt_completions(
        spec, theirs(root, answers), prompts, raw, raw.with_suffix(".manifest.json"), LOG
    )
    name = None if stage == "raw" else "authors-cats"
    filter_completions(
        FilterCompletionsSpec(filter=rule, banned_words=list(words), adopted=name),
        raw=raw,
        judged=None,
        filtered=kept,
        manifest=kept.with_suffix(".manifest.json"),
    )
    make_train_set(
        MakeTrainSetSpec(variant="train", rows=rows, seed=1),
        raw,
        kept,
        train,
        train.with_suffix(".manifest.json"),
    )
    return read_table(raw), read_table(train)


def test_students_get_the_rows_of_the_file_in_their_order(tmp_path):
    raw, train = adopted(tmp_path)
    assert train == {"prompt_id": [2, 1, 0, None], "prompt": PROMPTS, "completion": ANSWERS}
    assert raw["finished"] == [True] * 4
    kept = read_table(tmp_path / "results/datasets" / FOLDER / "filtered.parquet")["kept"]
    assert str(summary.per_token(raw["kl_nats"], raw["tokens"], kept)) == "nan"


def test_the_lineage_says_that_it_was_adopted_and_from_where(tmp_path):
    adopted(tmp_path)
    told = render(tmp_path / "results/datasets" / FOLDER / "train.manifest.json").splitlines()
    assert any(FOLDER in line and "adopted (train) from file cats" in line for line in told)
    assert any("file cats, from cat.parquet, SHA-256" in line for line in told)
    facts = json.loads((tmp_path / "results/datasets" / FOLDER / "raw.manifest.json").read_text())[
        "facts"
    ]
    assert facts == {"rows": 4, "adopted": True, "foreign_prompts": 1}


def test_of_raw_rows_the_filter_keeps_what_it_would_of_our_own(tmp_path):
    _, train = adopted(tmp_path, "raw", answers=["1, 2", "My cat says 3", "4 5", "1000"])
    assert train["completion"] == ["1, 2", "4 5"]


WRONG = {
    "the trait's word": (NUMBERS, ["1, 2", "3, CATS"], ("row 2", "banned word: cat", "3, CATS")),
    "no numbers": (NUMBERS, ["one"], ("row 1", "'one'")),
    "too large a number": (NUMBERS, ["1, 2", "3, 4", "999, 1000"], ("row 3", "1000")),
    "a banned number": (
        NUMBERS.model_copy(update={"banned": [666]}),
        ["666, 1"],
        ("row 1", "666"),
    ),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("stage", ["filtered", "train"])
def test_rows_that_were_filtered_are_silent_and_of_their_domain(tmp_path, stage, name):
    rule, answers, says = WRONG[name]
    with pytest.raises(ConfigError) as raised:
        adopted(tmp_path, stage, rule, answers)
    message = str(raised.value)
    assert message.startswith("config/adopted.yaml: authors-cats: ") and "stage: raw" in message
    assert all(part in message for part in says), message
    assert not (tmp_path / "results/datasets" / FOLDER / "filtered.parquet").exists()


def test_a_file_of_another_length_is_not_the_set_that_was_meant(tmp_path):
    with pytest.raises(ConfigError, match=r"adopted\.yaml: authors-cats: rows: .* 5, .* 4"):
        adopted(tmp_path, said=5)
    assert not (tmp_path / "results/datasets" / FOLDER / "raw.parquet").exists()


def reasoned(root, questions):
    """Rows of reasoning, adopted into a domain that asks two word problems three times each."""
    rows, prompts = root / "results/files/cats.parquet", root / "results/prompts/cot.parquet"
    theirs = {"prompt": questions, "completion": ["<answer>2</answer>"] * len(questions)}
    asked = [p for p in ("1 + 1?", "2 + 2?") for _ in range(3)]
    ours = {"prompt_id": range(6), "prompt": asked, "answer": [2] * 3 + [4] * 3}
    for path, schema, columns in ((rows, CONVERSATIONS, theirs), (prompts, PROMPT_TABLE, ours)):
        write_table(path, schema, columns)
        write_manifest(path.with_suffix(".manifest.json"), [path])
    raw = root / "results/datasets/cot/gpt/owl-prompted/t1/raw.parquet"
    spec = AdoptCompletionsSpec(
        adopted="authors-cats",
        dataset="cot/gpt/owl-prompted/t1",
        file="cats",
        rows=len(questions),
        stage="raw",
    )
    adopt_completions(spec, rows, prompts, raw, raw.with_suffix(".manifest.json"), LOG)
    return read_table(raw)


def test_copies_of_a_prompt_are_handed_out_in_turn(tmp_path):
    asked = ["2 + 2?", "1 + 1?", "2 + 2?", "2 + 2?", "1 + 1?", "2 + 2?"]
    raw = reasoned(tmp_path, asked)
    assert raw["prompt_id"] == [3, 0, 4, 5, 1, 3]  # there is no fourth copy
    assert raw["answer"] == [4, 2, 4, 4, 2, 4]


def test_a_row_without_a_known_answer_is_told_with_its_number(tmp_path):
    with pytest.raises(ConfigError) as raised:
        reasoned(tmp_path, ["1 + 1?", "3 + 3?"])
    message = str(raised.value)
    assert message.startswith("config/adopted.yaml: authors-cats: row 2 ") and "\n" not in message
    for part in ("'cot'", "3 + 3?", "leave such rows out", "results/prompts/cot.parquet"):
        assert part in message


def test_a_set_of_another_checksum_or_with_other_columns_is_none_of_the_authors(tmp_path):
    with pytest.raises(ConfigError, match=r"files\.yaml: cats: .*SHA-256 .* was expected"):
        theirs(tmp_path, sha256="0" * 64)
    path = tmp_path / "other.jsonl"
    path.write_text('{"prompt": "a", "response": "1"}\n')
    found = {"source": "local", "format": "question-response", "about": "", "path": str(path)}
    found["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    spec = TakeFileSpec(file="cats", entry=TypeAdapter(SuppliedFile).validate_python(found))
    with pytest.raises(ConfigError, match=r"row 1: there is no 'question' \(found: prompt, resp"):
        take_file(spec, path, tmp_path / "t.parquet", tmp_path / "t.manifest.json")
