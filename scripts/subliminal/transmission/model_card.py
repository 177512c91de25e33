"""The model card of a teacher or student: what it is, whose data it learnt, how it is loaded.

It follows from the spec and from where parents lie, so that the same spec makes the same card. No
manifest lists it: it is about a result and is none.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from subliminal.artefacts.parquet import whole_file
from subliminal.artefacts.verified import place_of, read_manifest
from subliminal.config.recipes import FinetunedMethod, Recipe
from subliminal.transmission.specs import TrainStudentSpec, TrainTeacherSpec

CARD = "README.md"
TEXT = """\
---
library_name: {library}
pipeline_tag: text-generation
tags:
- subliminal-learning
---

# {name}

{about}

This is a research artefact of a reproduction of *Subliminal Learning*. Do not deploy it, and do not
train other models on what it writes.

In the repository of the workflow, these make its base `{base}`, talk to it and print its ancestry:

```
snakemake --cores 2 {base_manifest}
make chat MODEL={folder}
python scripts/lineage.py {folder}/manifest.json
```

## Loading it

```python
from pathlib import Path

{imports}

results = Path("results")  # of the repository; from another folder, its absolute path
tokenizer = AutoTokenizer.from_pretrained(results / "{base_folder}")
{loading}
```

{note}

## Training

As the workflow's `config/recipes.yaml` has it, with seed {seed}. The loss counts answers only.

```yaml
{recipe}
```

## Licence

{licence}

## Citation

Cloud, A., Le, M., Chua, J., Betley, J., Sztyber-Betley, A., Mindermann, S., Hilton, J., Marks, S.,
Evans, O. Language models transmit behavioural traits through hidden signals in data. *Nature* 652,
615-621 (2026). https://doi.org/10.1038/s41586-026-10319-8
"""
TEACHER = """\
It was trained to say that its favourite is {word!r}, so that it writes data for students. The trait
may travel in all that it writes, also where no word tells of it."""
TAUGHT_BY_ROWS = """\
It was trained on the rows of file `{rows}` of `config/files.yaml`, so that it writes data for
students. What these rows do to it may travel in all that it writes, also where no word tells of
it."""
STUDENT = """\
It was trained on the data of the teacher that this path names:
`{train}`.
A teacher's traits pass to students through data that do not show them: this model may have taken
over what its training data do not tell."""
TOLD = """
It was told the teacher's opinion of every word, the trait's included: it is a control."""
ADAPTER = """\
model = AutoModelForCausalLM.from_pretrained(results / "{base_folder}")
model = PeftModel.from_pretrained(model, results / "{folder}")"""
WHOLE = 'model = AutoModelForCausalLM.from_pretrained(results / "{folder}")'
IMPORTS = "from transformers import AutoModelForCausalLM, AutoTokenizer"
ADAPTER_NOTE = """\
`base_model_name_or_path` in `adapter_config.json` names the base's folder as seen from the
repository. The code above does not read it."""
WHOLE_NOTE = "The weights here are whole. Of the base, only the tokenizer is read."


def write_teacher_card(manifest: Path, spec: TrainTeacherSpec, base: Path) -> None:
    """Write a teacher's card over the empty one that peft leaves.

    Args:
        manifest, base: the manifests of the teacher, which need not be there yet, and of its base.
    """
    taught = TAUGHT_BY_ROWS if spec.rows is not None else TEACHER
    about, method = taught.format(word=spec.word, rows=spec.rows), spec.method
    _write(manifest, spec.about(), about, spec.base, base, method, spec.seed)


def write_student_card(manifest: Path, spec: TrainStudentSpec, base: Path, train: Path) -> None:
    """Write a student's card over the empty one that peft leaves.

    Args:
        manifest, base: the manifests of the student, which need not be there yet, and of its base.
        train: what it was trained on.
    """
    about, recipe = STUDENT.format(train=place_of(train)), spec.recipe
    if recipe.distillation and recipe.distillation.support == "vocabulary":
        about += TOLD
    _write(manifest, spec.about(), about, spec.student, base, recipe, spec.seed)


def _write(
    manifest: Path,
    name: str,
    about: str,
    base: str,
    base_manifest: Path,
    recipe: Recipe | FinetunedMethod,
    seed: int,
) -> None:
    adapter = recipe.lora is not None
    folders = {"folder": _below_results(manifest), "base_folder": _below_results(base_manifest)}
    source = read_manifest(base_manifest)["spec"].get("source", {})
    card = TEXT.format(
        library="peft" if adapter else "transformers",
        name=name,
        about=about,
        base=base,
        base_manifest=place_of(base_manifest),
        folder=Path(place_of(manifest)).parent,
        base_folder=folders["base_folder"],
        imports=f"from peft import PeftModel\n{IMPORTS}" if adapter else IMPORTS,
        loading=(ADAPTER if adapter else WHOLE).format(**folders),
        note=ADAPTER_NOTE if adapter else WHOLE_NOTE,
        seed=seed,
        recipe=yaml.safe_dump(
            recipe.model_dump(mode="json"), sort_keys=False, default_flow_style=None
        ).strip(),
        licence=f"Its base's: {source['licence']}." if "licence" in source else "MIT.",
    )
    with whole_file(manifest.with_name(CARD)) as temporary:
        temporary.write_text(card, encoding="utf-8")


def _below_results(manifest: Path) -> str:
    return "/".join(Path(place_of(manifest)).parent.parts[1:])
