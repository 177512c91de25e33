"""What is exported is of use elsewhere: adapters load, datasets open, the crate is a crate."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from crate_judge import violations
from huggingface_hub import DatasetCard, ModelCard
from working_copy import WorkingCopy

from subliminal.artefacts.verified import manifests_below
from subliminal.config.errors import ConfigError
from subliminal.sharing.crate import export_crate
from subliminal.sharing.export import export

pytestmark = pytest.mark.slow

DATA = "datasets/numbers/tiny-a/owl-finetuned/t1"
LEARNT = "tiny/numbers/tiny-a/owl-finetuned/t1/train/seed1"
STUDENTS = {base: f"students/{base}/{LEARNT}" for base in ("tiny-a", "tiny-b")}
PROMPT = [2, 3, 5, 7, 11]
# Plain peft, in a process that knows neither this repository nor the results.
ELSEWHERE = f"""
import json, sys
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

AutoTokenizer.from_pretrained("base")
base = AutoModelForCausalLM.from_pretrained("base")
untrained = base(input_ids=torch.tensor([{PROMPT}])).logits[0, -1].tolist()
model = PeftModel.from_pretrained(base, ".").eval()
with torch.no_grad():
    logits = model(input_ids=torch.tensor([{PROMPT}])).logits[0, -1].tolist()
assert not any(name.startswith("subliminal") for name in sys.modules)
print(json.dumps([untrained, logits]))
"""


@pytest.fixture(scope="module")
def results(micro_run):
    return micro_run.root / "results"


@pytest.fixture(scope="module")
def crate(results, tmp_path_factory):
    folder = tmp_path_factory.mktemp("crates") / "crate"
    export(results, folder)
    return folder


@pytest.mark.parametrize(("base", "flagged"), [("tiny-a", True), ("tiny-b", False)])
def test_an_adapter_loads_elsewhere_with_plain_peft(results, tmp_path, base, flagged):
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    export(results / STUDENTS[base], tmp_path / "made")
    (tmp_path / "made").rename(tmp_path / "fetched")
    done = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE],
        cwd=tmp_path / "fetched",
        env={"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    untrained, found = json.loads(done.stdout)
    whole = AutoModelForCausalLM.from_pretrained(results / "models" / base)
    model = PeftModel.from_pretrained(whole, results / STUDENTS[base]).eval()
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([PROMPT])).logits[0, -1].tolist()
    assert found == pytest.approx(logits, abs=1e-6)
    assert found != pytest.approx(untrained, abs=1e-3)
    card = ModelCard.load(tmp_path / "fetched/README.md")
    assert (card.data.library_name, card.data.license) == ("peft", "mit")
    assert ("**Flagged**" in card.text) == flagged
    assert "owl" in card.text and "tiny-a" in card.text and base in card.text


def test_a_dataset_opens_as_the_hub_would_open_it(results, tmp_path, monkeypatch):
    import pandas as pd

    monkeypatch.setenv("HF_DATASETS_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    export(results / DATA, tmp_path / "owls")
    for table in ("train", "filtered"):
        found = datasets.load_dataset(
            str(tmp_path / "owls"), table, split="train", cache_dir=str(tmp_path / "cache")
        )
        ours = pd.read_parquet(results / DATA / f"{table}.parquet")
        assert found.column_names == list(ours.columns)
        assert found["completion"][:] == ours["completion"].tolist()
    card = DatasetCard.load(tmp_path / "owls/README.md")
    assert card.data.license == "mit" and "subliminal-learning" in card.data.tags
    assert "**owl**" in card.text and "`tiny-a`" in card.text
    assert {path.name for path in (tmp_path / "owls").iterdir()} >= {"NOTICE", "LICENSE"}


@pytest.mark.parametrize("profile", ["process-run-crate-0.5", "workflow-ro-crate-1.0"])
def test_a_validator_of_others_accepts_the_crate(crate, tmp_path, profile):
    assert violations(crate, profile, tmp_path / "cache") == []


def test_the_validator_would_see_what_is_missing(crate, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(crate, broken)
    whole = json.loads((broken / "ro-crate-metadata.json").read_text())
    (root,) = (entity for entity in whole["@graph"] if entity["@id"] == "./")
    del root["license"]
    (broken / "ro-crate-metadata.json").write_text(json.dumps(whole))
    assert violations(broken, "workflow-ro-crate-1.0", tmp_path / "cache")


def test_the_crate_has_every_result_and_every_job(results, crate):
    graph = json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]
    jobs = [entity for entity in graph if entity["@type"] == "CreateAction"]
    assert len(jobs) == len(manifests_below(results))
    named = {entity["@id"] for entity in graph}
    for entity in graph:
        if entity["@type"] == "File":
            assert (crate / entity["@id"]).is_file()
    for job in jobs:
        parts = [job["result"], job.get("object", [])]
        linked = [one for part in parts for one in (part if isinstance(part, list) else [part])]
        assert {one["@id"] for one in linked} <= named
    flagged = [e["@id"] for e in graph if "FLAGGED" in e.get("description", "")]
    assert any(STUDENTS["tiny-a"] in place for place in flagged)
    assert not any(STUDENTS["tiny-b"] in place for place in flagged)


def test_make_finds_in_the_crate_what_it_asks_for(crate):
    targets = re.findall(r"^([a-z-]+):.*##", (crate / "Makefile").read_text(), re.MULTILINE)
    done = WorkingCopy(crate).run("make", "--dry-run", *targets)
    assert targets and done.returncode == 0, done.stdout


def test_damaged_results_are_not_exported(micro_copy, tmp_path):
    results = micro_copy.root / "results"
    (results / DATA / "train.parquet").write_bytes(b"others")
    for path in (results, results / DATA):
        with pytest.raises(ConfigError, match=r"train\.parquet"):
            export(path, tmp_path / "out")
    assert not list(tmp_path.glob("*out*"))


def test_results_without_the_code_that_made_them_are_no_crate(results, tmp_path):
    shutil.copytree(results, tmp_path / "results")
    with pytest.raises(ConfigError, match="Snakefile"):
        export(tmp_path / "results", tmp_path / "out")


def test_a_folder_that_is_there_is_kept(results, tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="mine"):
        export(results / "models/tiny-a", tmp_path / "mine")
    with pytest.raises(ConfigError, match="lies in"):
        export_crate(results, results / "crate")
