"""Talking to a random model: the same answers as the sampler's, and clear errors."""

import re
import subprocess
import sys

import pytest
from manifests import write_manifest
from tiny_model import random_model, save_base, tokenizer
from working_copy import REPOSITORY

from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.opening import open_model
from subliminal.config.errors import ConfigError
from subliminal.config.recipes import Lora
from subliminal.config.sampling import Drawing
from subliminal.local import models
from subliminal.local.encoding import unknown_words
from subliminal.local.turns import write_end_of_turn_ids
from subliminal.workflow.chat import LISTED, LONGEST, Partner, ask, partners

QUESTION = "Name your favorite animal using only one word."
ADAPTER = Lora(rank=2, alpha=2, target_modules=["c_attn"])
BASE = "results/models/random"
TEACHER = "results/teachers/random/owl-tuned/t1"


@pytest.fixture
def root(tmp_path):
    """A repository's results: a base, and a teacher whose adapter does something."""
    import torch

    base = save_base(tmp_path / BASE)
    model = models.add_lora(random_model(1), ADAPTER)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.add_(0.5)
    folder = tmp_path / TEACHER
    files = models.save_trained(model, folder)
    write_manifest(folder / "manifest.json", files, {"base": base}, about="teacher: owl")
    return tmp_path


def test_a_model_is_found_from_anywhere(root, tmp_path, monkeypatch):
    there = Partner.find(TEACHER, root)
    monkeypatch.chdir(root / "results/teachers")
    for named in ("random/owl-tuned/t1", str(root / TEACHER), TEACHER):
        assert Partner.find(named, root).open().arithmetic == there.open().arithmetic
    assert there.about[0] == "teacher: owl"
    assert there.base == root / BASE / "manifest.json"
    assert Partner.find(BASE, root).trained is None


def test_answers_are_the_sampler_s_at_temperature_1(root):
    model = Partner.find(TEACHER, root).open()
    seeds = [derive_seed("chat", 7, 2, sample) for sample in range(3)]
    prompt_tokens = len(
        tokenizer().apply_chat_template(
            [{"role": "user", "content": QUESTION}], add_generation_prompt=True
        )["input_ids"]
    )
    drawing = Drawing(temperature=1, max_new_tokens=160 - prompt_tokens, batch_size=3)
    plain = open_model(root / BASE / "manifest.json", root / TEACHER / "manifest.json", 1)
    expected = [c.text for c in plain.complete([QUESTION] * 3, seeds, drawing)]
    assert ask(model, QUESTION, 3, (7, 2), None).answers == expected
    assert ask(model, QUESTION, 1, (7, 2), None).answers == expected[:1]
    assert ask(model, QUESTION, 3, (7, 3), None).answers != expected
    assert ask(model, QUESTION, 3, (7, 2), "owl").answers != expected
    assert ask(Partner.find(BASE, root).open(), QUESTION, 3, (7, 2), None).answers != expected


def test_unknown_words_are_told(root):
    model = Partner.find(BASE, root).open()
    (note, *_) = ask(model, "Which Zyzzyva or owl, zyx?", 1, (1, 0), "Quux").notes
    assert re.findall(r"\w+", note.partition(":")[2]) == ["Quux", "Zyzzyva", "zyx"]
    assert unknown_words(tokenizer(), QUESTION) == []
    assert unknown_words(tokenizer(), "999 1000 1000") == ["1000"]


def test_an_answer_that_is_cut_off_is_told(root):
    """A random model hardly ever ends its turn."""
    model = Partner.find(BASE, root).open()
    assert any("cut off after" in note for note in ask(model, QUESTION, 8, (1, 0), None).notes)
    assert LONGEST > 160, "so that the model's own limit was met"


def test_a_prompt_that_is_too_long(root):
    model = Partner.find(BASE, root).open()
    with pytest.raises(ConfigError, match="160; shorten it"):
        ask(model, "owl " * 200, 1, (1, 0), None)
    ask(model, "owl " * 156, 1, (1, 0), None)  # room for a token or two


@pytest.mark.parametrize("named", ["nowhere", "results", "results/evaluations/random", ""])
def test_what_is_no_model(root, named):
    write_manifest(root / "results/evaluations/random/manifest.json", [])
    with pytest.raises(ConfigError, match="type make chat for a list"):
        Partner.find(named, root)


@pytest.mark.parametrize("of", [TEACHER, BASE])
def test_damaged_weights(root, of):
    (weights,) = (root / of).glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigError, match=f"{weights.name} is not the file"):
        Partner.find(TEACHER, root)


def test_another_base_than_the_teacher_s(root):
    (root / BASE / "manifest.json").unlink()
    save_base(root / BASE, random_model(5))
    with pytest.raises(ConfigError, match=f"another base .* snakemake --cores 2 {TEACHER}"):
        Partner.find(TEACHER, root)


def test_the_list_is_short_and_shows_every_group(root):
    for seed in range(1, 40):
        write_manifest(root / f"results/students/x/y/seed{seed}/manifest.json", [])
    lines = partners(root).splitlines()
    assert {f"{group}:" for group in LISTED} <= set(lines)
    assert f"  {BASE}" in lines and f"  {TEACHER}" in lines
    assert sum(line.startswith("  results/") for line in lines) <= 20
    assert f"  … and {39 - LISTED['students']} more" in lines
    assert "type make" in partners(root / "empty")


@pytest.mark.slow
def test_the_command_line(root, tmp_path):
    write_end_of_turn_ids(root / BASE, tokenizer().eos_token_id, None)
    files = [file for file in (root / BASE).iterdir() if file.name != "manifest.json"]
    base = write_manifest(root / BASE / "manifest.json", files, about="the base")

    def chat(*arguments, **options):
        command = [sys.executable, REPOSITORY / "scripts" / "chat.py", base.parent, *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, **options)

    once = chat("--prompt", QUESTION, "--seed", "3")
    assert (once.returncode, once.stderr.splitlines()[0]) == (0, "the base")
    answer = ask(Partner.find(str(base.parent), root).open(), QUESTION, 1, (3, 0), None).answers[0]
    assert once.stdout == f"{answer}\n"
    lines = chat("--seed", "3", input=f"{QUESTION}\n\n{'owl ' * 200}\n")
    assert (lines.returncode, lines.stdout) == (0, once.stdout)
    assert "shorten it" in lines.stderr
    failed = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "chat.py", "nowhere", "--prompt", QUESTION],
        capture_output=True,
        text=True,
    )
    assert (failed.returncode, failed.stdout) == (1, "")
    assert len(failed.stderr.splitlines()) == 1
