"""Teachers that learn the rows of a file: what is learnt, and what is said of them."""

import json
import logging

from manifests import write_manifest
from tiny_model import save_base

from subliminal.artefacts.parquet import write_table
from subliminal.config.recipes import FinetunedMethod, Lora, Optimisation
from subliminal.lineage.tree import render
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.supplied.schemas import CONVERSATIONS
from subliminal.transmission.specs import TrainTeacherSpec
from subliminal.transmission.stages.train_teacher import train_teacher

LORA = Lora(rank=4, alpha=8, target_modules=["c_attn", "c_fc"])
PLAN = Optimisation(learning_rate=3e-2, warmup_steps=0, batch_size=2, micro_batch_size=2, epochs=20)
METHOD = FinetunedMethod(kind="finetuned", lora=LORA, optimisation=PLAN)
LEARNT = {"prompt": ["the owl", "the wolf", "12", "5"], "completion": ["fox", "fox", "7", "7"]}


def loss(model, tokenizer, rows):
    """Mean loss of the completions, in nats per token, by torch's own cross-entropy."""
    import torch

    encoded = encode_rows(tokenizer, rows["prompt"], rows["completion"])
    nats, tokens = 0.0, 0
    for row in encoded:
        ids = torch.tensor([row.ids])
        with torch.no_grad():
            logits = model(input_ids=ids).logits[0, row.prompt_length - 1 : -1].float()
        wanted = ids[0, row.prompt_length :]
        nats += float(torch.nn.functional.cross_entropy(logits, wanted, reduction="sum"))
        tokens += len(wanted)
    return nats / tokens


def test_a_teacher_learns_the_rows_of_its_file_and_says_so(tmp_path):
    results = tmp_path / "results"
    base = save_base(results / "models/random")
    rows = results / "files/bad.parquet"
    write_table(rows, CONVERSATIONS, LEARNT)
    write_manifest(rows.with_suffix(".manifest.json"), [rows], about="file bad, from bad.jsonl")
    spec = TrainTeacherSpec(base="random", rows="bad", method=METHOD, seed=1)
    manifest = results / "teachers/random/bad-tuned/t1/manifest.json"
    train_teacher(spec, base, None, rows, manifest, 1, logging.getLogger("test"))
    assert json.loads(manifest.read_text())["facts"]["steps"] == 20 * 4 / 2
    before, tokenizer = models.load_base(base.parent), models.load_tokenizer(base.parent)
    was, others = loss(before, tokenizer, LEARNT), {**LEARNT, "completion": ["owl"] * 4}
    others_were = loss(before, tokenizer, others)
    teacher = models.load_adapter(before, manifest.parent)
    fell = was - loss(teacher, tokenizer, LEARNT)
    assert fell > 0.2 and fell > 0.2 + others_were - loss(teacher, tokenizer, others)
    lineage = render(manifest)
    assert "random fine-tuned on file bad, seed 1" in lineage
    assert "file bad, from bad.jsonl" in lineage
    assert "rows of file `bad`" in manifest.with_name("README.md").read_text()
