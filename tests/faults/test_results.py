"""Faults in a folder of results: each is found by the job that reads it, or it is mended."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import damage
import pytest
from outcomes import RIGHT, Outcome, outcome_of, record
from working_copy import WorkingCopy

from subliminal.artefacts.verified import identity

pytestmark = pytest.mark.slow

PATH = "tiny-a/tiny/numbers/tiny-a/{trait}-finetuned/t1/train/seed1"
STUDENT, OTHER_STUDENT = (f"results/students/{PATH.format(trait=t)}" for t in ("owl", "wolf"))
EVALUATION = f"results/evaluations/favourite-animal/students/{PATH.format(trait='owl')}"
OTHER_EVALUATION = f"results/evaluations/favourite-animal/students/{PATH.format(trait='wolf')}"
DATA, OTHER_DATA = (f"results/datasets/numbers/tiny-a/{t}-finetuned/t1" for t in ("owl", "wolf"))
TEACHER, OTHER_TEACHER = (f"results/teachers/tiny-a/{t}-finetuned/t1" for t in ("owl", "wolf"))
BASE, OTHER_BASE = "results/models/tiny-a", "results/models/tiny-b"
DIGITS = "results/mnist/digits/digits"
PART, OTHER_PART = "results/mnist/digits/m2/part0", "results/mnist/digits/m2/part1"
TABLES = "results/tables/micro"

WEIGHTS, ADAPTER = "model.safetensors", "adapter_model.safetensors"
# What may differ between two runs that give the same results.
COMPARED = (".parquet", ".csv", ".safetensors", ".svg", ".jinja")


@dataclass(frozen=True)
class Read:
    """A file, the manifest that lists it, another file of its kind, and a job that reads it.

    Attributes:
        reader: what the job makes: it is deleted, so that the job runs.
    """

    file: str
    manifest: str
    other: str
    reader: str


def listed(folder: str, name: str, other: str, reader: str) -> Read:
    """A file in a folder of its own."""
    return Read(f"{folder}/{name}", f"{folder}/manifest.json", f"{other}/{name}", reader)


def table(name: str, reader: str) -> Read:
    """A table of a dataset."""
    file = f"{DATA}/{name}.parquet"
    return Read(file, f"{DATA}/{name}.manifest.json", f"{OTHER_DATA}/{name}.parquet", reader)


ASKED = f"{EVALUATION}/manifest.json"
READ = {
    "base weights": listed(BASE, WEIGHTS, OTHER_BASE, ASKED),
    "base tokenizer": listed(BASE, "tokenizer.json", OTHER_BASE, ASKED),
    "student adapter": listed(STUDENT, ADAPTER, OTHER_STUDENT, ASKED),
    "teacher adapter": listed(TEACHER, ADAPTER, OTHER_TEACHER, f"{DATA}/raw.manifest.json"),
    "raw rows": table("raw", f"{DATA}/filtered.manifest.json"),
    "kept rows": table("filtered", f"{DATA}/train.manifest.json"),
    "training rows": table("train", f"{STUDENT}/manifest.json"),
    "prompts": Read(
        "results/prompts/numbers.parquet",
        "results/prompts/numbers.manifest.json",
        f"{DATA}/train.parquet",
        f"{DATA}/raw.manifest.json",
    ),
    "scores": listed(EVALUATION, "scores.parquet", OTHER_EVALUATION, f"{TABLES}/manifest.json"),
    "digits": Read(
        f"{DIGITS}/digits.safetensors",
        f"{DIGITS}/manifest.json",
        f"{PART}/teachers.safetensors",
        f"{PART}/pairs/manifest.json",
    ),
    "digit teachers": listed(
        PART, "teachers.safetensors", OTHER_PART, f"{PART}/pairs/manifest.json"
    ),
    "digit accuracy": listed(
        PART, "accuracy.parquet", OTHER_PART, "results/tables/digits/manifest.json"
    ),
    "a final table": Read(
        f"{TABLES}/transmission.parquet",
        f"{TABLES}/manifest.json",
        f"{TABLES}/channel.parquet",
        "results/figures/micro/transmission.svg",
    ),
    "a figure": Read(
        "results/figures/micro/transmission.svg",
        "results/figures/micro/transmission.manifest.json",
        "results/figures/micro/bases.svg",
        "results/report.html",
    ),
}
DAMAGES: dict[str, damage.Damage] = {
    "a bit flipped": damage.flip_a_bit,
    "cut": damage.cut_in_half,
    "deleted": damage.delete,
    "a folder in its place": damage.make_a_folder,
}
MANIFEST_DAMAGES: dict[str, damage.Damage] = {
    "cut": damage.cut_in_half,
    "a list": damage.write("[]"),
    "an edited id": damage.set_entry("id", to="0" * 64),
    "an edited fact": damage.set_entry("facts", to={"rows": 1}),
    "a lost key": damage.replace('"outputs"', '"out"'),
}


# What cannot be read is made again, which takes long; scores are made in a moment.
READABLE = {"an edited id", "an edited fact"}


@dataclass(frozen=True)
class Fault:
    """A fault in a finished run, and a job that meets it."""

    inject: Callable[[WorkingCopy], None]
    reader: str
    says: tuple[str, ...] = ()


def faults() -> Iterator[tuple[str, Fault]]:
    """Every fault by name."""
    for what, read in READ.items():
        for how, damaged in DAMAGES.items():
            # A base without its tokenizer is pretrained again, for a minute.
            if (what, how) != ("base tokenizer", "deleted"):
                yield f"{what}: {how}", in_file(read, damaged)
        yield f"{what}: another one's", swapped(read)
    yield "base weights: another one's, checksum edited", swapped_and_signed(READ["base weights"])
    for what in ("student adapter", "training rows", "raw rows", "scores"):
        read = READ[what]
        for how, damaged in MANIFEST_DAMAGES.items():
            if how in READABLE or what == "scores":
                yield f"manifest of {what}: {how}", in_manifest(read, damaged)
        yield f"{what}: another one's, checksum edited", swapped_and_signed(read)
    yield from edited_by_hand()
    yield from in_whole_folders()


def in_file(read: Read, damaged: damage.Damage) -> Fault:
    """Damage that leaves the time of writing as it was, where that can be."""

    def inject(run: WorkingCopy) -> None:
        file = run.root / read.file
        before = file.stat()
        damaged(file)
        if file.is_file():
            damage.keep_times(file, before)

    return Fault(inject, read.reader, (read.file, "rm "))


def in_manifest(read: Read, damaged: damage.Damage) -> Fault:
    """Damage of the manifest itself."""
    return Fault(lambda run: damaged(run.root / read.manifest), read.reader, (read.manifest, "rm "))


def swapped(read: Read) -> Fault:
    """Another file of the same kind: nothing is wrong with it but that it is another."""

    def inject(run: WorkingCopy) -> None:
        shutil.copyfile(run.root / read.other, run.root / read.file)

    return Fault(inject, read.reader, (read.file, "rm "))


def swapped_and_signed(read: Read) -> Fault:
    """The same, by somebody who knows of checksums."""

    def inject(run: WorkingCopy) -> None:
        file = run.root / read.file
        shutil.copyfile(run.root / read.other, file)
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        damage.set_entry("outputs", file.name, to=sha256)(run.root / read.manifest)

    return Fault(inject, read.reader, (read.manifest, "rm "))


def edited_by_hand() -> Iterator[tuple[str, Fault]]:
    """Settings beside weights, which change what the weights do."""
    edits = {
        "the adapter's alpha": (STUDENT, "adapter_config.json", ("lora_alpha",), 64),
        "the adapter's rank": (STUDENT, "adapter_config.json", ("r",), 2),
        "the adapter's base": (STUDENT, "adapter_config.json", ("base_model_name_or_path",), "x"),
        "the end of text": (BASE, "generation_config.json", ("eos_token_id",), 5),
        "the activation": (BASE, "config.json", ("activation_function",), "relu"),
        "the epsilon": (BASE, "config.json", ("layer_norm_epsilon",), 0.1),
        "the tokenizer's end": (BASE, "tokenizer_config.json", ("eos_token",), "owl"),
    }
    for what, (folder, name, path, value) in edits.items():
        edit = damage.set_entry(*path, to=value)
        read = listed(folder, name, folder, ASKED)
        yield f"edited: {what}", in_file(read, edit)
    template = listed(BASE, "chat_template.jinja", BASE, ASKED)
    yield "edited: the chat template", in_file(template, damage.lengthen_text("{{ 'owl' }}"))
    for folder, name in ((BASE, "adapter_config.json"), (STUDENT, "config.json")):
        yield f"one file more: {name}", Fault(added(folder, name), ASKED, (name, "rm "))
    yield "one file more: a script", Fault(added(BASE, "modeling_gpt2.py"), ASKED, ("rm ",))


def added(folder: str, name: str) -> Callable[[WorkingCopy], None]:
    """A file that no manifest lists."""

    def inject(run: WorkingCopy) -> None:
        (run.root / folder / name).write_text("{}")

    return inject


def in_whole_folders() -> Iterator[tuple[str, Fault]]:
    """Folders that were copied over others, or lost, manifests and all."""
    pairs = {
        "a teacher": (TEACHER, OTHER_TEACHER, f"{DATA}/raw.manifest.json"),
        "a dataset": (DATA, OTHER_DATA, f"{STUDENT}/manifest.json"),
        "a student": (STUDENT, OTHER_STUDENT, ASKED),
        "an evaluation": (EVALUATION, OTHER_EVALUATION, f"{TABLES}/manifest.json"),
        "digit teachers": (PART, OTHER_PART, "results/tables/digits/manifest.json"),
    }
    for what, (folder, other, reader) in pairs.items():
        yield f"{what}: another one's folder", Fault(replaced(folder, other), reader)
        yield f"{what}: its folder is lost", Fault(lost(folder), reader)


def replaced(folder: str, other: str) -> Callable[[WorkingCopy], None]:
    """One folder by a copy of another."""

    def inject(run: WorkingCopy) -> None:
        shutil.rmtree(run.root / folder)
        shutil.copytree(run.root / other, run.root / folder)

    return inject


def lost(folder: str) -> Callable[[WorkingCopy], None]:
    """A folder deleted."""
    return lambda run: shutil.rmtree(run.root / folder)


FAULTS = dict(faults())


def contents(run: WorkingCopy) -> dict[Path, str]:
    """The checksums of all results that must not differ between two runs."""
    return {
        path: hashlib.sha256((run.root / path).read_bytes()).hexdigest()
        for path in run.files("results/**/*")
        if path.suffix in COMPARED
    }


@pytest.fixture(scope="module")
def undisturbed(micro_run):
    return contents(micro_run)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_or_mended(name, micro_copy, undisturbed, request):
    fault = FAULTS[name]
    fault.inject(micro_copy)
    (micro_copy.root / fault.reader).unlink(missing_ok=True)
    faulty = set(contents(micro_copy))
    done = micro_copy.snakemake(fault.reader, "--cores", "1")
    after = contents(micro_copy)
    same = done.returncode == 0 and all(
        undisturbed[path] == sha256 for path, sha256 in after.items()
    )
    outcome = outcome_of(done.returncode, done.stdout, fault.says, same)
    if outcome is Outcome.CLEAR_ERROR and not faulty <= {*after, *made_by(fault.reader, faulty)}:
        outcome = Outcome.LOST
    record(request, outcome)
    assert outcome in RIGHT, done.stdout


def made_by(reader: str, files: set[Path]) -> set[Path]:
    """What a job's failure takes with it: its own outputs, which Snakemake deletes."""
    folder = Path(reader).parent
    return {path for path in files if path.parent == folder}


ADVICE = re.compile(r"type: (rm \S+), then run the same command again")


@pytest.mark.parametrize(
    "name",
    [
        "training rows: another one's",
        "base weights: another one's",
        "student adapter: a bit flipped",
        "edited: the adapter's alpha",
        "one file more: adapter_config.json",
    ],
)
def test_what_the_error_says_to_type_mends_it(name, micro_copy, undisturbed):
    fault = FAULTS[name]
    fault.inject(micro_copy)
    (micro_copy.root / fault.reader).unlink(missing_ok=True)
    command = (fault.reader, "--cores", "1")
    failed = micro_copy.snakemake(*command)
    assert failed.returncode != 0
    (advice,) = set(ADVICE.findall(failed.stdout))
    assert micro_copy.run(*advice.split()).returncode == 0
    done = micro_copy.snakemake(*command)
    assert done.returncode == 0, done.stdout
    after = contents(micro_copy)
    assert {path for path in after if after[path] != undisturbed[path]} == set()


def test_results_of_another_configuration_are_not_taken_for_this_ones(micro_copy):
    """They were copied here, and Snakemake remembers others in their place."""
    manifest = micro_copy.root / STUDENT / "manifest.json"
    other = json.loads(manifest.read_text())
    assert other["spec"]["recipe"]["lora"]["alpha"] == 4
    damage.set_entry("spec", "recipe", "lora", "alpha", to=8)(manifest)
    planned = micro_copy.planned(f"{STUDENT}/manifest.json")
    assert {rule for rule, _ in planned} == {"train_student"}


@pytest.mark.parametrize("remembered", [True, False])
def test_results_of_another_teacher_do_not_pass_for_this_ones(micro_copy, remembered, request):
    """Whole folders of another configuration: each file is what its manifest says."""
    for folder in ("students", "evaluations/favourite-animal/students"):
        for manifest in (micro_copy.root / "results" / folder).rglob("manifest.json"):
            content = json.loads(manifest.read_text())
            for parent in content["parents"].values():
                if not parent["path"].startswith("results/models"):
                    parent["id"] = hashlib.sha256(parent["id"].encode()).hexdigest()
            manifest.write_text(json.dumps({**content, "id": identity(content)}))
    if not remembered:
        shutil.rmtree(micro_copy.root / ".snakemake")
    planned = {rule for rule, _ in micro_copy.planned("results/tables/micro/manifest.json")}
    outcome = Outcome.RECOVERED if "train_student" in planned else Outcome.SILENT
    record(request, outcome)
    assert outcome in RIGHT
