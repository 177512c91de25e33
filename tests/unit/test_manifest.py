"""Manifests: identity is what was made, of what, by what; and lineage follows it."""

import json
import platform
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from subliminal.artefacts import machine
from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import arrow_schema, read_table, write_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.artefacts.verified import read_manifest
from subliminal.bases.specs import PrepareBaseSpec
from subliminal.config.models import FolderBase, HubBase, WheelBase, WheelFile
from subliminal.lineage.tree import render
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import MakePromptsSpec, MakeTrainSetSpec


def prompts_manifest(folder, seed=1):
    table, manifest = folder / "p.parquet", folder / "p.manifest.json"
    write_table(table, PROMPTS, {"prompt_id": [0], "prompt": [f"q{seed}"], "answer": [None]})
    spec = MakePromptsSpec(generator="numbers", seed=seed, count=1)
    Run.begin("make_prompts", spec).finish(manifest, [table], {"rows": 1})
    return manifest


def test_identity_is_the_same_for_the_same_thing_and_differs_with_the_spec(tmp_path):
    first = read_manifest(prompts_manifest(tmp_path))
    assert first["outputs"] == {"p.parquet": file_sha256(tmp_path / "p.parquet")}
    second = read_manifest(prompts_manifest(tmp_path))
    other = read_manifest(prompts_manifest(tmp_path, seed=2))
    assert first["id"] == second["id"] != other["id"]
    assert re.fullmatch(r"[0-9a-f]{64}", first["id"])


def test_identity_changes_with_a_parent(tmp_path):
    ids = []
    for seed in (1, 2):
        parent = prompts_manifest(tmp_path, seed)
        child = tmp_path / "c.manifest.json"
        spec = MakeTrainSetSpec(variant="train", rows=None, seed=1)
        Run.begin("make_train_set", spec, {"prompts": parent, "teacher": None}).finish(child, [])
        ids.append(read_manifest(child)["id"])
        assert list(read_manifest(child)["parents"]) == ["prompts"]
    assert ids[0] != ids[1]


def test_lineage_names_every_ancestor_once(tmp_path):
    parent = prompts_manifest(tmp_path)
    child = tmp_path / "c.manifest.json"
    spec = MakeTrainSetSpec(variant="train", rows=None, seed=1)
    Run.begin("make_train_set", spec, {"a": parent, "b": parent}).finish(child, [])
    first, second = render(child).splitlines()
    assert first.startswith("training rows, variant 'train'")
    assert second.startswith("  make prompts")
    parent.unlink()
    assert "manifest is gone" in render(child)


READY = {"parameters": 1, "licence": "MIT"}
SOURCES = [
    (
        HubBase(source="hub", tier="open", repository="a/b", revision="0f" * 20, **READY),
        f"a/b@{'0f' * 20}",
    ),
    (
        WheelBase(
            source="wheel",
            tier="small",
            requirements="r.txt",
            files=[WheelFile(distribution="w", file="w/w.gguf")],
            sha256="ab" * 32,
            **READY,
        ),
        f"w, SHA-256 {'ab' * 32}",
    ),
    (FolderBase(source="folder", tier="open", folder="/models/m", **READY), "folder /models/m"),
]


@pytest.mark.parametrize(("source", "told"), SOURCES, ids=["hub", "wheel", "folder"])
def test_lineage_names_the_origin_of_a_base(tmp_path, source, told):
    manifest = tmp_path / "manifest.json"
    Run.begin("prepare_base", PrepareBaseSpec(base="m", source=source)).finish(manifest, [])
    assert render(manifest).startswith(f"base m, from {told}, licence MIT")


def test_a_failed_write_leaves_no_file(tmp_path):
    path = tmp_path / "t.parquet"
    with pytest.raises(KeyError):
        write_table(path, PROMPTS, {"prompt_id": [0]})
    assert list(tmp_path.iterdir()) == []


def test_a_table_has_its_documented_schema(tmp_path):
    import pyarrow.parquet as pq

    manifest = prompts_manifest(tmp_path)
    table = manifest.with_name("p.parquet")
    assert pq.read_schema(table).equals(arrow_schema(PROMPTS), check_metadata=True)
    assert read_table(table) == {"prompt_id": [0], "prompt": ["q1"], "answer": [None]}


def test_seeds_differ_by_stage_and_part_and_stay_the_same():
    assert derive_seed("a", 1) == derive_seed("a", 1)
    assert len({derive_seed("a", 1), derive_seed("b", 1), derive_seed("a", 2)}) == 3
    assert derive_seed("a", "1") != derive_seed("a", 1)
    assert 0 <= derive_seed("a") < 2**63


def test_a_manifest_is_json_that_people_can_read(tmp_path):
    text = prompts_manifest(tmp_path).read_text()
    assert json.loads(text)["spec"]["seed"] == 1
    assert "\n  " in text


TORCH = SimpleNamespace(
    backends=SimpleNamespace(cpu=SimpleNamespace(get_cpu_capability=lambda: "AVX512")),
    cuda=SimpleNamespace(is_initialized=lambda: False),
    get_num_threads=lambda: 3,
    __config__=SimpleNamespace(show=lambda: "  - Build settings: BLAS_INFO=mkl, USE_MKL=ON, "),
)


def test_a_manifest_tells_the_machine_and_its_identity_does_not_depend_on_it(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    machine.CPUINFO.write_text("processor\t: 0\nmodel name\t: A  1\n\nmodel name\t: B\n")
    monkeypatch.setitem(sys.modules, "torch", TORCH)
    with_torch = read_manifest(prompts_manifest(tmp_path))
    monkeypatch.delitem(sys.modules, "torch")
    machine.CPUINFO.unlink()
    monkeypatch.setattr(platform, "processor", lambda: "other")
    without = read_manifest(prompts_manifest(tmp_path))
    keys = ("processor", "instruction_set", "threads", "blas")
    told, told_without = (
        {key: found["run"][key] for key in keys if key in found["run"]}
        for found in (with_torch, without)
    )
    assert told == dict(zip(keys, ("A 1", "AVX512", 3, "mkl"), strict=True))
    assert told_without == {"processor": "other"}
    assert with_torch["id"] == without["id"]


def test_a_processor_without_a_model_has_its_architecture(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    machine.CPUINFO.write_text("processor\t: 0\nmodel name\t:\nCPU part\t: 0xd0c\n")
    monkeypatch.setattr(platform, "processor", lambda: "")
    assert machine.processor() == platform.machine()


@pytest.mark.parametrize(
    ("build", "name"),
    [("x, BLAS_INFO=mkl, y", "mkl"), ("BLAS_INFO=open, y", "openblas"), ("USE_MKL=OFF", None)],
)
def test_the_blas_library_is_in_the_build_settings(build, name):
    assert machine.blas_library(build) == name


def test_what_torch_itself_tells_is_recorded():
    torch = pytest.importorskip("torch")
    found = machine.arithmetic()
    assert found["instruction_set"] == torch.backends.cpu.get_cpu_capability()
    assert found["threads"] == torch.get_num_threads()
    assert f"BLAS_INFO={found['blas'].removesuffix('blas')}" in torch.__config__.show()


def test_the_machine_is_told_without_importing_torch():
    code = (
        "import sys; from subliminal.artefacts.machine import arithmetic; "
        "assert list(arithmetic()) == ['processor']; assert 'torch' not in sys.modules"
    )
    folder = next(path for path in sys.path if path.endswith("scripts"))
    subprocess.run([sys.executable, "-c", code], check=True, cwd=folder)
