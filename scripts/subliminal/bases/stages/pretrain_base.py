"""Pretraining a tiny base."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import remove_leftovers
from subliminal.artefacts.progress import progress
from subliminal.artefacts.seeds import derive_seed
from subliminal.bases.opening import LOCAL
from subliminal.bases.specs import PretrainBaseSpec
from subliminal.bases.tiny_tokenizer import build_tokenizer
from subliminal.bases.worlds import WORLDS
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.local.training.fine_tuning import Step, fine_tune, mean_loss
from subliminal.local.training.objectives import CompletionTokens

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
    spec: PretrainBaseSpec, manifest: Path, threads: int, log: logging.Logger
) -> None:
    """Train a small GPT-2 on its world and save it with its tokenizer.

    Everything lands in the manifest's folder, readable by transformers' Auto classes.
    """
    import numpy as np
    from transformers import GPT2Config, GPT2LMHeadModel

    run = Run.begin("pretrain_base", spec)
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

    loss = CompletionTokens(tokenizer.pad_token_id)
    order = np.random.default_rng(derive_seed("pretrain_base", "order", spec.seed_of_data))
    fine_tune(model, rows[HELD_OUT:], plan, loss, order, on_step)
    held_out = mean_loss(model, rows[:HELD_OUT], loss, plan.micro_batch_size)
    folder = manifest.parent
    remove_leftovers(folder)
    models.save_model(model, folder)
    tokenizer.save_pretrained(folder)
    parameters = sum(p.numel() for p in model.parameters())
    log.info("%d parameters, held-out loss %.3f nats per token", parameters, held_out)
    run.finish(
        manifest,
        [folder / name for name in SAVED if (folder / name).exists()],
        facts={"backend": LOCAL, "parameters": parameters, "held_out_loss": held_out},
    )
