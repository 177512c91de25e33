"""The whole configuration, read with everything that the registries know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from subliminal.config.config import Config, Settings
from subliminal.config.errors import ConfigError, known
from subliminal.config.experiments import Experiment
from subliminal.config.models import Base
from subliminal.config.reading import parse, read_yaml
from subliminal.config.recipes import Recipes
from subliminal.config.strict import Name, one_of
from subliminal.config.traits import Trait
from subliminal.domains.registry import AnyDomain
from subliminal.evaluations.registry import AnyEvaluation
from subliminal.workflow.kinds import KINDS

REGISTRIES: dict[str, Any] = {
    "models": dict[Name, Base],
    "traits": dict[Name, Trait],
    "recipes": Recipes,
    "domains": dict[Name, AnyDomain],
    "evaluations": dict[Name, AnyEvaluation],
}
AnyExperiment = one_of([kind.experiment for kind in KINDS.values()], "kind")


def load_config(root: Path, settings: Mapping[str, Any] | None = None) -> Config:
    """Everything under ``root/config``, each file checked by itself.

    Args:
        root: the repository's folder.
        settings: the content of config.yaml after Snakemake's ``--config`` and ``--configfile``;
            None means the settings of the file.

    Raises:
        ConfigError: a file is missing, is not YAML, or does not fit its model.
    """
    shown = "config/config.yaml"
    # Snakemake has read the file too, but takes a repeated key without a word.
    written = read_yaml(root / shown, shown)
    data = written if settings is None else settings
    parsed: dict[str, Any] = {"settings": parse(Settings, data, shown)}
    named = parsed["settings"].experiments
    parsed["usual"] = isinstance(written, Mapping) and written.get("experiments") == named
    for name, shape in REGISTRIES.items():
        shown = f"config/{name}.yaml"
        parsed[name] = parse(shape, read_yaml(root / shown, shown), shown)
    parsed["experiments"] = {
        name: load_experiment(root, name) for name in parsed["settings"].experiments
    }
    return Config.model_construct(**parsed)


def load_experiment(root: Path, name: str) -> Experiment:
    """One experiment file.

    Raises:
        ConfigError: there is none of that name, or as for `load_config`.
    """
    shown = f"config/experiments/{name}.yaml"
    path = root / shown
    if not path.exists():
        raise ConfigError(
            f"config/config.yaml (or --config): experiments: {name!r} has no file {shown} "
            f"{known(p.stem for p in path.parent.glob('*.yaml'))}"
        )
    experiment: Experiment = parse(AnyExperiment, read_yaml(path, shown), shown)
    return experiment
