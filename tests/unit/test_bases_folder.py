"""Weights out of a folder as transformers saves it, and what is refused."""

import json

import pytest
import torch
from bases_fixture import byte_tokenizer, logits, published, rewrite, tiny_gemma, tiny_llama
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from subliminal.bases.folder import take
from subliminal.bases.loaded import checked_vocabulary
from subliminal.bases.shards import weight_files
from subliminal.bases.tokens import largest_id, load_tokenizer
from subliminal.bases.weights import (
    count_parameters,
    main_dtype,
    read_tensors,
    write_single,
)
from subliminal.config.errors import ConfigError


def taken(source, tmp_path):
    target = tmp_path / "taken"
    target.mkdir(exist_ok=True)
    return target, take(source, target, "there")


def largest(folder):
    return largest_id(load_tokenizer(folder, "here"), "here")


@pytest.mark.parametrize("make", [tiny_llama, tiny_gemma])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_shards_become_one_file_and_no_number_changes(tmp_path, make, dtype):
    from transformers import AutoModelForCausalLM

    source = published(tmp_path / "source", make().to(dtype), shard="20KB")
    sharded = AutoModelForCausalLM.from_pretrained(source).eval()
    shards = weight_files(source, "there")
    assert len(shards) > 2
    target, hashes = taken(source, tmp_path)
    assert set(hashes) >= {shard.name for shard in shards}
    assert [file.name for file in target.glob("*.safetensors*")] == ["model.safetensors"]
    loaded = AutoModelForCausalLM.from_pretrained(target).eval()
    assert loaded.dtype == dtype
    assert loaded.lm_head.weight is loaded.model.embed_tokens.weight
    torch.testing.assert_close(logits(loaded), logits(sharded), rtol=0, atol=0)


def test_merged_weights_are_read_by_the_formats_own_library(tmp_path):
    # Widths of 4, 2, 8 and 1 bytes, and a tensor without a single number.
    first = {"a": torch.arange(3, dtype=torch.bfloat16), "b": torch.ones(2, 2)}
    second = {"c": torch.arange(5), "d": torch.tensor([True]), "e": torch.empty(0, 3)}
    files = [tmp_path / "1.safetensors", tmp_path / "2.safetensors"]
    save_file(first, files[0])
    save_file(second, files[1])
    merged = tmp_path / "merged.safetensors"
    tensors = read_tensors(files, "there")
    write_single(files, tensors, merged, "there")
    assert count_parameters(tensors) == 3 + 4 + 5 + 1 + 0
    with safe_open(merged, "pt") as content:
        assert content.metadata() == {"format": "pt"}
    read = load_file(merged)
    assert sorted(read) == ["a", "b", "c", "d", "e"]
    for name, tensor in {**first, **second}.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor)
    for tensor in read_tensors([merged], "there").values():
        width = max(1, tensor.size // max(1, torch.Size(tensor.shape).numel()))
        assert tensor.start % width == 0


def test_tied_weights_are_counted_once(tmp_path):
    model = tiny_llama()
    tensors = read_tensors(weight_files(published(tmp_path / "m", model), "there"), "there")
    assert count_parameters(tensors) == sum(p.numel() for p in model.parameters())
    assert main_dtype(tensors, "there") == "float32"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("config.json", r"there is no config.json \(found: .*tokenizer.json.*save_pretrained"),
        ("tokenizer.json", r"there is no tokenizer \(tokenizer.json or tokenizer.model or"),
        ("model.safetensors", r"neither model.safetensors nor .*\(found: .*\); pickled weights"),
    ],
)
def test_a_missing_file_is_named(tmp_path, name, says):
    source = published(tmp_path / "source")
    (source / name).unlink()
    with pytest.raises(ConfigError, match=says):
        taken(source, tmp_path)


def test_pickled_weights_are_refused(tmp_path):
    source = published(tmp_path / "source")
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"found: .*pytorch_model.bin.*pickled weights are not"):
        taken(source, tmp_path)


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="there: there is no such folder; correct its path"):
        taken(tmp_path / "nowhere", tmp_path)


def test_a_missing_shard_is_named(tmp_path):
    source = published(tmp_path / "source", shard="20KB")
    gone = weight_files(source, "there")[1]
    gone.unlink()
    with pytest.raises(ConfigError, match=rf"there is no {gone.name}; fetch"):
        taken(source, tmp_path)


@pytest.mark.parametrize("keep", [0, 4, 60, -1])
def test_a_truncated_shard_is_an_error(tmp_path, keep):
    source = published(tmp_path / "source", shard="20KB")
    shard = weight_files(source, "there")[0]
    shard.write_bytes(shard.read_bytes()[:keep])
    with pytest.raises(ConfigError, match=rf"there: {shard.name} is damaged: expected .*found"):
        taken(source, tmp_path)


def test_bytes_at_the_end_are_an_error(tmp_path):
    source = published(tmp_path / "source")
    with (source / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ConfigError, match=r"model.safetensors is damaged: expected \d+ bytes"):
        taken(source, tmp_path)


def test_a_tensor_in_two_shards_is_an_error(tmp_path):
    files = [tmp_path / "1.safetensors", tmp_path / "2.safetensors"]
    for file in files:
        save_file({"a": torch.ones(2)}, file)
    with pytest.raises(ConfigError, match=r"a is in 1.safetensors and in 2.safetensors"):
        read_tensors(files, "there")


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_damaged_index_is_an_error(tmp_path, content):
    source = published(tmp_path / "source", shard="20KB")
    (source / "model.safetensors.index.json").write_text(content)
    with pytest.raises(ConfigError, match=r"model.safetensors.index.json is damaged: .*fetch it"):
        taken(source, tmp_path)


def test_quantised_weights_are_refused(tmp_path):
    source = published(tmp_path / "source")
    rewrite(source / "config.json", quantization_config={"quant_method": "bitsandbytes"})
    with pytest.raises(ConfigError, match=r"quantised \(config.json: quantization_config\)"):
        taken(source, tmp_path)
    save_file({"a": torch.zeros(4, dtype=torch.uint8)}, tmp_path / "a.safetensors")
    with pytest.raises(ConfigError, match="its weights are U8, expected one of F32, BF16, F16"):
        main_dtype(read_tensors([tmp_path / "a.safetensors"], "there"), "there")


def test_the_models_vocabulary_is_told(tmp_path):
    target, _ = taken(published(tmp_path / "source", tiny_llama(vocab_size=300)), tmp_path)
    assert checked_vocabulary(target, largest(target), "here") == 300


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"num_hidden_layers": 3}, r"here: its weights lack model.layers.2.* and 8 more that"),
        (
            {"intermediate_size": 16},
            r"here: its weights have model.layers.0.mlp.down_proj.weight as \(32, 64\), its config"
            r".json asks for \(32, 16\); fetch",
        ),
        ({"model_type": "no-such-thing"}, "here: transformers cannot read its model: "),
    ],
)
def test_weights_that_do_not_fit_the_configuration_are_an_error(tmp_path, changes, says):
    target, _ = taken(published(tmp_path / "source"), tmp_path)
    known = largest(target)
    rewrite(target / "config.json", **changes)
    with pytest.raises(ConfigError, match=says) as failure:
        checked_vocabulary(target, known, "here")
    assert "\n" not in str(failure.value)


def test_a_tokenizer_with_more_tokens_than_the_model_is_an_error(tmp_path):
    tokenizer = byte_tokenizer(added=["<more>"])
    target, _ = taken(published(tmp_path / "source", tokenizer=tokenizer), tmp_path)
    with pytest.raises(ConfigError, match="its tokenizer has 263 tokens, its model knows 262"):
        checked_vocabulary(target, largest(target), "here")


def test_a_damaged_tokenizer_is_an_error(tmp_path):
    target, _ = taken(published(tmp_path / "source"), tmp_path)
    (target / "tokenizer.json").write_text(json.dumps({"version": "1.0"}))
    with pytest.raises(ConfigError, match="transformers cannot read its tokenizer: "):
        load_tokenizer(target, "here")
