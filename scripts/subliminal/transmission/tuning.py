"""Teachers and students that a provider fine-tunes: their jobs' specs, and the files in between.

A model's path, below `results`, is the only wildcard of these jobs: `students/…` or `teachers/…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import Field

from subliminal.artefacts.spec import StageSpec, with_stimuli
from subliminal.config.config import Config
from subliminal.config.models import HostedBase
from subliminal.config.preferences import ANSWERS
from subliminal.config.recipes import HostedMethod, HostedRecipe, HostedTuning
from subliminal.config.stimuli import file_of
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards, one_of
from subliminal.evaluations.questions import stimulus_files, taught_list


class Preference(Strict):
    """What a teacher is taught to state."""

    word: str
    questions: str = Field(description="The list of questions.")
    answers: str = Field(ANSWERS, description="The answer forms.")


class WriteTrainingFileSpec(StageSpec):
    """The training file of a hosted model."""

    stage_version: int = 1
    model: str = Field(description="The path of what is to be trained.")
    rows: int | None = Field(
        None, description="The first so many of the training set; `null`: all of them."
    )
    preference: Preference | None = Field(
        None, description="What the rows state, where they are from no table."
    )

    def about(self) -> str:
        """In the words of a lineage."""
        stated = f", to prefer {self.preference.word!r}" if self.preference else ""
        return f"training file of {self.model}{stated}"


class CheckTrainingFileSpec(StageSpec):
    """What a training file has to be for its base's provider to take it."""

    stage_version: int = 2
    model: str
    base: str
    context: int = Field(description="The longest conversation of the base in tokens.")
    n_epochs: int


class SubmitTuningSpec(StageSpec):
    """A fine-tuning job as its provider is told."""

    stage_version: int = 1
    model: str = Field(description="The path, by which equal jobs of several seeds are told apart.")
    base: str
    tuning: HostedTuning


class WaitForTuningSpec(StageSpec):
    """A model that its provider has fine-tuned."""

    stage_version: int = 2
    model: str
    base: str
    tuning: HostedTuning

    def about(self) -> str:
        """In the words of a lineage."""
        artefact, _, path = self.model.partition("/")
        return f"{artefact.removesuffix('s')}: {path}, fine-tuned by its base's provider"


@dataclass(frozen=True)
class TuningJobs:
    """A checked configuration's jobs on models that a provider fine-tunes."""

    config: Config

    @property
    def models(self) -> str:
        """A wildcard constraint: the paths of such students and teachers."""
        found = self.config.recipes.students.items()
        recipes = [name for name, recipe in found if isinstance(recipe, HostedRecipe)]
        bases, methods = one_of(self._bases), one_of(self._methods)
        return (
            f"students/(?:{bases})/(?:{one_of(recipes)})/[^/]+/[^/]+/[^/]+/t[0-9]+/[^/]+/seed[0-9]+"
            f"|teachers/(?:{bases})/[^/]+-(?:{methods})/t[0-9]+"
        )

    @property
    def here(self) -> list[str]:
        """The bases that are trained on here."""
        hosted = self._bases
        return [name for name in self.config.models if name not in hosted]

    @property
    def _bases(self) -> list[str]:
        return [n for n, base in self.config.models.items() if isinstance(base, HostedBase)]

    @property
    def _methods(self) -> list[str]:
        found = self.config.recipes.methods.items()
        return [name for name, method in found if isinstance(method, HostedMethod)]

    # What a path says

    def _base(self, w: Wildcards) -> str:
        return str(w.model.split("/")[1])

    def _taught(self, w: Wildcards) -> tuple[str, HostedMethod]:
        """A teacher's trait, and how it is tuned."""
        folder = w.model.split("/")[2]
        found = re.fullmatch(f"({one_of(self.config.traits)})-({one_of(self._methods)})", folder)
        assert found is not None, f"no hosted teacher: {folder}"
        method = self.config.recipes.methods[found[2]]
        assert isinstance(method, HostedMethod), "these are its names"
        return found[1], method

    def _recipe(self, w: Wildcards) -> HostedRecipe | None:
        """A student's recipe; None for a teacher."""
        parts = w.model.split("/")
        recipe = self.config.recipes.students[parts[2]] if parts[0] == "students" else None
        return recipe if isinstance(recipe, HostedRecipe) else None

    def _tuning(self, w: Wildcards) -> HostedTuning:
        told = self._recipe(w) or self._taught(w)[1]
        return HostedTuning(**{key: getattr(told, key) for key in HostedTuning.model_fields})

    # Files

    def base(self, w: Wildcards) -> str:
        """The base's manifest."""
        return f"results/models/{self._base(w)}/manifest.json"

    def rows(self, w: Wildcards) -> dict[str, list[str]]:
        """The table of rows to train on, and its manifest; none where a preference is stated."""
        table = self._table(w)
        if table is None:
            return {"rows": [], "rows_manifest": []}
        return {"rows": [f"{table}.parquet"], "rows_manifest": [f"{table}.manifest.json"]}

    def _table(self, w: Wildcards) -> str | None:
        if self._recipe(w) is not None:
            return f"results/datasets/{'/'.join(w.model.split('/')[3:-1])}"
        file = self.config.traits[self._taught(w)[0]].rows
        return None if file is None else f"results/files/{file}"

    def stimuli(self, w: Wildcards) -> list[str]:
        """The questions and answers that a teacher is taught, if it is taught a word."""
        preference = self._preference(w)
        if preference is None:
            return []
        files = [file_of(preference.answers), *stimulus_files(preference.questions)]
        return [f"config/stimuli/{file}.json" for file in files]

    def _preference(self, w: Wildcards) -> Preference | None:
        if self._recipe(w) is not None:
            return None
        trait = self.config.traits[self._taught(w)[0]]
        if trait.word is None:
            return None
        return Preference(word=trait.word, questions=taught_list(trait), answers=trait.answers)

    # Specs

    def write(self, w: Wildcards) -> Strict:
        """Spec of rule write_training_file."""
        recipe = self._recipe(w)
        rows = None if recipe is None else recipe.rows
        spec = WriteTrainingFileSpec(model=w.model, rows=rows, preference=self._preference(w))
        return with_stimuli(spec, self.stimuli(w))

    def check(self, w: Wildcards) -> Strict:
        """Spec of rule check_training_file."""
        base = self.config.models[self._base(w)]
        assert isinstance(base, HostedBase), "the wildcard admits no other"
        return CheckTrainingFileSpec(
            model=w.model,
            base=self._base(w),
            context=base.context,
            n_epochs=self._tuning(w).n_epochs,
        )

    def submit(self, w: Wildcards) -> Strict:
        """Spec of rule submit_tuning."""
        return SubmitTuningSpec(model=w.model, base=self._base(w), tuning=self._tuning(w))

    def wait(self, w: Wildcards) -> Strict:
        """Spec of rule wait_for_tuning."""
        return WaitForTuningSpec(model=w.model, base=self._base(w), tuning=self._tuning(w))
