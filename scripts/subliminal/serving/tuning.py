"""Fine-tuning a base on an uploaded file, as students are trained."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from subliminal.api.tuning.limits import FEWEST_ROWS
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.progress import CHECKPOINT_EVERY_S
from subliminal.artefacts.spec import StageSpec
from subliminal.config.errors import ConfigError, known
from subliminal.config.reading import parse, read_yaml
from subliminal.config.recipes import Recipe, Recipes
from subliminal.local.encoding import EncodedRow, encode_rows
from subliminal.local.model import LocalModel
from subliminal.local.models import positions
from subliminal.local.training.fine_tuning import Step
from subliminal.local.training.lesson import Lesson, learn_tokens, teach
from subliminal.local.training.objectives import Objective
from subliminal.serving.bodies import Hyperparameters, Row
from subliminal.serving.refusals import malformed
from subliminal.serving.shelf import MANIFEST, RANDOM_NUMBERS

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

STAGE = "serve_tiny"
RECIPES = "config/recipes.yaml"
MOST_EPOCHS = 50
log = logging.getLogger(__name__)


class InvalidFileError(Exception):
    """A training file that nothing can be trained on.

    Attributes:
        code: OpenAI's word for it.
    """

    def __init__(self, message: str, code: str = "invalid_training_file") -> None:
        """Note both."""
        super().__init__(message)
        self.code = code


class StoppedError(Exception):
    """The job was cancelled."""


class TuneSpec(StageSpec):
    """All that a fine-tuned model depends on, beside its base and the code."""

    snapshot: str
    training_file: str
    recipe: Recipe
    seed: int

    def about(self) -> str:
        """The model in a few words."""
        return f"{self.snapshot} tuned on a file of SHA-256 {self.training_file[:12]}…"


def local_recipe(root: Path, name: str) -> Recipe:
    """A recipe of `config/recipes.yaml`.

    Args:
        root: the repository.

    Raises:
        ConfigError: it has none of this name, or one that is not for training here.
    """
    recipes: Recipes = parse(Recipes, read_yaml(root / RECIPES, RECIPES), RECIPES)
    usable = {
        key: recipe
        for key, recipe in recipes.students.items()
        if isinstance(recipe, Recipe) and recipe.distillation is None
    }
    if name not in usable:
        raise ConfigError(f"--recipe: {RECIPES} has no {name!r} to train by {known(usable, name)}")
    return usable[name]


def read_rows(content: bytes) -> list[Row]:
    """The rows of a training file.

    Raises:
        InvalidFileError: a line is no such row, or there are too few.
    """
    rows = []
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            rows.append(Row.model_validate_json(line))
        except ValidationError as failure:
            raise InvalidFileError(f"Line {number}: {malformed(failure).message}") from None
    if len(rows) < FEWEST_ROWS:
        raise InvalidFileError(
            f"Training file has {len(rows)} example(s), but must have at least {FEWEST_ROWS} "
            "examples",
            "invalid_n_examples",
        )
    return rows


def settled(settings: Hyperparameters, rows: int, recipe: Recipe) -> dict[str, Any]:
    """Hyperparameters with numbers, those of the recipe where the server is to choose.

    Args:
        rows: of the training file.
    """
    plan = recipe.optimisation
    size = plan.batch_size if settings.batch_size == "auto" else settings.batch_size
    epochs = settings.n_epochs
    if epochs == "auto":
        steps = math.ceil(rows / size)
        dose = plan.epochs if plan.steps is None else round(plan.steps / steps)
        epochs = min(MOST_EPOCHS, max(1, dose or 1))
    rate = settings.learning_rate_multiplier
    return {
        "n_epochs": epochs,
        "batch_size": size,
        "learning_rate_multiplier": 1.0 if rate == "auto" else rate,
    }


def recipe_of(settings: dict[str, Any], recipe: Recipe, base: LocalModel) -> Recipe:
    """The recipe with a job's hyperparameters; nothing is held out."""
    plan = recipe.optimisation
    size = settings["batch_size"]
    optimisation = plan.model_copy(
        update={
            "epochs": settings["n_epochs"],
            "steps": None,
            "batch_size": size,
            "micro_batch_size": min(size, plan.micro_batch_size),
            "learning_rate": plan.learning_rate * settings["learning_rate_multiplier"],
        }
    )
    longest = positions(base.network) or recipe.max_tokens
    return recipe.model_copy(
        update={"optimisation": optimisation, "max_tokens": longest, "holdout_rows": 0}
    )


def count_tokens(base: LocalModel, rows: Sequence[Row], most: int) -> int:
    """Tokens in one pass over the rows, prompts included.

    Raises:
        InvalidFileError: the base cannot read a row.
    """
    prompts, completions = [r.prompt for r in rows], [r.completion for r in rows]
    try:
        encoded = encode_rows(base.tokenizer, prompts, completions, max_tokens=most)
    except ConfigError as error:
        raise InvalidFileError(str(error)) from None
    return sum(len(row.ids) for row in encoded)


@dataclass(frozen=True)
class _Stoppable:
    """An objective that ends the training when its job is cancelled."""

    inner: Objective
    stop: Event

    def positions(self, rows: Sequence[EncodedRow]) -> int:
        return self.inner.positions(rows)

    def loss_sum(self, model: torch.nn.Module, rows: Sequence[EncodedRow]) -> torch.Tensor:
        if self.stop.is_set():
            raise StoppedError
        return self.inner.loss_sum(model, rows)


def tune(
    spec: TuneSpec, rows: Sequence[Row], base: Path, folder: Path, threads: int, stop: Event
) -> list[Step]:
    """Train an adapter, and save it with its manifest; a killed run goes on.

    Args:
        base, folder: the base, and what gets the adapter.
        stop: set when the job is cancelled.

    Returns:
        The steps of the training.

    Raises:
        ConfigError: a row does not fit into memory.
        StoppedError: the job was cancelled.
    """
    run = Run.begin(STAGE, spec, {"base": base / MANIFEST})
    RANDOM_NUMBERS.acquire()
    held = True

    def objective(tokenizer: PreTrainedTokenizerBase, encoded: Sequence[EncodedRow]) -> Objective:
        # The adapter has its weights: nothing more is drawn from torch's stream.
        nonlocal held
        RANDOM_NUMBERS.release()
        held = False
        return _Stoppable(learn_tokens(tokenizer, encoded), stop)

    lesson = Lesson(
        seeded_by=(STAGE, spec.snapshot, spec.seed),
        prompts=[row.prompt for row in rows],
        completions=[row.completion for row in rows],
        lora=spec.recipe.lora,
        optimisation=spec.recipe.optimisation,
        max_tokens=spec.recipe.max_tokens,
        objective=objective,
    )
    try:
        learnt = teach(lesson, base, folder, run, threads, log, CHECKPOINT_EVERY_S)
    finally:
        if held:
            RANDOM_NUMBERS.release()
    run.finish(folder / MANIFEST, learnt.files, learnt.facts)
    learnt.checkpoints.remove()
    return learnt.history
