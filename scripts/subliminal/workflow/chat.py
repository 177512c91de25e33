"""Talking to a base, a teacher or a student, with the template and sampler of the stages.

Each prompt is a chat of its own, as in training and evaluation: no model of the workflow was
trained to go on with one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subliminal.artefacts.provenance import ancestry
from subliminal.artefacts.seeds import derive_seed
from subliminal.artefacts.verified import parents_of, place_of, verify
from subliminal.bases.opening import open_model
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Drawing
from subliminal.evaluations.questions import questions
from subliminal.local.encoding import encode_prompts, unknown_words
from subliminal.local.model import LocalModel

MANIFEST = "manifest.json"
# Folders of models below `results`, and how many of each are listed.
LISTED = {"models": 5, "teachers": 6, "students": 9}
LONGEST = 256
# The stage whose artefacts tell what was written, and by whom.
WRITING = "sample_completions"
QUESTIONS = questions("favourite-animal")[:3]


@dataclass(frozen=True)
class Partner:
    """A model to talk to, by its manifest and its base's, both as they were made.

    Attributes:
        about: the model, whose data it learnt, and its base, a line each.
    """

    base: Path
    trained: Path | None
    about: list[str]

    @classmethod
    def find(cls, named: str, root: Path) -> Partner:
        """The model in a folder, which is named as seen from here or from the repository.

        Raises:
            ConfigError: there is none, or a file of it or of its base is not what it was.
        """
        manifest = _manifest(named, root)
        content = verify(manifest)
        if Path(content["path"]).parts[1] not in LISTED:
            raise _no_model(f"{manifest.parent} holds no base, teacher or student")
        base = parents_of(manifest, content).get("base")
        if base is None:
            return cls(manifest, None, [content["about"]])
        found = verify(base)
        if found["id"] != content["parents"]["base"]["id"]:
            raise ConfigError(
                f"{manifest} was made from another base than {base} is now; type: "
                f"snakemake --cores 2 {place_of(manifest)}"
            )
        origins = ancestry([manifest]).values()
        data = [f"data: {origin['about']}" for origin in origins if origin["stage"] == WRITING]
        return cls(base, manifest, [content["about"], *data, found["about"]])

    def open(self) -> LocalModel:
        """Load it, with as many threads as torch takes by itself.

        Raises:
            ConfigError: its weights are not here.
        """
        import torch

        model = open_model(self.base, self.trained, torch.get_num_threads())
        if not isinstance(model, LocalModel):
            raise _no_model(f"the weights of {self.about[0]} are not here: its provider serves it")
        return model


def _manifest(named: str, root: Path) -> Path:
    for folder in (Path(named).absolute(), root / named):
        if (folder / MANIFEST).is_file():
            return folder / MANIFEST
        if folder.is_dir():
            raise _no_model(f"{folder} holds no {MANIFEST}, so no finished model")
    raise _no_model(f"{named!r} is no folder, seen from {Path.cwd()} or {root}")


def _no_model(what: str) -> ConfigError:
    return ConfigError(f"{what}; type make chat for a list of models")


@dataclass(frozen=True)
class Reply:
    """Answers to a prompt.

    Attributes:
        notes: what whoever asked should know.
    """

    answers: list[str]
    notes: list[str]


def ask(
    model: LocalModel, prompt: str, samples: int, seeded_by: tuple[int, int], system: str | None
) -> Reply:
    """So many answers to a prompt, drawn at temperature 1.

    Args:
        seeded_by: the conversation's seed, and the prompt's place in it from 0.
        system: what the model is told before the prompt, if anything.

    Raises:
        ConfigError: the prompt is longer than what the model reads, or its chat template has no
            place for a system prompt.
    """
    (ids,) = encode_prompts(model.tokenizer, [prompt], system)
    network: Any = model.network
    reads = network.config.get_text_config().max_position_embeddings
    room = reads - len(ids)
    if room < 1:
        raise ConfigError(
            f"the prompt has {len(ids)} tokens, and this model reads fewer than {reads}; shorten it"
        )
    drawing = Drawing(temperature=1.0, max_new_tokens=min(room, LONGEST), batch_size=16)
    seeds = [derive_seed("chat", *seeded_by, sample) for sample in range(samples)]
    drawn = model.complete([prompt] * samples, seeds, drawing, system)
    unknown = unknown_words(model.tokenizer, f"{system or ''} {prompt}")
    notes = [f"the model does not know: {', '.join(unknown)}"] if unknown else []
    cut = sum(not completion.finished for completion in drawn)
    if cut:
        notes.append(f"cut off after {drawing.limit} tokens: {cut} of {samples}")
    return Reply([completion.text for completion in drawn], notes)


def partners(root: Path) -> str:
    """The models of a repository's results, some of each group, and what to type."""
    lines, first = [], {}
    for group, most in LISTED.items():
        found = (root / "results" / group).rglob(MANIFEST)
        # The first seed of every one comes before the second of any.
        places = sorted((m.parent.name, str(m.parent.relative_to(root))) for m in found)
        if places:
            first[group] = places[0][1]
            lines += [f"{group}:", *(f"  {place}" for _, place in places[:most])]
            lines += [f"  … and {len(places) - most} more"] if len(places) > most else []
    if not lines:
        return f"no models below {root / 'results'} yet; type make"
    model = list(first.values())[-1]
    return "\n".join(
        [
            *lines,
            "",
            "To talk to one, or to ask one question:",
            f"  make chat MODEL={model}",
            f'  python scripts/chat.py {model} --prompt "{QUESTIONS[0]}" --samples 5',
        ]
    )
