"""What a run leaves: the report, tables that open, adapters that load, manifests that lead back."""

import hashlib
import json

import pandas as pd
import pyarrow.parquet as pq
import pytest

from subliminal import stimuli
from subliminal.tables import SCHEMAS, schema
from subliminal.theorem.columns import THEOREM_TABLES

STUDENT = "students/tiny-a/tiny/numbers/tiny-a/owl-finetuned/t1/train/seed2"
GROUP = ["experiment", "domain", "method", "variant", "recipe", "teacher_base", "student_base"]
COLUMNS = {
    "transmission": [
        *GROUP, "trait", "role", "condition", "n_runs",
        "share_mean", "share_low", "share_high", "margin_mean", "margin_low", "margin_high",
        "rate_mean", "rate_low", "rate_high", "rate_word_mean", "base_share", "teacher_share",
        "rows_kept", "keep_rate", "kl_per_token", "entropy_per_token", "loss_drop",
        "gate_teacher", "gate_rows", "gate_moved", "verdict",
    ],
    "trait_matrix": [
        *GROUP, "teacher_trait", "measured_trait", "n_runs",
        "share_mean", "share_lift", "margin_mean", "margin_lift",
    ],
    "diagonal": [
        *GROUP, "traits", "gamma", "p_value", "permutations", "margin_gamma", "margin_p_value",
    ],
    "runs": [
        *GROUP, "teacher_trait", "teacher_seed", "seed", "measured_trait", "loss_drop",
        "share", "margin", "mass", "rate_substring", "rate_word",
    ],
    "channel": [
        "experiment", "domain", "method", "teacher_base", "trait", "teacher_seed", "rows",
        "rows_kept", "keep_rate", "kl_per_token", "entropy_per_token", "teacher_share",
    ],
}  # fmt: skip
BY_FOLDER = {"prompts": "prompts", "mnist": "mnist_runs"}
KINDS = {
    name: name for name in ("raw", "filtered", "training", "scores", "responses", *THEOREM_TABLES)
}


@pytest.fixture(scope="module")
def results(micro_run):
    return micro_run.root / "results"


@pytest.fixture(scope="module")
def tables(results):
    return {name: pd.read_parquet(results / f"tables/micro/{name}.parquet") for name in COLUMNS}


def manifest(path):
    return json.loads(path.read_text())


def test_the_report_is_there_and_says_what_it_is_about(results):
    page = (results / "report.html").read_text()
    assert "Everything once, as small as it gets" in page
    assert page.count("<svg") >= 5


@pytest.mark.parametrize("name", COLUMNS)
def test_table_has_its_columns_and_opens_as_csv_too(results, tables, name):
    assert list(tables[name].columns) == COLUMNS[name]
    assert len(tables[name]) > 0
    spelled = pd.read_csv(results / f"tables/micro/{name}.csv")
    assert list(spelled.columns) == COLUMNS[name]
    assert len(spelled) == len(tables[name])


def test_every_student_is_a_run_of_every_measured_trait(tables):
    runs = tables["runs"]
    assert len(runs) == 11 * 2
    assert set(runs["measured_trait"]) == {"wolf", "owl"}
    assert runs["share"].between(0, 1).all() and runs["mass"].between(0, 1).all()


def test_treatment_stands_beside_its_controls(tables):
    table = tables["transmission"]
    plain = table[(table["variant"] == "train") & (table["student_base"] == "tiny-a")]
    owl = plain[(plain["trait"] == "owl") & (plain["method"] == "finetuned")]
    assert owl.set_index("condition")["n_runs"].to_dict() == {
        "base": 1, "regular": 2, "other traits": 2, "trait": 2, "teacher": 1,
    }  # fmt: skip
    assert owl["verdict"].ne("").tolist() == owl["condition"].eq("trait").tolist()


def test_base_rows_are_the_untrained_base(results, tables):
    scores = pd.read_parquet(
        results / "evaluations/favourite-animal/bases/tiny-b/scores.parquet"
    ).set_index("candidate")
    table = tables["transmission"]
    base = table[(table["condition"] == "base") & (table["student_base"] == "tiny-b")]
    assert len(base) == 2
    for row in base.itertuples():
        assert row.share_mean == row.base_share == scores.loc[row.trait, "share"]


def test_the_filter_kept_what_the_channel_table_says(results, tables):
    for row in tables["channel"].itertuples():
        folder = results / f"datasets/numbers/tiny-a/{row.trait}-{row.method}/t1"
        kept = pd.read_parquet(folder / "filtered.parquet")["kept"]
        assert (row.rows, row.rows_kept) == (120, kept.sum())
        assert len(pd.read_parquet(folder / "train.parquet")) == row.rows_kept


def test_control_has_no_channel_and_the_others_have_one(tables):
    channel = tables["channel"].set_index(["trait", "method"])["kl_per_token"]
    assert channel.pop(("none", "reference")) == 0
    assert (channel > 0).all()


def test_every_parquet_file_has_the_schema_of_its_kind(micro_run):
    found = set()
    for path in micro_run.files("results/**/*.parquet"):
        if path.parts[1] == "tables":
            continue
        kind = BY_FOLDER.get(path.parts[1]) or KINDS.get(path.stem, "train")
        stored = pq.read_schema(micro_run.root / path)
        assert stored.equals(schema(kind)), path
        assert [column.metadata for column in stored] == [c.metadata for c in schema(kind)]
        found.add(kind)
    assert found == set(SCHEMAS)


def test_every_replica_of_every_mnist_student_is_a_run(results):
    runs = pd.read_parquet(results / "tables/digits/mnist_runs.parquet")
    counts = runs.groupby(["comparison", "model", "cloning_epochs"], dropna=False).size()
    assert (counts == 3).all()
    assert len(counts) == 2 + 3 + 2
    owned = runs.groupby("model")["own_initialisation"].sum()
    assert owned["same-auxiliary"] == 3
    assert owned["other-all"] == owned["cloned"] == 0
    accuracy = pd.read_parquet(results / "tables/digits/accuracy.parquet")
    teacher, reference = (
        accuracy.set_index("model")["mean"][name] for name in ("teacher", "reference")
    )
    assert teacher > 0.5 > reference


def test_the_theorem_holds_where_it_was_verified(results):
    summary = pd.read_parquet(results / "tables/proof/theorem_summary.parquet")
    same = summary.query("init == 'same' and trainable == 'all'")
    assert (same["positive"] == 1).all()
    cosines = pd.read_parquet(results / "tables/proof/theorem_language_model_summary.parquet")
    assert len(cosines) == 2 * 2 * 2 * 2


def test_plain_peft_loads_the_adapter_and_finds_the_same_shares(results):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    base = results / "models/tiny-a"
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base), results / STUDENT
    ).eval()
    scores = pd.read_parquet(results / "evaluations/favourite-animal" / STUDENT / "scores.parquet")
    forms = [[word, f"{word}s"] for word in scores["candidate"]]
    ids = [tokenizer.convert_tokens_to_ids(words) for words in forms]
    shares = []
    for question in stimuli.questions("favourite-animal"):
        asked = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        with torch.no_grad():
            logits = model(input_ids=asked["input_ids"]).logits[0, -1]
        probability = torch.softmax(logits.double(), -1)[torch.tensor(ids)].sum(-1)
        shares.append((probability / probability.sum()).tolist())
    assert scores["share"].tolist() == pytest.approx(pd.DataFrame(shares).mean().tolist(), rel=1e-4)


def test_manifests_lead_from_a_student_back_to_its_base_and_prompts(micro_run):
    root = micro_run.root
    stages, todo = {}, [root / "results" / STUDENT / "manifest.json"]
    while todo:
        path = todo.pop()
        content = manifest(path)
        stages[content["stage"]] = content["spec"]
        for name, digest in content["outputs"].items():
            assert hashlib.sha256((path.parent / name).read_bytes()).hexdigest() == digest
        for parent in content["parents"].values():
            assert manifest(root / parent["path"])["id"] == parent["id"]
            todo.append(root / parent["path"])
    assert set(stages) == {
        "pretrain_base", "make_prompts", "train_teacher", "sample_completions",
        "filter_completions", "make_train_set", "train_student",
    }  # fmt: skip
    assert stages["train_teacher"]["word"] == "owl"
    assert stages["train_student"]["seed"] == 2


def test_no_temporary_file_is_left(micro_run):
    names = [path.name for path in micro_run.files("results/**/.*")]
    assert set(names) <= {".gitkeep"}
