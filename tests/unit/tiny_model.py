"""A random GPT-2 small enough for a unit test, with the tiny tier's tokenizer."""

from functools import lru_cache

from manifests import write_manifest

from subliminal.bases.tiny_tokenizer import build_tokenizer
from subliminal.local import models


@lru_cache
def tokenizer():
    return build_tokenizer()


def random_model(seed=0):
    from transformers import GPT2Config, GPT2LMHeadModel

    models.prepare(seed, 1)
    config = GPT2Config(
        vocab_size=len(tokenizer()),
        n_positions=160,
        n_embd=16,
        n_layer=2,
        n_head=2,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=tokenizer().bos_token_id,
        eos_token_id=tokenizer().eos_token_id,
        pad_token_id=tokenizer().pad_token_id,
    )
    return GPT2LMHeadModel(config).eval()


def save_base(folder, model=None, identity="base"):
    """A base on the disk, with as much of a manifest as a stage reads."""
    (model if model is not None else random_model()).save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return write_manifest(folder / "manifest.json", list(folder.iterdir()), stage=identity)
