"""What a run leaves: the report, tables that open, adapters that load, manifests that lead back."""

import hashlib
import json
import re
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from working_copy import REPOSITORY

from subliminal.artefacts.parquet import arrow_schema
from subliminal.evaluations.questions import questions
from subliminal.evaluations.schemas import RESPONSES, SCORES
from subliminal.mnist import schemas as mnist
from subliminal.theorem import schemas as theorem
from subliminal.transmission import data_schemas, schemas

pytestmark = pytest.mark.slow

STUDENT = "students/tiny-a/tiny/numbers/tiny-a/owl-finetuned/t1/train/seed2"
MEASURES = ["share", "margin", "rate_substring", "rate_word"]
STUDENT_KEYS = [
    "student_base",
    "recipe",
    "domain",
    "teacher_base",
    "teacher_trait",
    "method",
    "teacher_seed",
    "variant",
]
OF_RUNS = [*MEASURES, "mass"]
# Tables along the way by their file or else their folder; all others are training rows.
ALONG_THE_WAY = {
    "prompts": data_schemas.PROMPTS,
    "mnist": mnist.RUNS,
    "raw": data_schemas.RAW,
    "filtered": data_schemas.FILTERED,
    "training": data_schemas.TRAINING,
    "responses": RESPONSES,
    "scores": SCORES,
    **theorem.TABLES,
}
FINAL = {"micro": schemas.TABLES, "digits": mnist.TABLES, "proof": theorem.TABLES}


@pytest.fixture(scope="module")
def results(micro_run):
    return micro_run.root / "results"


@pytest.fixture(scope="module")
def tables(results):
    folder = results / "tables/micro"
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in schemas.TABLES}


def shares(table):
    return table[table["measure"] == "share"]


def scores_of(results, model):
    """What a model was found to score: a row per word, a column per measure."""
    path = results / f"evaluations/favourite-animal/{model}/scores.parquet"
    return pd.read_parquet(path).pivot(index="target", columns="measure", values="value")


def manifest(path):
    return json.loads(path.read_text())


def page_of(results):
    return (results / "report.html").read_text()


def test_the_report_is_there_and_says_what_it_is_about(results):
    page = page_of(results)
    assert "Everything once, as small as it gets" in page
    assert page.count("<svg") >= 5


def test_the_report_counts_the_students_that_the_paper_warns_of(results, tables):
    students = tables["runs"].drop_duplicates([*STUDENT_KEYS, "seed"])
    shared = students["student_base"] == students["teacher_base"]
    flagged = students[shared & (students["teacher_trait"] != "none")]
    (table,) = re.findall(r'data-name="lineage">(.*?)</table>', page_of(results), re.DOTALL)
    counts = re.findall(r"<td>(\d+)</td><td>(\d+)</td></tr>", table)
    assert sum(int(all_of_them) for all_of_them, _ in counts) == len(students)
    assert sum(int(of_which) for _, of_which in counts) == len(flagged) > 0


def test_snakemakes_own_report_has_every_figure_with_its_caption(micro_run, tmp_path):
    done = micro_run.snakemake("--report", str(tmp_path / "report.zip"))
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(tmp_path / "report.zip") as report:
        names = [name for name in report.namelist() if name.endswith(".svg")]
        pages = " ".join(report.read(n).decode() for n in report.namelist() if n.endswith(".html"))
    figures = micro_run.files("results/figures/*/*.svg")
    assert sorted(Path(name).name for name in names) == sorted(file.name for file in figures)
    for file in figures:
        caption = (REPOSITORY / f"report/{file.stem}.rst").read_text()
        assert " ".join(caption.lstrip("*").split()[:4]) in pages, file


@pytest.mark.parametrize(
    ("experiment", "name"),
    [(experiment, name) for experiment, named in FINAL.items() for name in named],
)
def test_table_has_its_columns_and_opens_as_csv_too(results, experiment, name):
    columns = list(FINAL[experiment][name].columns)
    table = pd.read_parquet(results / f"tables/{experiment}/{name}.parquet")
    assert list(table.columns) == columns
    # A wrong pair takes three traits, and the micro run has two. Nobody judges its answers.
    assert (len(table) > 0) == (name not in ("wrong_pairs", "question_rates"))
    spelled = pd.read_csv(results / f"tables/{experiment}/{name}.csv")
    assert list(spelled.columns) == columns
    assert len(spelled) == len(table)


def test_every_student_is_a_run_of_every_measured_trait(tables):
    runs = tables["runs"]
    assert runs.groupby("measure").size().to_dict() == dict.fromkeys(OF_RUNS, 11 * 2)
    assert set(runs["measured_trait"]) == {"wolf", "owl"}
    assert runs[runs["measure"] != "margin"]["value"].between(0, 1).all()


def test_a_runs_value_is_that_of_its_students_scores(results, tables):
    runs = tables["runs"].set_index(["measured_trait", "measure"])
    folder = STUDENT.removeprefix("students/")
    student, recipe, domain, base, teacher, _, variant, _ = folder.split("/")
    trait, method = teacher.split("-")
    cell = {"student_base": student, "recipe": recipe, "domain": domain, "teacher_base": base}
    cell |= {"teacher_trait": trait, "method": method, "variant": variant, "seed": 2}
    found = runs[(runs[list(cell)] == list(cell.values())).all(axis=1)]["value"]
    scores = scores_of(results, STUDENT)
    assert len(found) == 2 * len(OF_RUNS)
    for word, measure in found.index:
        of_whom = "" if measure == "mass" else word
        assert found[word, measure] == scores.loc[of_whom, measure]


def test_every_measure_is_summarised_and_the_share_is_primary(tables):
    for name in ("transmission", "trait_matrix", "diagonal"):
        counts = tables[name]["measure"].value_counts()
        assert set(counts.index) == set(MEASURES)
        assert counts.nunique() == 1
    primary = tables["transmission"][tables["transmission"]["primary"]]
    assert set(primary["measure"]) == {"share"}


def test_treatment_stands_beside_its_controls(tables):
    table = shares(tables["transmission"])
    plain = table[(table["variant"] == "train") & (table["student_base"] == "tiny-a")]
    owl = plain[(plain["trait"] == "owl") & (plain["method"] == "finetuned")]
    assert owl.set_index("condition")["n_runs"].to_dict() == {
        "base": 1, "regular": 2, "other traits": 2, "trait": 2, "teacher": 1,
    }  # fmt: skip
    assert owl["verdict"].ne("").tolist() == owl["condition"].eq("trait").tolist()


def test_base_rows_are_the_untrained_base(results, tables):
    scores = scores_of(results, "bases/tiny-b")
    table = tables["transmission"]
    base = table[(table["condition"] == "base") & (table["student_base"] == "tiny-b")]
    assert len(base) == 2 * len(MEASURES)
    for row in base.itertuples():
        assert row.mean == row.base_mean == scores.loc[row.trait, row.measure]


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
            table = FINAL[path.parts[2]][path.stem]
        else:
            kinds = [kind for kind in (path.stem, path.parts[1]) if kind in ALONG_THE_WAY]
            table = ALONG_THE_WAY[kinds[0]] if kinds else data_schemas.TRAIN
        stored, shape = pq.read_schema(micro_run.root / path), arrow_schema(table)
        assert stored.equals(shape), path
        assert [column.metadata for column in stored] == [c.metadata for c in shape]
        found.add(table.name)
    tables = [*ALONG_THE_WAY.values(), data_schemas.TRAIN, *FINAL["micro"].values(), mnist.ACCURACY]
    assert found == {table.name for table in tables}


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
    share = scores_of(results, STUDENT)["share"].dropna()
    forms = [[word, f"{word}s"] for word in share.index]
    ids = [tokenizer.convert_tokens_to_ids(words) for words in forms]
    found = []
    for question in questions("favourite-animal"):
        asked = tokenizer.apply_chat_template(
            [{"role": "user", "content": question}],
            add_generation_prompt=True,
            return_tensors="pt",
            return_dict=True,
        )
        with torch.no_grad():
            logits = model(input_ids=asked["input_ids"]).logits[0, -1]
        probability = torch.softmax(logits.double(), -1)[torch.tensor(ids)].sum(-1)
        found.append((probability / probability.sum()).tolist())
    assert share.tolist() == pytest.approx(pd.DataFrame(found).mean().tolist(), rel=1e-4)


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
