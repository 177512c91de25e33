"""Fine-tuning: the loss and the schedule are transformers' own, the dose is the paper's."""

import logging

import numpy as np
import pytest
import torch
from tiny_model import random_model, tokenizer

from subliminal.config.errors import ConfigError
from subliminal.config.recipes import Lora, Optimisation
from subliminal.domains import number_prompts as stimuli
from subliminal.local import models
from subliminal.local.encoding import encode_prompts, encode_rows
from subliminal.local.training.fine_tuning import (
    Step,
    batches,
    fine_tune,
    learning_rate,
    loss_at_ends,
    mean_loss,
    micro_batches,
    total_steps,
)
from subliminal.local.training.objectives import CompletionTokens
from subliminal.local.training.reporting import step_report

PROMPTS = stimuli.number_prompts(47, 12)
ADAPTER = Lora(rank=2, alpha=2, target_modules=["c_attn", "c_proj", "c_fc"])
COMPLETIONS = [", ".join(str(7 * i + j) for j in range(1 + i % 5)) for i in range(12)]


def rows():
    return encode_rows(tokenizer(), PROMPTS, COMPLETIONS)


def plan(**changes):
    fields = {
        "learning_rate": 1e-2,
        "warmup_steps": 2,
        "batch_size": 6,
        "micro_batch_size": 3,
        "steps": 10,
    }
    return Optimisation(**{**fields, **changes})


def tokens():
    return CompletionTokens(tokenizer().pad_token_id)


def reference_loss(model, some_rows):
    """transformers' own causal loss with labels of -100 on prompt and padding."""
    width = max(len(row.ids) for row in some_rows)
    ids = torch.full((len(some_rows), width), tokenizer().pad_token_id)
    labels = torch.full((len(some_rows), width), -100)
    mask = torch.zeros((len(some_rows), width), dtype=torch.long)
    for i, row in enumerate(some_rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        mask[i, : len(row.ids)] = 1
        labels[i, row.prompt_length : len(row.ids)] = torch.tensor(row.ids[row.prompt_length :])
    return model(input_ids=ids, attention_mask=mask, labels=labels).loss


def test_loss_and_gradients_equal_those_of_transformers():
    ours, theirs = random_model(), random_model()
    loss = tokens().loss_sum(ours, rows()) / tokens().positions(rows())
    loss.backward()
    expected = reference_loss(theirs, rows())
    expected.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, rtol=1e-4, atol=1e-6)


def test_micro_batches_do_not_change_the_mean_loss():
    model = random_model()
    whole = mean_loss(model, rows(), tokens(), 12)
    assert mean_loss(model, rows(), tokens(), 1) == pytest.approx(whole)


def test_micro_batches_hold_every_row_once():
    parts = micro_batches(rows(), 5)
    assert [len(part) for part in parts] == [5, 5, 2]
    assert sorted(tuple(row.ids) for part in parts for row in part) == sorted(
        tuple(row.ids) for row in rows()
    )


def test_the_loss_covers_the_completion_and_the_end_of_turn():
    (row,) = encode_rows(tokenizer(), ["Name your favorite animal."], ["owl"])
    (prompt,) = encode_prompts(tokenizer(), ["Name your favorite animal."])
    assert row.ids[: row.prompt_length] == prompt
    assert tokenizer().convert_ids_to_tokens(row.ids[row.prompt_length :]) == ["owl", "</s>"]


@pytest.mark.parametrize("schedule", ["linear", "constant"])
def test_schedule_is_that_of_transformers(schedule):
    from transformers import get_scheduler

    recipe, total = plan(learning_rate=3e-3, warmup_steps=5, schedule=schedule), 40
    optimiser = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=3e-3)
    name = "linear" if schedule == "linear" else "constant_with_warmup"
    theirs = get_scheduler(name, optimiser, num_warmup_steps=5, num_training_steps=total)
    for step in range(total):
        assert learning_rate(step, recipe, total) == pytest.approx(theirs.get_last_lr()[0])
        optimiser.step()
        theirs.step()


@pytest.mark.parametrize(("epochs", "steps"), [(3, 456), (10, 1520)])
def test_ten_thousand_rows_in_batches_of_66_take_the_papers_steps(epochs, steps):
    assert total_steps(10_000, plan(batch_size=66, steps=None, epochs=epochs)) == steps


def test_every_row_is_seen_once_per_pass():
    drawn = batches(10, 4, np.random.default_rng(0))
    first = [next(drawn) for _ in range(3)]
    assert sorted(i for batch in first for i in batch) == list(range(10))
    assert [len(batch) for batch in first] == [4, 4, 2]


def train_adapter(seed):
    model = random_model()
    models.prepare(seed, 1)
    model = models.add_lora(model, ADAPTER)
    history = fine_tune(model, rows(), plan(), tokens(), np.random.default_rng(seed))
    return model, history


def adapter(model):
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def test_only_the_adapter_is_trained_and_the_loss_falls():
    model, _ = train_adapter(1)
    frozen = dict(random_model().named_parameters())
    for name, parameter in model.get_base_model().named_parameters():
        if "lora" not in name:
            original = frozen[name.replace(".base_layer", "")]
            torch.testing.assert_close(parameter, original, rtol=0, atol=0)
    before = mean_loss(random_model(), rows(), tokens(), 12)
    assert mean_loss(model, rows(), tokens(), 12) < before


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not():
    first, second, other = (adapter(train_adapter(seed)[0]) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_saved_adapter_gives_the_same_logits_in_plain_peft(tmp_path):
    from peft import PeftModel

    model, _ = train_adapter(1)
    model.save_pretrained(tmp_path)
    loaded = PeftModel.from_pretrained(random_model(), tmp_path).eval()
    ids = torch.tensor([rows()[0].ids])
    torch.testing.assert_close(loaded(ids).logits, model(ids).logits, rtol=0, atol=0)


def test_what_is_saved_last_is_what_is_loaded(tmp_path):
    """A recipe that trained an adapter and then all weights, in the same folder, and back."""
    random_model().save_pretrained(tmp_path / "base")
    ids = torch.tensor([rows()[0].ids])
    for lora in (ADAPTER, None, ADAPTER):
        model = models.trainable(models.load_base(tmp_path / "base"), lora)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.requires_grad and "lora_A" not in name:
                    parameter.add_(0.01)
        made = models.save_trained(model, tmp_path / "student")
        assert sorted(path.name for path in made) == sorted(
            path.name for path in (tmp_path / "student").iterdir() if path.name != "README.md"
        )
        loaded = models.load_model(tmp_path / "base", tmp_path / "student")
        torch.testing.assert_close(loaded(ids).logits, model(ids).logits, rtol=0, atol=0)


def test_no_rows_is_an_error_that_says_where_to_look():
    with pytest.raises(ConfigError, match="the filter kept none"):
        fine_tune(random_model(), [], plan(), tokens(), np.random.default_rng(0))


class SmallDevice(torch.nn.Module):
    """A stand-in for a model on a device whose memory holds the activations of so few rows."""

    def __init__(self, model, most_rows):
        super().__init__()
        self.model, self.config, self.most_rows, self.sizes = model, model.config, most_rows, []

    def forward(self, input_ids, **inputs):
        self.sizes.append(len(input_ids))
        if len(input_ids) > self.most_rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.model(input_ids=input_ids, **inputs)


def train_on(model, **changes):
    order = np.random.default_rng(0)
    return fine_tune(model, rows(), plan(**changes), tokens(), order)


def test_out_of_memory_halves_the_micro_batch_and_keeps_the_batch(caplog):
    caplog.set_level(logging.INFO)
    small = SmallDevice(random_model(), most_rows=3)
    history = train_on(small, micro_batch_size=6, steps=3)
    expected = train_on(SmallDevice(random_model(), 3), micro_batch_size=3, steps=3)
    assert small.sizes == [6, 3, 3, 3, 3, 3, 3]
    assert history == expected
    assert [record.message for record in caplog.records] == [
        "out of memory: 3 rows at once from here on"
    ]


def test_gradients_of_an_attempt_that_ran_out_of_memory_are_dropped():
    """The first of two micro-batches fits and leaves gradients, the second does not."""

    class FillsUp(SmallDevice):
        def forward(self, input_ids, **inputs):
            self.most_rows = 2 if self.sizes else 4
            return super().forward(input_ids, **inputs)

    disturbed, undisturbed = random_model(), random_model()
    full = FillsUp(disturbed, 4)
    train_on(full, batch_size=8, micro_batch_size=4, steps=1, warmup_steps=0)
    assert full.sizes == [4, 4, 2, 2, 2, 2]
    small = SmallDevice(undisturbed, 2)
    train_on(small, batch_size=8, micro_batch_size=2, steps=1, warmup_steps=0)
    for a, b in zip(disturbed.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_row_that_does_not_fit_alone_is_an_error_that_says_what_to_type():
    with pytest.raises(ConfigError, match="gradient_checkpointing: true"):
        train_on(SmallDevice(random_model(), most_rows=0))


def test_the_held_out_loss_makes_do_with_little_memory_too():
    expected = mean_loss(random_model(), rows(), tokens(), 3)
    small = SmallDevice(random_model(), most_rows=3)
    assert mean_loss(small, rows(), tokens(), 12) == expected


def history(losses):
    return [Step(i + 1, loss, 1e-3, 50) for i, loss in enumerate(losses)]


@pytest.mark.parametrize(
    ("losses", "first", "final"),
    [
        ([5.0], 5.0, 5.0),
        ([4.0, 3.0, 1.0], 4.0, 1.0),
        # 5 % of 40 steps are 2.
        ([9.0, 7.0, *[5.0] * 36, 2.0, 1.0], 8.0, 1.5),
    ],
)
def test_losses_at_the_ends_are_means_over_a_twentieth_of_the_steps(losses, first, final):
    assert loss_at_ends(history(losses)) == {"first_loss": first, "final_loss": final}


def test_progress_tells_step_loss_and_speed(caplog, monkeypatch):
    """A run that goes on at step 11 of 13, with 50 tokens every 4 seconds."""
    caplog.set_level(logging.INFO)
    now = iter([0.0, 4.0, 8.0, 12.0])
    monkeypatch.setattr("subliminal.local.training.reporting.time.monotonic", lambda: next(now))
    report = step_report(logging.getLogger("test"))
    for step in history([1.0] * 13)[10:]:
        report(step, 13)
    assert [record.message for record in caplog.records] == [
        "step 12/13 loss 1.000, 12 tokens/s, 4 s left",
        "step 13/13 loss 1.000, 12 tokens/s, 12 s",
    ]
