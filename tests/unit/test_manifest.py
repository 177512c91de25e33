"""Manifests: identity is what was made, of what, by what; and lineage follows it."""

import json
import re

import pytest

from subliminal.artefacts.lineage import render
from subliminal.artefacts.manifest import Run, file_sha256, read_manifest
from subliminal.artefacts.parquet import arrow_schema, read_table, write_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.specs import PrepareBaseSpec
from subliminal.config.models import FolderBase, HubBase, WheelBase, WheelFile
from subliminal.transmission.schemas import PROMPTS
from subliminal.transmission.specs import MakePromptsSpec, MakeTrainSetSpec


def prompts_manifest(folder, seed=1):
    table, manifest = folder / "p.parquet", folder / "p.manifest.json"
    write_table(table, PROMPTS, {"prompt_id": [0], "prompt": [f"q{seed}"], "answer": [None]})
    spec = MakePromptsSpec(generator="numbers", seed=seed, count=1)
    Run.begin("make_prompts", spec).finish(manifest, [table], parents={}, facts={"rows": 1})
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
        run = Run.begin("make_train_set", spec)
        run.finish(child, [], parents={"prompts": parent, "teacher": None})
        ids.append(read_manifest(child)["id"])
        assert list(read_manifest(child)["parents"]) == ["prompts"]
    assert ids[0] != ids[1]


def test_lineage_names_every_ancestor_once(tmp_path):
    parent = prompts_manifest(tmp_path)
    child = tmp_path / "c.manifest.json"
    spec = MakeTrainSetSpec(variant="train", rows=None, seed=1)
    Run.begin("make_train_set", spec).finish(child, [], parents={"a": parent, "b": parent})
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
    Run.begin("prepare_base", PrepareBaseSpec(base="m", source=source)).finish(manifest, [], {})
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
