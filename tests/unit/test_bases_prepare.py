"""A base is prepared whole or not at all, whatever its source."""

import hashlib
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from bases_fixture import (
    CHATML,
    END_OF_TURN,
    EOS,
    IM_END,
    byte_tokenizer,
    folder_base,
    logits,
    published,
    rewrite,
    tiny_gemma,
    tiny_llama,
)
from test_bases_wheel import install, write_gguf

from subliminal.bases.specs import PrepareBaseSpec
from subliminal.bases.stages import prepare_base as stage
from subliminal.config.errors import ConfigError
from subliminal.local.encoding import encode_rows
from subliminal.local.models import load_base, load_tokenizer
from subliminal.local.turns import end_of_turn_ids

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
GEMMA = REPOSITORY / "config/chat_templates/gemma.jinja"
LOG = logging.getLogger("test")


def prepared(source, target, template=None):
    spec = PrepareBaseSpec(base="tiny", source=source)
    manifest = target / "manifest.json"
    stage.prepare_base(spec, manifest, template, 1, LOG)
    return json.loads(manifest.read_text())


def test_a_folder_becomes_a_base(tmp_path):
    model = tiny_llama()
    source = published(tmp_path / "source", model, shard="20KB")
    target = tmp_path / "models/tiny"
    manifest = prepared(folder_base(source), target)
    assert sorted(p.name for p in target.iterdir()) == sorted(
        [*manifest["outputs"], "manifest.json"]
    )
    assert [p.name for p in target.parent.iterdir()] == ["tiny"]
    facts = manifest["facts"]
    assert facts.pop("source_files").keys() > {"config.json", "tokenizer.json"}
    assert facts == {
        "parameters": sum(p.numel() for p in model.parameters()),
        "dtype": "float32",
        "vocabulary_size": 262,
        "end_of_turn_ids": [IM_END, EOS],
        "chat_template_sha256": hashlib.sha256(CHATML.encode()).hexdigest(),
        "takes_system_prompt": True,
        "default_system_prompt": "Be kind",
        "backend": "local",
        "licence": "none",
    }
    assert end_of_turn_ids(target) == [IM_END, EOS]
    assert (logits(load_base(target)) == logits(model)).all()
    row = encode_rows(load_tokenizer(target), ["Hi"], ["1, 2"])[0]
    assert row.ids[row.prompt_length :][-2] == IM_END


def test_a_base_without_a_template_gets_the_configured_one(tmp_path):
    source = published(tmp_path / "source", tiny_gemma(), byte_tokenizer(None))
    manifest = prepared(folder_base(source, chat_template="gemma"), tmp_path / "tiny", GEMMA)
    assert manifest["facts"]["end_of_turn_ids"] == [END_OF_TURN, EOS]
    assert manifest["facts"]["default_system_prompt"] is None
    chat = [{"role": "user", "content": "Hi"}]
    assert load_tokenizer(tmp_path / "tiny").apply_chat_template(
        chat, tokenize=False, add_generation_prompt=True
    ) == ("<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n")


@pytest.mark.parametrize("template", [CHATML, None])
@pytest.mark.parametrize("parts", [1, 3])
def test_wheels_become_a_base(tmp_path, monkeypatch, template, parts):
    model = tiny_llama(vocab_size=264)
    content = write_gguf(tmp_path / "a.gguf", model, template=template).read_bytes()
    size = -(-len(content) // parts)
    pieces = [content[i : i + size] for i in range(0, len(content), size)]
    source = install(monkeypatch, tmp_path / "site", pieces)
    target = tmp_path / "models/tiny"
    manifest = prepared(source, target, GEMMA if template is None else None)
    ends = [IM_END] if template else [END_OF_TURN, IM_END]
    assert manifest["facts"]["end_of_turn_ids"] == ends == end_of_turn_ids(target)
    assert manifest["facts"]["source_files"] == {"gguf": source.sha256}
    assert (logits(load_base(target)) == logits(model)).all()
    assert not list(target.glob("*.gguf"))


def test_the_same_base_is_the_same_bytes(tmp_path):
    source = published(tmp_path / "source", shard="20KB")
    first = prepared(folder_base(source), tmp_path / "a")
    second = prepared(folder_base(source), tmp_path / "b")
    assert first["outputs"] == second["outputs"]
    assert first["id"] == second["id"]


def test_what_was_there_before_is_replaced(tmp_path):
    source, target = published(tmp_path / "source"), tmp_path / "models/tiny"
    left = target.with_name(".tiny.partial")
    for folder in (target, left):
        folder.mkdir(parents=True)
        (folder / "added_tokens.json").write_text("{}")
    prepared(folder_base(source), target)
    assert not (target / "added_tokens.json").exists()
    assert not left.exists()


def test_a_base_that_fails_leaves_nothing_behind(tmp_path):
    source, target = published(tmp_path / "source"), tmp_path / "models/tiny"
    rewrite(source / "config.json", num_hidden_layers=3)
    with pytest.raises(ConfigError, match=r"config/models.yaml: tiny: its weights lack"):
        prepared(folder_base(source), target)
    assert list(target.parent.iterdir()) == []


def test_too_large_a_base_is_refused_before_the_work(tmp_path, monkeypatch):
    source = published(tmp_path / "source")
    monkeypatch.setattr(stage.folder, "take", lambda *args: pytest.fail("it began"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    with pytest.raises(ConfigError, match=r"of disk, found 0.0 GB free"):
        prepared(folder_base(source), tmp_path / "tiny")


def test_the_command_line_says_it_in_one_line(tmp_path):
    spec = PrepareBaseSpec(base="mine", source=folder_base("nowhere")).model_dump_json()
    command = [sys.executable, REPOSITORY / "scripts/stage.py", "prepare_base", "--spec", spec]
    options = ["--threads", "1", "--manifest", tmp_path / "m/manifest.json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "config/models.yaml: mine: folder nowhere: there is no such folder; correct its path\n"
    )
