"""Pretraining a tiny base."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import remove_leftovers
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.specs import PretrainBaseSpec
from subliminal.bases.tiny_tokenizer import build_tokenizer
from subliminal.bases.worlds import WORLDS
from subliminal.config.models import LOCAL
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.local.scoring.likeness import likeness
from subliminal.local.training.fine_tuning import Step, fine_tune, mean_loss
from subliminal.local.training.objectives import CompletionTokens, TeacherLogits

HELD_OUT = 500
# What transformers writes.
SAVED = (
    "model.safetensors",
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)


def pretrain_base(
    spec: PretrainBaseSpec,
    imitated: Path | None,
    manifest: Path,
    threads: int,
    log: logging.Logger,
) -> None:
    """Train a small GPT-2 on its world and save it with its tokenizer.

    Args:
        imitated: the manifest of the base whose distribution is learnt; None where the examples'
            tokens are.
        manifest: everything lands in its folder, readable by transformers' Auto classes.
    """
    import numpy as np
    from transformers import GPT2Config, GPT2LMHeadModel

    run = Run.begin("pretrain_base", spec, {"imitated": imitated})
    plan, shape = spec.pretraining.optimisation, spec.pretraining.architecture
    models.prepare(derive_seed("pretrain_base", "weights", spec.seed), threads)
    tokenizer = build_tokenizer(spec.pretraining.world)
    data_seed = derive_seed("pretrain_base", "data", spec.seed_of_data)
    world = WORLDS[spec.pretraining.world]
    examples = world.examples(data_seed, spec.pretraining.examples + HELD_OUT)
    rows = encode_rows(
        tokenizer,
        [e.prompt for e in examples],
        [e.completion for e in examples],
        [e.system for e in examples],
    )
    log.info("%d examples, vocabulary of %d tokens", len(rows), len(tokenizer))
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=shape.positions,
            n_embd=shape.hidden_size,
            n_layer=shape.layers,
            n_head=shape.heads,
            activation_function="gelu",
            initializer_range=shape.initializer_range,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    report = progress(log, "step")

    def on_step(step: Step, total: int) -> None:
        report(step.step, total, f"loss {step.loss:.3f}")

    tokens = CompletionTokens(tokenizer.pad_token_id)
    teacher = None if imitated is None else models.load_base(imitated.parent)
    aim = tokens if teacher is None else TeacherLogits(teacher, None, 1.0, tokens.pad_id)
    order = np.random.default_rng(derive_seed("pretrain_base", "order", spec.seed_of_data))
    fine_tune(model, rows[HELD_OUT:], plan, aim, order, on_step)
    held, at_once = rows[:HELD_OUT], plan.micro_batch_size
    facts = {"held_out_loss": mean_loss(model, held, tokens, at_once)}
    if teacher is not None:
        found = likeness(model, teacher, held, tokens.pad_id, at_once)
        log.info("KL from %s %.4f nats per token, same token %.3f", spec.imitates, *found)
        facts |= {"held_out_kl": found.kl, "held_out_agreement": found.agreement}
    folder = manifest.parent
    remove_leftovers(folder)
    models.save_model(model, folder)
    tokenizer.save_pretrained(folder)
    parameters = sum(p.numel() for p in model.parameters())
    log.info("%d parameters, held-out loss %.3f nats per token", parameters, facts["held_out_loss"])
    run.finish(
        manifest,
        [folder / name for name in SAVED if (folder / name).exists()],
        facts={"backend": LOCAL, "parameters": parameters, **facts},
    )
