"""Loss and adapter gradients equal those of plain full-logits cross-entropy, per architecture.

The models are random and tiny. Whatever saves time or memory must not show in the numbers.
"""

import logging
from collections import defaultdict

import numpy as np
import pytest
import torch

from subliminal.config.recipes import Lora, Optimisation
from subliminal.local import models
from subliminal.local.encoding import EncodedRow
from subliminal.local.training.fine_tuning import fine_tune
from subliminal.local.training.merging import merge_where_cheaper
from subliminal.local.training.objectives import CompletionTokens

VOCABULARY, PREFIX = 97, 20
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
}
# Shorter than the rows, so that sliding windows matter.
WINDOW = {"sliding_window": 8, "layer_types": ["sliding_attention", "full_attention"]}


def vision():
    from transformers import SiglipVisionConfig

    return SiglipVisionConfig(
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
    )


def random_base(name):
    import transformers as t

    torch.manual_seed(0)
    if name == "gpt2":
        return t.GPT2LMHeadModel(
            t.GPT2Config(
                vocab_size=VOCABULARY,
                n_embd=32,
                n_layer=2,
                n_head=2,
                n_positions=64,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
            )
        ).eval()
    if name == "gemma3-multimodal":
        text = t.Gemma3TextConfig(**SHAPE, **WINDOW)
        config = t.Gemma3Config(
            text_config=text, vision_config=vision(), mm_tokens_per_image=1, image_token_index=96
        )
        return t.Gemma3ForConditionalGeneration(config).eval()
    make = {
        "llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**SHAPE)),
        "qwen2": lambda: t.Qwen2ForCausalLM(t.Qwen2Config(**SHAPE)),
        "gemma": lambda: t.GemmaForCausalLM(t.GemmaConfig(**SHAPE)),
        # A cap so low that forgetting it shows.
        "gemma2": lambda: t.Gemma2ForCausalLM(
            t.Gemma2Config(**SHAPE, **WINDOW, final_logit_softcapping=0.5)
        ),
        "gemma3": lambda: t.Gemma3ForCausalLM(t.Gemma3TextConfig(**SHAPE, **WINDOW)),
    }
    return make[name]().eval()


FIRST_MODULE = defaultdict(lambda: "layers.0.input_layernorm", gpt2="h.0.ln_1")
ARCHITECTURES = ["gpt2", "llama", "qwen2", "gemma", "gemma2", "gemma3", "gemma3-multimodal"]


def adapted(base, rank_stabilised=False, rank=4):
    """The base with an adapter that already does something: its second half is not zero."""
    torch.manual_seed(1)
    targets = ["c_attn", "c_proj", "c_fc"] if base.config.model_type == "gpt2" else LINEAR
    lora = Lora(rank=rank, alpha=2 * rank, target_modules=targets, rank_stabilised=rank_stabilised)
    model = models.add_lora(base, lora)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    return model


def rows():
    """Four rows of different lengths that begin with the same tokens."""
    generator = torch.Generator().manual_seed(2)

    def ids(n):
        return torch.randint(3, VOCABULARY - 1, (n,), generator=generator).tolist()

    prefix = ids(PREFIX)
    return [
        EncodedRow(prefix + ids(prompt + completion), PREFIX + prompt)
        for prompt, completion in ((1, 3), (5, 1), (9, 12), (4, 6))
    ]


def plan(**changes):
    fields = {
        "learning_rate": 1e-2,
        "warmup_steps": 0,
        "batch_size": 4,
        "micro_batch_size": 4,
        "steps": 3,
    }
    return Optimisation(**{**fields, **changes})


def reference_loss(model):
    """Logits of every position, labels of -100 on prompts and padding, an attention mask."""
    some = rows()
    width = max(len(row.ids) for row in some)
    ids = torch.zeros(len(some), width, dtype=torch.long)
    labels, mask = torch.full_like(ids, -100), torch.zeros_like(ids)
    for i, row in enumerate(some):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        mask[i, : len(row.ids)] = 1
        labels[i, row.prompt_length : len(row.ids)] = torch.tensor(row.ids[row.prompt_length :])
    logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100, reduction="sum"
    )


def gradients(model):
    return {name: p.grad for name, p in model.named_parameters() if p.requires_grad}


def assert_same_gradients(model, reference, tolerance=2e-5):
    expected = gradients(reference)
    assert expected
    for name, gradient in gradients(model).items():
        scale = expected[name].abs().max()
        assert scale > 0, name
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("way", ["plain", "checkpointed"])
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_loss_and_gradients_are_those_of_full_logits(name, way):
    ours, reference = adapted(random_base(name)), adapted(random_base(name))
    ours.train()
    if way == "checkpointed":
        ours.activation_checkpointing_enable({"use_reentrant": False})
    loss = CompletionTokens(0).loss_sum(ours, rows())
    loss.backward()
    expected = reference_loss(reference)
    expected.backward()
    assert CompletionTokens(0).positions(rows()) == 3 + 1 + 12 + 6
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    assert_same_gradients(ours, reference)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_merged_adapters_have_the_same_loss_and_gradients(name):
    ours, reference = adapted(random_base(name), rank=32), adapted(random_base(name), rank=32)
    assert merge_where_cheaper(ours) == sum("lora_A" in name for name in gradients(ours))
    loss = CompletionTokens(0).loss_sum(ours, rows())
    loss.backward()
    expected = CompletionTokens(0).loss_sum(reference, rows())
    expected.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    assert_same_gradients(ours, reference)


def test_adapters_are_not_merged_where_that_is_more_work_or_inputs_are_dropped():
    assert merge_where_cheaper(adapted(random_base("llama"), rank=1)) == 0
    dropping = Lora(rank=32, alpha=32, dropout=0.1, target_modules=["c_fc"])
    assert merge_where_cheaper(models.add_lora(random_base("gpt2"), dropping)) == 0


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_gradient_checkpointing_changes_memory_only(name):
    weights, passes = [], []
    for checkpointing in (False, True):
        model, calls = adapted(random_base(name)), []
        model.get_decoder().get_submodule(FIRST_MODULE[name]).register_forward_hook(
            lambda *_, calls=calls: calls.append(1)
        )
        steps = plan(gradient_checkpointing=checkpointing)
        fine_tune(model, rows(), steps, CompletionTokens(0), np.random.default_rng(0))
        assert not model.training and not model.is_activation_checkpointing
        weights.append([p.detach() for p in model.parameters() if p.requires_grad])
        passes.append(len(calls))
    assert passes == [3, 6]
    for first, second in zip(*weights, strict=True):
        torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_an_adapter_is_scaled_by_the_root_of_its_rank_if_asked():
    from peft.tuners.lora import Linear

    plain, stabilised = (adapted(random_base("llama"), flag) for flag in (False, True))
    scales = [
        {module.scaling["default"] for module in model.modules() if isinstance(module, Linear)}
        for model in (plain, stabilised)
    ]
    assert scales == [{8 / 4}, {8 / 4**0.5}]


class TestMultiModal:
    """Gemma 3 4B is a multi-modal checkpoint; its vision tower has modules of the same names."""

    @pytest.fixture
    def folder(self, tmp_path):
        random_base("gemma3-multimodal").save_pretrained(tmp_path)
        return tmp_path

    def test_only_the_language_model_is_adapted(self, folder):
        model = adapted(models.load_base(folder))
        trained = [name for name, p in model.named_parameters() if p.requires_grad]
        assert len(trained) == 2 * len(LINEAR) * 2
        assert all(".language_model.layers." in name for name in trained)
        assert any("vision_tower" in n and n.endswith("q_proj.weight") for n in model.state_dict())

    def test_training_moves_the_adapter_alone(self, folder):
        model = adapted(models.load_base(folder))
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        fine_tune(model, rows(), plan(), CompletionTokens(0), np.random.default_rng(0))
        for name, parameter in model.named_parameters():
            assert torch.equal(parameter, before[name]) == ("lora" not in name), name

    def test_the_adapter_fits_what_others_load(self, folder):
        from peft import PeftModel
        from transformers import AutoModelForCausalLM

        model = adapted(models.load_base(folder))
        models.save_trained(model, folder / "adapter")
        base = AutoModelForCausalLM.from_pretrained(folder)
        loaded = PeftModel.from_pretrained(base, folder / "adapter").eval()
        ids = torch.tensor([rows()[2].ids])
        torch.testing.assert_close(loaded(ids).logits, model(ids).logits, rtol=0, atol=0)


class TestPrecision:
    def saved(self, folder, dtype):
        random_base("llama").to(dtype).save_pretrained(folder)
        return folder

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_half_precision_is_widened_on_a_cpu_and_said_to_be(self, tmp_path, caplog, dtype):
        caplog.set_level(logging.INFO)
        model = models.load_base(self.saved(tmp_path, dtype))
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        assert f"saved in {dtype}, computed in float32" in caplog.text
        for name, parameter in random_base("llama").to(dtype).named_parameters():
            assert torch.equal(dict(model.named_parameters())[name], parameter.float())

    def test_float32_stays_and_nothing_is_said(self, tmp_path, caplog):
        caplog.set_level(logging.INFO)
        model = models.load_base(self.saved(tmp_path, torch.float32))
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        assert caplog.text == ""

    def test_a_bfloat16_base_has_a_float32_adapter_and_trains_under_autocast(self):
        """As on a GPU. bfloat16 has 8 bits of precision, hence the tolerance."""
        model = adapted(random_base("llama").to(torch.bfloat16))
        dtypes = {("lora" in name, p.dtype) for name, p in model.named_parameters()}
        assert dtypes == {(False, torch.bfloat16), (True, torch.float32)}
        seen = []
        model.get_base_model().lm_head.register_forward_hook(
            lambda module, args, out: seen.append((torch.is_autocast_enabled("cpu"), out.dtype))
        )
        loss = CompletionTokens(0).loss_sum(model, rows())
        loss.backward()
        assert seen == [(True, torch.bfloat16)]
        assert {gradient.dtype for gradient in gradients(model).values()} == {torch.float32}
        reference = adapted(random_base("llama"))
        expected = reference_loss(reference)
        expected.backward()
        assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=2e-2)
        for name, gradient in gradients(model).items():
            wanted = gradients(reference)[name]
            assert torch.cosine_similarity(gradient.flatten(), wanted.flatten(), 0) > 0.99
