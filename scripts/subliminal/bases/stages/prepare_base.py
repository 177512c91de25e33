"""Taking a base that somebody else has trained."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path
from typing import Any

from subliminal.artefacts.manifest import Run
from subliminal.bases import chat, folder, hub, loaded, wheel
from subliminal.bases import space as room
from subliminal.bases.opening import LOCAL
from subliminal.bases.specs import PrepareBaseSpec
from subliminal.bases.staging import publish, staging
from subliminal.bases.weights import SINGLE, count_parameters, main_dtype, read_tensors
from subliminal.config.models import FolderBase, HubBase, ReadySource, WheelBase
from subliminal.local import models
from subliminal.local.turns import write_end_of_turn_ids

# Dequantised weights are float32. The largest that memory held at once was 2.5 times their size
# (bases of 135 and 270 million parameters).
WHEEL_BYTES, WHEEL_PEAK = 4, 2.5
# What today's open models are published in.
HUB_BYTES = 2


def prepare_base(
    spec: PrepareBaseSpec,
    manifest: Path,
    chat_template: Path | None,
    threads: int,
    log: logging.Logger,
) -> None:
    """Make a folder that transformers' Auto classes load, whatever the source.

    Args:
        manifest: the model lands beside it.
        chat_template: the configured template, for a tokenizer that has none.

    Raises:
        ConfigError: the base cannot be had, is damaged, or is not fit for the workflow.
    """
    run = Run.begin("prepare_base", spec)
    setting = f"config/models.yaml: {spec.base}"
    configured = chat_template.read_text() if chat_template is not None else None
    models.prepare(0, threads)  # nothing is drawn
    with staging(manifest.parent) as stage:
        hashes = _collect(spec.source, stage, setting, log)
        facts = _complete(stage, configured, setting)
        files = publish(stage, manifest.parent, manifest)
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in facts.items()))
    if facts["parameters"] != spec.source.parameters:
        log.warning(
            "%s: parameters is %d, the weights have %d; correct it",
            setting,
            spec.source.parameters,
            facts["parameters"],
        )
    facts |= {"backend": LOCAL, "licence": spec.source.licence, "source_files": hashes}
    run.finish(manifest, files, facts)


def _collect(source: ReadySource, stage: Path, setting: str, log: logging.Logger) -> dict[str, str]:
    """Put the source's model into ``stage``; the SHA-256 of the files that it was read from."""
    if isinstance(source, WheelBase):
        return _collect_wheel(source, stage, setting, log)
    if isinstance(source, HubBase):
        return _collect_hub(source, stage, setting, log)
    return _collect_folder(source, stage, setting)


def _collect_wheel(
    source: WheelBase, stage: Path, setting: str, log: logging.Logger
) -> dict[str, str]:
    parts = wheel.part_files(source, setting)
    size = source.parameters * WHEEL_BYTES
    joined = sum(part.stat().st_size for part in parts) if len(parts) > 1 else 0
    room.require_disk({stage: size + joined}, setting)
    room.require_memory(int(size * WHEEL_PEAK), setting)
    gguf = wheel.whole_gguf(parts, source, stage, setting)
    log.info("dequantising %s", gguf.name)
    wheel.save_dequantised(gguf, stage, setting)
    if joined:
        gguf.unlink()
    return {"gguf": source.sha256}


def _collect_hub(source: HubBase, stage: Path, setting: str, log: logging.Logger) -> dict[str, str]:
    size = source.parameters * HUB_BYTES
    fetched = hub.snapshot_folder(source).exists()
    room.require_disk({stage: size, hub.cache_folder(): 0 if fetched else size}, setting)
    room.require_memory(size, setting)
    log.info("fetching %s, about %s", source.repository, room.gigabytes(size))
    snapshot = hub.fetch(source, setting)
    hashes = folder.take(snapshot, stage, f"{setting}: repository {source.repository}")
    hub.require_checksums(snapshot, hashes, setting)
    return hashes


def _collect_folder(source: FolderBase, stage: Path, setting: str) -> dict[str, str]:
    origin = Path(source.folder).expanduser()
    place = f"{setting}: folder {origin}"
    folder.require_files(origin, place)
    size = sum(file.stat().st_size for file in folder.weight_files(origin, place))
    room.require_disk({stage: size}, setting)
    room.require_memory(size, setting)
    return folder.take(origin, stage, place)


def _complete(stage: Path, configured: str | None, setting: str) -> dict[str, Any]:
    """Settle the chat template and the ends of turns; the facts, if all of it fits together."""
    own = loaded.load_tokenizer(stage, setting).chat_template
    template = chat.settled_template(own, configured, setting)
    chat.write_template(stage, template)
    tokenizer = loaded.load_tokenizer(stage, setting)
    found = chat.checked_chat(tokenizer, setting)
    tensors = read_tensors([stage / SINGLE], setting)
    return {
        "parameters": count_parameters(tensors),
        "dtype": main_dtype(tensors, setting),
        "vocabulary_size": loaded.checked_vocabulary(stage, tokenizer, setting),
        "end_of_turn_ids": write_end_of_turn_ids(stage, found.end_of_turn, tokenizer.eos_token_id),
        "chat_template_sha256": hashlib.sha256(template.encode()).hexdigest(),
        "takes_system_prompt": found.takes_system_prompt,
        "default_system_prompt": found.default_system_prompt,
    }
