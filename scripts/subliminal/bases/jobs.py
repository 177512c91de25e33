"""Answers to the rules of bases: each job's inputs, spec, memory and time."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from subliminal.artefacts.spec import with_stimuli
from subliminal.bases import resources, specs
from subliminal.bases.worlds import WORLDS
from subliminal.config.config import Config
from subliminal.config.models import (
    CHAT_TEMPLATES,
    FolderBase,
    HostedBase,
    PretrainedBase,
    ReadyBase,
)
from subliminal.config.strict import Strict
from subliminal.config.wildcards import Wildcards


def _files_in(folder: Path) -> list[str]:
    """The files of a folder that Snakemake can look at; what else lies there, its job finds."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    paths = [str(folder / name) for name in names if name.isprintable()]
    return [path for path in paths if os.path.isfile(path)]


@dataclass(frozen=True)
class BaseJobs:
    """A checked configuration's jobs that make bases."""

    config: Config

    @property
    def pretrained(self) -> list[str]:
        """The bases that the workflow pretrains itself."""
        return [n for n, b in self.config.models.items() if isinstance(b, PretrainedBase)]

    @property
    def ready(self) -> list[str]:
        """The bases that somebody else has trained."""
        return [n for n, b in self.config.models.items() if isinstance(b, ReadyBase)]

    @property
    def hosted(self) -> list[str]:
        """The bases that somebody else serves."""
        return [n for n, b in self.config.models.items() if isinstance(b, HostedBase)]

    # Specs

    def pretrain(self, w: Wildcards) -> Strict:
        """Spec of rule pretrain_base."""
        return with_stimuli(specs.pretrain_base(self.config, w.base), self.stimuli(w))

    def prepare(self, w: Wildcards) -> Strict:
        """Spec of rule prepare_base."""
        return specs.prepare_base(self.config, w.base)

    def register(self, w: Wildcards) -> Strict:
        """Spec of rule register_base."""
        return specs.register_base(self.config, w.base)

    # Inputs

    def stimuli(self, w: Wildcards) -> list[str]:
        """The stimulus files that pretraining reads; an edited stimulus is a changed input."""
        world = self.config.world(w.base)
        assert world is not None, "the rule's wildcard admits no other"
        return [f"config/stimuli/{name}.json" for name in WORLDS[world].stimuli]

    def imitated(self, w: Wildcards) -> dict[str, list[str]]:
        """The base whose distribution a base learns, if it learns one."""
        model = self.config.models[w.base]
        assert isinstance(model, PretrainedBase), "the rule's wildcard admits no other"
        imitated = model.imitates
        return {"imitated": [f"results/models/{imitated}/manifest.json"] if imitated else []}

    def sources(self, w: Wildcards) -> dict[str, list[str]]:
        """The local files that a base is prepared from, beside installed packages."""
        model = self.config.models[w.base]
        assert isinstance(model, ReadyBase), "the rule's wildcard admits no other"
        template = model.chat_template
        files = {"chat_template": [f"{CHAT_TEMPLATES}/{template}.jinja"] if template else []}
        if isinstance(model, FolderBase):
            folder = model.path
            # Where there is nothing Snakemake says what is missing.
            files["folder"] = _files_in(folder) or [str(folder / "config.json")]
        return files

    # What a job asks of the machine

    def memory_mb(self, stage: str) -> Callable[[Wildcards], int]:
        """A resource function: main memory of a stage's job, in MB."""
        return lambda wildcards: resources.memory_mb(stage, self.config.models[wildcards.base])

    def runtime(self, w: Wildcards) -> int:
        """A resource function: the time limit of a job, in minutes."""
        return resources.runtime("prepare_base", self.config.models[w.base])
