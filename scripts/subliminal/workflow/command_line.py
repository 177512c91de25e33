"""The command line of every stage, derived from the stage's own signature.

A stage is a function in a module of its name, in a folder `stages` of its room. Its parameters are
its options: `spec` comes as JSON, a path is one file, `Path | None` may be left empty, a sequence
takes any number of files. `log` is no option: it is made here.
"""

from __future__ import annotations

import argparse
import inspect
import typing
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from subliminal.artefacts.progress import start_logging
from subliminal.artefacts.spec import StageSpec
from subliminal.config.errors import ConfigError

LIBRARY = Path(__file__).resolve().parents[1]


def stage_modules() -> dict[str, str]:
    """Every stage's module, as a dotted name below `subliminal`, by the stage's name."""
    found: dict[str, str] = {}
    for file in sorted(LIBRARY.glob("*/stages/*.py")):
        if file.stem != "__init__":
            assert file.stem not in found, f"two rooms have a stage {file.stem}"
            found[file.stem] = ".".join(file.relative_to(LIBRARY).with_suffix("").parts)
    return found


def load_stage(name: str) -> Callable[..., None]:
    """The function of a stage.

    Raises:
        KeyError: there is no such stage.
    """
    stage: Callable[..., None] = getattr(import_module(f"subliminal.{stage_modules()[name]}"), name)
    return stage


def _add_option(parser: argparse.ArgumentParser, parameter: inspect.Parameter, kind: Any) -> None:
    option = f"--{parameter.name.replace('_', '-')}"
    if kind is Path:
        parser.add_argument(option, type=Path, required=True)
    elif kind in (int, float):
        default = None if parameter.default is parameter.empty else parameter.default
        parser.add_argument(option, type=kind, default=default, required=default is None)
    elif kind == Path | None:
        parser.add_argument(option, type=Path, nargs="?")
    elif kind == Sequence[Path]:
        parser.add_argument(option, type=Path, nargs="*", default=[])
    else:
        raise TypeError(f"{parameter.name}: a stage has no option of type {kind}")


def run_stage(name: str, argv: Sequence[str]) -> None:
    """Run a stage with the arguments of its rule.

    Raises:
        ConfigError: something that the user can mend.
    """
    stage = load_stage(name)
    kinds = typing.get_type_hints(stage)
    parameters = inspect.signature(stage).parameters
    about = (inspect.getdoc(stage) or "").partition("\n\n")[0]
    parser = argparse.ArgumentParser(prog=f"stage.py {name}", description=about)
    parser.add_argument("--spec", required=True, help="what the stage is told, as JSON")
    options = [p for p in parameters.values() if p.name not in ("spec", "log")]
    for parameter in options:
        _add_option(parser, parameter, kinds[parameter.name])
    found = vars(parser.parse_args(argv))
    values = {p.name: found[p.name] for p in options}
    values["spec"] = _spec(kinds["spec"], found["spec"])
    if "log" in parameters:
        values["log"] = start_logging(f"{name} {_about(values)}")
    stage(**values)


def _spec(kind: type[StageSpec], text: str) -> StageSpec:
    """The spec that a rule has sent.

    Raises:
        ConfigError: it is none of this stage.
    """
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"--spec is not a spec of this stage: {place}: {first['msg']}; let Snakemake run it"
        ) from None


def _about(values: dict[str, Any]) -> str:
    """The name of a job in its log lines: the folder or file that it makes."""
    manifest: Path = values["manifest"]
    name = manifest.name.removesuffix("manifest.json").strip(".")
    return str(manifest.parent / name).removeprefix("results/")
