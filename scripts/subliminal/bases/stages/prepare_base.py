"""Taking a base that somebody else has trained."""

from __future__ import annotations

import logging
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.manifest import Run
from subliminal.bases import chat, folder, hub, loaded, tokens, trial, wheel
from subliminal.bases import space as room
from subliminal.bases.child import bounded
from subliminal.bases.finite import require_finite
from subliminal.bases.settings import require_ends
from subliminal.bases.specs import PrepareBaseSpec
from subliminal.bases.staging import publish, require_apart, staging
from subliminal.bases.weights import SINGLE, count_parameters, main_dtype, read_tensors
from subliminal.config.models import LOCAL, FolderBase, HubBase, ReadySource, WheelBase
from subliminal.local import models
from subliminal.local.turns import write_end_of_turn_ids

# Dequantised weights are float32. The largest that memory held at once was 2.5 times their size
# (bases of 135 and 270 million parameters).
WHEEL_BYTES, WHEEL_PEAK = 4, 2.5
# No quantisation takes less than a bit per number: the file's bytes times so many are enough.
WHEEL_LARGEST = 80
# 270 million parameters took 95 seconds.
WHEEL_SECONDS = 6 * 3600
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
    if isinstance(spec.source, FolderBase):
        origin = spec.source.path
        require_apart(origin, manifest.parent, f"{setting}: folder {origin}")
    with staging(manifest.parent, setting) as stage:
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
    bounded(
        partial(wheel.save_dequantised, gguf, stage, setting),
        "dequantising its GGUF file",
        setting,
        memory=WHEEL_LARGEST * gguf.stat().st_size,
        seconds=WHEEL_SECONDS,
    )
    if joined:
        gguf.unlink()
    return {"gguf": source.sha256}


def _collect_hub(source: HubBase, stage: Path, setting: str, log: logging.Logger) -> dict[str, str]:
    fetched = hub.snapshot_folder(source).exists()
    # What a repository holds is not what somebody has written of it here.
    size = max(source.parameters * HUB_BYTES, 0 if fetched else hub.promised_bytes(source))
    room.require_disk({stage: size, hub.cache_folder(): 0 if fetched else size}, setting)
    room.require_memory(size, setting)
    log.info("fetching %s, about %s", source.repository, room.gigabytes(size))
    snapshot = hub.fetch(source, setting)
    place = f"{setting}: repository {source.repository}"
    folder.require_files(snapshot, place)
    room.require_disk({stage: folder.bytes_to_take(snapshot, place)}, setting)
    hashes = folder.take(snapshot, stage, place)
    hub.require_checksums(snapshot, hashes, setting)
    return hashes


def _collect_folder(source: FolderBase, stage: Path, setting: str) -> dict[str, str]:
    origin = source.path
    place = f"{setting}: folder {origin}"
    folder.require_files(origin, place)
    size = folder.bytes_to_take(origin, place)
    room.require_disk({stage: size}, setting)
    room.require_memory(size, setting)
    return folder.take(origin, stage, place)


def _complete(stage: Path, configured: str | None, setting: str) -> dict[str, Any]:
    """Settle the chat template and the ends of turns; the facts, if all of it fits together."""
    tensors = read_tensors([stage / SINGLE], setting)
    dtype = main_dtype(tensors, setting)
    require_finite(tensors, setting)
    require_ends(stage, setting)  # of a GGUF file they are transformers' own
    found = bounded(
        partial(_settled_chat, stage, configured, setting),
        "trying its tokenizer and chat template",
        setting,
    )
    ends = write_end_of_turn_ids(stage, found["end_of_turn"], found["eos_token_id"])
    size = (stage / SINGLE).stat().st_size
    vocabulary_size = bounded(
        partial(_tried_model, stage, found["largest_id"], setting),
        "reading its model",
        setting,
        memory=size * (1 + trial.MEMORY_PER_BYTE * (size <= trial.LARGEST)),
    )
    loaded.require_known_ends(ends, vocabulary_size, setting)
    return {
        "parameters": count_parameters(tensors),
        "dtype": dtype,
        "vocabulary_size": vocabulary_size,
        "end_of_turn_ids": ends,
        "chat_template_sha256": file_sha256(stage / chat.TEMPLATE),
        "takes_system_prompt": found["takes_system_prompt"],
        "default_system_prompt": found["default_system_prompt"],
    }


def _settled_chat(stage: Path, configured: str | None, setting: str) -> dict[str, Any]:
    """Write the one chat template; what it and the tokenizer do."""
    loaded.require_readable(stage, setting)
    own = tokens.load_tokenizer(stage, setting).chat_template
    chat.write_template(stage, chat.settled_template(own, configured, setting))
    tokenizer = tokens.load_tokenizer(stage, setting)
    tokens.require_encoding(tokenizer, setting)
    return {
        **asdict(chat.checked_chat(tokenizer, setting)),
        "eos_token_id": tokenizer.eos_token_id,
        "largest_id": tokens.largest_id(tokenizer, setting),
    }


def _tried_model(stage: Path, largest_id: int, setting: str) -> int:
    """The size of the vocabulary of a model that has been tried, unless that takes memory."""
    known = loaded.checked_vocabulary(stage, largest_id, setting)
    if (stage / SINGLE).stat().st_size <= trial.LARGEST:
        trial.require_answers(stage, known, setting)
    return known
