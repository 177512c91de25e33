"""What only a GPU can show; skipped where there is none: `python -m pytest tests/gpu`."""

import numpy as np
import pytest
import torch

from subliminal.config.recipes import Lora, Optimisation
from subliminal.config.sampling import Sampling
from subliminal.local import models
from subliminal.local.encoding import EncodedRow
from subliminal.local.sampling.sampler import sample
from subliminal.local.training.checkpoints import Checkpoints
from subliminal.local.training.fine_tuning import fine_tune, mean_loss
from subliminal.local.training.objectives import CompletionTokens

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]

VOCABULARY = 1000
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture
def base(tmp_path):
    """A random Qwen2 in bfloat16, large enough to be put on a GPU."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=VOCABULARY,
        hidden_size=512,
        intermediate_size=2048,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=2,
        max_position_embeddings=256,
    )
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(tmp_path / "base")
    return tmp_path / "base"


def rows():
    rng = np.random.default_rng(0)
    lengths = rng.integers(20, 60, 40)
    return [EncodedRow(rng.integers(0, VOCABULARY, n).tolist(), int(n) // 2) for n in lengths]


def plan(**changes):
    fields = {
        "learning_rate": 1e-3,
        "warmup_steps": 1,
        "batch_size": 16,
        "micro_batch_size": 8,
        "steps": 6,
    }
    return Optimisation(**{**fields, **changes})


def student(base, lora=True):
    models.prepare(1, 1)
    adapter = Lora(rank=8, alpha=8, target_modules=LINEAR) if lora else None
    return models.trainable(models.load_base(base), adapter)


def losses(model, **changes):
    history = fine_tune(
        model, rows(), plan(**changes), CompletionTokens(0), np.random.default_rng(0)
    )
    return [step.loss for step in history]


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("lora", [True, False], ids=["adapter", "all weights"])
def test_training_on_a_gpu_follows_the_cpu(base, lora, checkpointing, monkeypatch):
    model = student(base, lora)
    assert next(model.parameters()).device.type == "cuda"
    trained = {p.dtype for p in model.parameters() if p.requires_grad}
    assert trained == {torch.float32}
    found = losses(model, gradient_checkpointing=checkpointing)
    monkeypatch.setattr(models, "device_for", lambda weights: torch.device("cpu"))
    # bfloat16 has 8 bits of precision.
    assert found == pytest.approx(losses(student(base, lora)), rel=0.02)
    assert found[-1] < found[0]


def test_a_run_goes_on_after_its_checkpoint(base, tmp_path, caplog):
    caplog.set_level("INFO")

    class Killed(Exception):
        pass

    def run(kill_after=None, folder=tmp_path / "kept"):
        def on_step(step, total):
            if step.step == kill_after:
                raise Killed

        checkpoints = Checkpoints(folder, "run", 0.0)
        order = np.random.default_rng(0)
        history = fine_tune(
            student(base), rows(), plan(), CompletionTokens(0), order, on_step, checkpoints
        )
        return [step.loss for step in history]

    with pytest.raises(Killed):
        run(kill_after=3)
    kept = run()
    assert "going on after step 3" in caplog.text
    assert kept == pytest.approx(run(folder=tmp_path / "whole"), rel=1e-3)


def test_out_of_memory_halves_the_micro_batch(base, caplog):
    """The rest of the device's memory is taken by somebody else but for a little."""
    caplog.set_level("INFO")
    model = student(base)
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    expected = mean_loss(model, rows(), CompletionTokens(0), 2)
    small = torch.cuda.max_memory_allocated() - before
    mean_loss(model, rows(), CompletionTokens(0), 40)
    large = torch.cuda.max_memory_allocated() - before
    assert large > 4 * small
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(max(1, free - (small + large) // 2), dtype=torch.uint8, device="cuda")
    assert mean_loss(model, rows(), CompletionTokens(0), 40) == pytest.approx(expected, rel=1e-2)
    assert "out of memory" in caplog.text
    del taken


def test_sampling_gives_its_memory_back_and_repeats_itself(base):
    model = models.load_base(base)
    rng = np.random.default_rng(0)
    prompts = [rng.integers(0, VOCABULARY, n).tolist() for n in rng.integers(5, 30, 100)]
    how = Sampling(temperature=1.0, max_new_tokens=40, batch_size=4)
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    first = sample(model, prompts, range(100), how, [1])
    assert torch.cuda.memory_allocated() <= before + 2**20
    assert sample(model, prompts, range(100), how, [1]) == first
