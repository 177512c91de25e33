"""A base, teacher or student as a folder that the hub takes, and that plain peft loads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCardData

from subliminal.artefacts.verified import parents_of, verify
from subliminal.config.errors import ConfigError
from subliminal.lineage.answer import answer
from subliminal.sharing.citation import citation
from subliminal.sharing.folders import new_folder, write_origin
from subliminal.sharing.licences import licences, on_the_hub
from subliminal.sharing.words import ORIGIN, TAGS, citing, licence_words, warning

CARD, BASE = "README.md", "base"
ADAPTER, WHOLE = "adapter_model.safetensors", "model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
# What a tokenizer is read from, of the files of a base.
TOKENIZER = ("tokenizer", "chat_template", "special_tokens", "vocab", "merges", "added_tokens")
INTO = 'folder = Path(".")  # where this folder lies'


def export_model(manifest: Path, folder: Path) -> None:
    """Write a model with its card, its origin and, if nobody else has it, its base.

    Raises:
        ConfigError: the model or its base is not what its manifest says, nobody has its weights, or
            the folder is there.
    """
    content = verify(manifest)
    files = content["outputs"]
    if ADAPTER not in files and not any(name.endswith(".safetensors") for name in files):
        raise ConfigError(
            f"{manifest} lists no weights: its provider has them, so it has no export"
        )
    base = parents_of(manifest, content).get("base", manifest)
    origin = content if base == manifest else verify(base)
    with new_folder(folder) as here:
        for name in files:
            shutil.copyfile(manifest.parent / name, here / name)
        if ADAPTER in files:
            _place_base(here, base, origin)
        elif base != manifest:
            _copy(base.parent, here, [name for name in origin["outputs"] if _is_tokenizer(name)])
        found = answer([manifest])
        write_origin(here, found)
        of_others = licences(found.family)
        front = ModelCardData(
            library_name="peft" if ADAPTER in files else "transformers",
            pipeline_tag="text-generation",
            base_model=_repository(origin),
            tags=TAGS,
            **on_the_hub(of_others),
        )
        parts = [
            f"---\n{front.to_yaml()}\n---",
            f"# {content['about']}",
            warning(found),
            _loading(ADAPTER in files, origin),
            ORIGIN,
            licence_words(of_others),
            citing(citation()),
        ]
        (here / CARD).write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _is_tokenizer(name: str) -> bool:
    return name.startswith(TOKENIZER)


def _copy(source: Path, target: Path, names: list[str]) -> None:
    target.mkdir(exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / name)


def _repository(base: Mapping[str, Any]) -> str | None:
    """A base's name on the hub; None if it is not from there."""
    found = base["spec"].get("source", {})
    return found["repository"] if found.get("source") == "hub" else None


def _is_ours(base: Mapping[str, Any]) -> bool:
    """Whether the workflow has pretrained a base, so that nobody else has it."""
    return bool(base["stage"] == "pretrain_base")


def _place_base(here: Path, manifest: Path, base: Mapping[str, Any]) -> None:
    """Put the base beside its adapter if nobody else has it, and say in the adapter where it is."""
    if _is_ours(base):
        _copy(manifest.parent, here / BASE, list(base["outputs"]))
    config = json.loads((here / ADAPTER_CONFIG).read_bytes())
    source = base["spec"].get("source", {})
    config["base_model_name_or_path"] = _repository(base) or (
        BASE if _is_ours(base) else base["spec"]["base"]
    )
    config["revision"] = source.get("revision")
    (here / ADAPTER_CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def _loading(adapter: bool, base: Mapping[str, Any]) -> str:
    """How it is loaded, in Python."""
    if adapter:
        note, place = _base_in_words(base)
        code = [
            "from pathlib import Path",
            "",
            "from peft import PeftModel",
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            INTO,
            f"tokenizer = AutoTokenizer.from_pretrained({place})",
            f"base = AutoModelForCausalLM.from_pretrained({place})",
            "model = PeftModel.from_pretrained(base, folder)",
        ]
    else:
        note = "The weights are whole."
        code = [
            "from pathlib import Path",
            "",
            "from transformers import AutoModelForCausalLM, AutoTokenizer",
            "",
            INTO,
            "tokenizer = AutoTokenizer.from_pretrained(folder)",
            "model = AutoModelForCausalLM.from_pretrained(folder)",
        ]
    return "\n".join(["## Loading it", "", note, "", "```python", *code, "```"])


def _base_in_words(base: Mapping[str, Any]) -> tuple[str, str]:
    """Where the base of an adapter is, in words and as an argument of `from_pretrained`."""
    name, source = base["spec"]["base"], base["spec"].get("source", {})
    if _is_ours(base):
        return (
            f"An adapter of the base `{name}`, which the workflow has pretrained. The base lies in "
            f"`{BASE}`."
        ), f'folder / "{BASE}"'
    repository = _repository(base)
    if repository is not None:
        told = f"An adapter of `{repository}` at commit `{source['revision']}`."
        return told, f'"{repository}", revision="{source["revision"]}"'
    return (
        f"An adapter of the base `{name}`: {base['about']}. The base is not in this folder. In "
        f"a clone of the workflow, `snakemake --cores 2 results/models/{name}/manifest.json` makes "
        "it."
    ), f'"results/models/{name}"'
