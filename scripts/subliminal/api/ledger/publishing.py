"""A ledger without what only its owner needs: a record, for others to replay.

It is a ledger again, of what is done. No ledger has prompts: answers are found by their hashes.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, NamedTuple

from subliminal.api.access import BASE_URL
from subliminal.api.ledger.actions import ACTIONS, Ledger
from subliminal.api.ledger.answers import AnswerBook
from subliminal.api.ledger.lines import Lines
from subliminal.api.ledger.tuned import TunedBook
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import FILE

# Of an action and of an answer, all that is published. Other fields name requests, the account's
# keys of stored answers, or what a provider adds one day.
FACTS = ("server", "artefact", "book", "job", "status")
FIELDS = ("object", "created", "model", "system_fingerprint", "choices", "usage")
README = """Recorded answers and fine-tuned models of hosted models, asked at {servers}.

With the repository and the config/ of the run that they are of, they stand in for the provider: no
key is needed, nothing is sent, nothing is paid. In {file}:

    replay: true
    ledger: this folder

and in the environment, unless it is OpenAI's own address:

    export {variable}={servers}

Every line has a checksum. docs/hosted-models.md of the repository says more.
"""


class Published(NamedTuple):
    """What a record holds.

    Attributes:
        left_out: actions that are not done, and not of fine-tuning in vain.
        size: in bytes.
    """

    answers: int
    models: int
    left_out: int
    size: int


def publish(ledger: Ledger, folder: Path) -> Published:
    """Write a record of a ledger into a new folder.

    Args:
        folder: is there as a whole, or not at all.

    Raises:
        ConfigError: the folder is there, there is nothing to publish, or the ledger is damaged.
    """
    if folder.exists():
        raise ConfigError(f"{folder} is there already; name a new folder, or delete this one")
    actions = list(ledger.actions().values())
    done = [action for action in actions if action.state == "done"]
    if not done:
        raise ConfigError(f"{ledger.folder} holds nothing that is done; run an experiment first")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    # By the attempts that have ended without a model, a replay finds the one that has made one.
    vain = [a for a in actions if a.kind == "tuning" and a.state == "dropped"]
    told = [{**vars(action), "facts": _some(action.facts, FACTS)} for action in [*done, *vain]]
    _write(partial / ACTIONS, told)
    answers = sum(_copy_answers(book, partial) for book in AnswerBook.all_of(ledger.folder))
    models = sum(_copy_model(book, partial) for book in TunedBook.all_of(ledger.folder))
    servers = " or ".join(Ledger(partial).servers())
    text = README.format(servers=servers, file=FILE, variable=BASE_URL)
    (partial / "README.md").write_text(text)
    partial.rename(folder)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Published(answers, models, len(actions) - len(told), size)


def _copy_answers(book: AnswerBook, folder: Path) -> int:
    """Copy the first answer to each question; how many there are."""
    kept = [one for one in book.read().values() if one.answer is not None]
    pieces = [one._replace(answer=_some(one.answer or {}, FIELDS)) for one in kept]
    _write(AnswerBook.named(folder, book.name).file, pieces)
    return len(pieces)


def _copy_model(book: TunedBook, folder: Path) -> int:
    model = book.read()
    _write(TunedBook.of(folder, book.file.stem).file, [model] if model else [])
    return int(model is not None)


def _some(found: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: found[name] for name in names if name in found}


def _write(file: Path, pieces: list[Any]) -> None:
    if pieces:
        file.parent.mkdir(parents=True, exist_ok=True)
        Lines(file).append(pieces)
