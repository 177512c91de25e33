"""The whole configuration, read with everything that the registries know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from subliminal.config.adopted import Adopted
from subliminal.config.config import Config, Settings
from subliminal.config.errors import Remark, RemarkedError, known
from subliminal.config.experiments import Experiments, experiment_file, kinds_said
from subliminal.config.files import SuppliedFile
from subliminal.config.hosting import Hosting
from subliminal.config.items import ITEMS, Item
from subliminal.config.judges import Judge
from subliminal.config.models import Base
from subliminal.config.places import error_of
from subliminal.config.reading import parse, read_yaml
from subliminal.config.recipes import Recipes
from subliminal.config.stand_ins import Change, StandIns, stood_in_experiments
from subliminal.config.strict import FileName, Name, one_of
from subliminal.config.traits import Trait
from subliminal.domains.registry import AnyDomain
from subliminal.evaluations.registry import AnyEvaluation
from subliminal.workflow.kinds import KINDS

SETTINGS = "config/config.yaml"
REGISTRIES: dict[str, Any] = {
    "models": dict[Name, Base],
    "traits": dict[Name, Trait],
    "files": dict[Name, SuppliedFile],
    "judges": dict[Name, Judge],
    "adopted": dict[Name, Adopted],
    "recipes": Recipes,
    "domains": dict[Name, AnyDomain],
    "evaluations": dict[Name, AnyEvaluation],
    "items": dict[FileName, Item],
    "stand_ins": dict[FileName, StandIns],
    "openai": Hosting,
}
# Registries that do not lie in a file of their name.
ELSEWHERE = {"items": ITEMS}
AnyExperiment = one_of([kind.experiment for kind in KINDS.values()], "kind")


def registry_file(name: str) -> str:
    """A registry's file, below the repository."""
    return ELSEWHERE.get(name, f"config/{name}.yaml")


@dataclass(frozen=True)
class Given:
    """Who has given the settings that `config/config.yaml` has not.

    Attributes:
        options: by key, as typed, such as `--config experiments=…`.
        files: by key, the file of a `--configfile`.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def to(cls, workflow: Any, root: Path) -> Given:
        """What Snakemake's command line gives."""
        from snakemake.common.configfile import load_configfile

        asked = workflow.config_settings
        files = {
            key: str(file.relative_to(root) if file.is_relative_to(root) else file)
            for file in asked.configfiles
            for key in load_configfile(file)
        }
        return cls({key: f"--config {key}=…" for key in asked.config}, files)

    def place(self, remark: Remark) -> Remark:
        """The remark on a setting, about the place that the setting is from."""
        key = str(remark.path[0]) if remark.path else ""
        if key in self.options:
            return replace(remark, file=self.options[key], path=remark.path[1:])
        return replace(remark, file=self.files.get(key, remark.file))


def load_config(
    root: Path, settings: Mapping[str, Any] | None = None, given: Given | None = None
) -> Config:
    """Everything under ``root/config``, each file checked by itself.

    Of the experiments, the chosen ones are read here, and others when they are asked for.

    Args:
        root: the repository's folder.
        settings: the content of config.yaml after Snakemake's ``--config`` and ``--configfile``;
            None means the settings of the file.
        given: where they are from, for messages; None means the file.

    Raises:
        ConfigError: files are missing, are not YAML, or do not fit their models.
    """
    wrong: list[Remark] = []

    def read(shape: Any, shown: str, change: Change = _as_it_is) -> Any:
        try:
            return parse(shape, change(read_yaml(root / shown, shown)), shown)
        except RemarkedError as error:
            wrong.extend(error.remarks)

    source = given or Given()
    # Snakemake has read the settings, but takes a repeated key without a word.
    given_settings = _as_it_is if settings is None else (lambda _: settings)
    parts = {"settings": read(Settings, SETTINGS, given_settings)}
    wrong = [source.place(remark) for remark in wrong]
    parts |= {name: read(shape, registry_file(name)) for name, shape in REGISTRIES.items()}
    names = parts["settings"].experiments if parts["settings"] else []
    kinds = kinds_said(root)
    items = (parts["items"] or {}).values()
    of_paper = dict.fromkeys(name for item in items for name in item.experiments)
    stood_in = stood_in_experiments(kinds, of_paper, parts["stand_ins"] or {})
    kinds |= {name: kinds[behind] for name, (behind, _) in stood_in.items()}
    found: dict[str, Any] = {}
    for number, name in enumerate(names):
        if name in kinds:
            behind, change = stood_in.get(name, (name, _as_it_is))
            found[name] = read(AnyExperiment, experiment_file(behind), change)
        else:
            says = f"{name!r} has no file {experiment_file(name)} {known(kinds, name)}"
            wrong.append(source.place(Remark(SETTINGS, ("experiments", number), says)))
    if wrong:
        raise error_of(wrong, root)
    parts["usual"] = settings is None or names == _usual_experiments(root)

    def read_later(name: str) -> Any:
        behind, change = stood_in.get(name, (name, _as_it_is))
        return found[name] if name in found else _experiment(root, behind, change)

    behind = {name: file for name, (file, _) in stood_in.items()}
    parts["experiments"] = Experiments(kinds, read_later, behind)
    config = Config.model_construct(**parts, chosen=[])
    return config.model_copy(update={"chosen": config.with_those_beside(names)})


def _as_it_is(data: Any) -> Any:
    return data


def _experiment(root: Path, name: str, change: Change) -> Any:
    """An experiment that is asked for after the others were read.

    Raises:
        ConfigError: its file is wrong.
    """
    file = experiment_file(name)
    try:
        return parse(AnyExperiment, change(read_yaml(root / file, file)), file)
    except RemarkedError as error:
        raise error_of(error.remarks, root) from None


def _usual_experiments(root: Path) -> Any:
    """The experiments that the file names, whatever the command line says."""
    written = read_yaml(root / SETTINGS, SETTINGS)
    return written.get("experiments") if isinstance(written, Mapping) else None
