"""Preparing a base that may do harm, and telling how that ends."""

import json
import logging

import torch
from bases_fixture import folder_base, logits
from guard import guarded
from outcomes import RIGHT, Outcome, outcome_of, record

from subliminal.bases.specs import PrepareBaseSpec
from subliminal.bases.stages.prepare_base import prepare_base
from subliminal.config.errors import ConfigError
from subliminal.local.encoding import encode_rows
from subliminal.local.models import load_base, load_tokenizer
from subliminal.local.turns import end_of_turn_ids

SETTING = "config/models.yaml: tiny"
LONGEST_MESSAGE = 1500
LOG = logging.getLogger("test")


def make(source, target):
    """Prepare a base of a folder, or of what models.yaml would say."""
    source = source if hasattr(source, "licence") else folder_base(source)
    spec = PrepareBaseSpec(base="tiny", source=source)
    prepare_base(spec, target / "manifest.json", None, 1, LOG)


def use(folder):
    """Do with a base what later jobs do."""
    tokenizer, model = load_tokenizer(folder), load_base(folder)
    rows = encode_rows(tokenizer, ["Which is larger"], ["217, 5"])
    assert max(rows[0].ids) < model.get_input_embeddings().num_embeddings
    assert tokenizer.pad_token_id is not None
    assert end_of_turn_ids(folder)
    assert torch.isfinite(logits(model)).all()


def prepared(source, target):
    """How a preparation ends, as status and output; and whether the base works."""
    try:
        make(source, target)
    except ConfigError as error:
        return 1, str(error), False
    use(target)
    listed = json.loads((target / "manifest.json").read_text())["outputs"]
    return 0, "", {*listed, "manifest.json"} == {file.name for file in target.iterdir()}


def ending(source, target, says):
    """The outcome of preparing a base, and what was told."""
    found = guarded(lambda: prepared(source, target))
    if found is None:
        return Outcome.HANG, ""
    if found[0] == "traceback":
        return Outcome.TRACEBACK, found[1]
    status, output, works = found
    return outcome_of(status, output, [SETTING, says], works), output


def contents(folder):
    """Every file below a folder, with what tells that it was changed."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
    }


def require_right(request, source, target, says):
    """A clear error that says something, or without it a base that works; and count it."""
    outcome, told = ending(source, target, says)
    record(request, outcome)
    assert outcome in RIGHT, told
    assert (outcome == Outcome.RECOVERED) == (not says), told
    assert len(told) < LONGEST_MESSAGE
    assert told.isprintable()
