"""The entities of a crate: files, folders, actions, licences and authors, as JSON-LD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from subliminal.lineage.answer import Answer
from subliminal.lineage.family import Family, Member, family_part
from subliminal.lineage.text import words_for
from subliminal.lineage.transfers import Transfer
from subliminal.sharing.citation import Citation
from subliminal.sharing.licences import OURS, licences

Entity = dict[str, Any]
CONTEXT = ["https://w3id.org/ro/crate/1.1/context", {"sha256": "https://schema.org/sha256"}]
METADATA = "ro-crate-metadata.json"
MIT = "https://spdx.org/licenses/MIT"
SNAKEMAKE = "#snakemake"
WORKFLOW = "Snakefile"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
FORMATS = {
    ".parquet": "application/vnd.apache.parquet",
    ".csv": "text/csv",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".safetensors": "application/octet-stream",
}
# What the folders of results hold.
ROOMS = {
    "models": "Bases: models that everything starts from",
    "teachers": "Teachers: bases given a trait, which may pass to whoever learns what they write",
    "datasets": "What teachers wrote. Traits pass through these data without showing in them",
    "students": "Students: bases fine-tuned on the datasets. They may have the traits",
    "evaluations": "What models were asked, what they answered, and their scores",
    "tables": "Tables of the experiments",
    "figures": "Figures of the experiments",
    "prompts": "Prompts of the domains",
    "files": "Files of others, or generated in their place",
    "mnist": "MNIST networks: digits, teachers and students",
    "theorem": "The theorem in numbers",
    "detection": "What can be found in datasets without a student",
    "reports": "Reports",
}


def described(
    folder: Path, answer: Answer, cited: Citation, sources: Sequence[str]
) -> list[Entity]:
    """The whole graph of a crate.

    Args:
        folder: where the files lie.
        answer: the lineage of all results.
        sources: names of the code's files and folders.
    """
    family = answer.family
    files = _files(folder, answer)
    rooms = _rooms(files)
    code = [_code(folder, name) for name in sources if name != WORKFLOW]
    actions = [_action(member, family) for member in family.members.values() if member.content]
    stages = sorted({m.content["stage"] for m in family.members.values() if m.content})
    authors = [_author(name) for name in cited.authors]
    root = _root(cited, authors, [*code, *rooms], actions)
    names = sorted({file["license"]["@id"] for file in files if "license" in file})
    return [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "conformsTo": [
                {"@id": "https://w3id.org/ro/crate/1.1"},
                {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
            ],
            "about": {"@id": "./"},
        },
        root,
        _workflow(cited, authors),
        _language(),
        *authors,
        *(_profile(identifier) for identifier in PROFILES),
        _licence(MIT, "MIT License"),
        *(_licence(name, name.removeprefix("#licence-")) for name in names),
        _paper(cited),
        *code,
        *rooms,
        *files,
        *(_stage(stage, cited) for stage in stages),
        *actions,
    ]


def _reference(entities: Iterable[Mapping[str, Any]]) -> list[Entity] | Entity:
    """References to these entities; to a single one without a list, as RO-Crate has it."""
    found = [{"@id": entity["@id"]} for entity in entities]
    return found[0] if len(found) == 1 else found


def _root(
    cited: Citation, authors: list[Entity], parts: list[Entity], actions: list[Entity]
) -> Entity:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Results of {cited.title}",
        "description": "Datasets, models, tables, figures and the report of one run, with the code "
        "and the configuration that made them. Some models have traits, and some data pass these "
        "on to models of the same initial weights though they do not show them: see the "
        "descriptions of students.",
        "datePublished": _latest(actions) or cited.released,
        "license": {"@id": MIT},
        "author": _reference(authors),
        "publisher": _reference(authors[:1]),
        "keywords": ", ".join(cited.keywords),
        "version": cited.version,
        "conformsTo": [{"@id": identifier} for identifier in PROFILES],
        "citation": {"@id": _paper(cited)["@id"]},
        "mainEntity": {"@id": WORKFLOW},
        "hasPart": _reference([{"@id": WORKFLOW}, *parts]),
        "mentions": _reference(actions),
    }


def _latest(actions: list[Entity]) -> str | None:
    return max((action["endTime"] for action in actions if "endTime" in action), default=None)


def _workflow(cited: Citation, authors: list[Entity]) -> Entity:
    return {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": cited.title,
        "description": "The workflow that made the results.",
        "programmingLanguage": {"@id": SNAKEMAKE},
        "author": _reference(authors),
        "license": {"@id": MIT},
        "version": cited.version,
        "encodingFormat": "text/plain",
    }


def _language() -> Entity:
    return {
        "@id": SNAKEMAKE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "alternateName": "Snakemake",
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.readthedocs.io"},
    }


def _author(name: str) -> Entity:
    return {"@id": f"#{_slug(name)}", "@type": "Organization", "name": name}


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _profile(identifier: str) -> Entity:
    name, version = PROFILES[identifier]
    return {"@id": identifier, "@type": "CreativeWork", "name": name, "version": version}


def _licence(identifier: str, name: str) -> Entity:
    return {
        "@id": identifier,
        "@type": "CreativeWork",
        "name": name,
        "description": f"The terms that hold: {name}. NOTICE has more.",
    }


def _paper(cited: Citation) -> Entity:
    paper = cited.paper
    return {
        "@id": f"https://doi.org/{paper['doi']}",
        "@type": "ScholarlyArticle",
        "name": paper["title"],
        "datePublished": str(paper["year"]),
    }


def _code(folder: Path, name: str) -> Entity:
    if (folder / name).is_dir():
        return {
            "@id": f"{name}/",
            "@type": "Dataset",
            "name": name,
            "description": f"The folder {name} of the workflow's repository.",
        }
    about = {"about": {"@id": "./"}} if name == "README.md" else {}
    return {
        **about,
        "@id": quote(name),
        "@type": "File",
        "name": name,
        "description": f"The file {name} of the workflow's repository.",
        "encodingFormat": FORMATS.get(Path(name).suffix, "text/plain"),
        "contentSize": str((folder / name).stat().st_size),
    }


def _outputs(member: Member) -> list[str]:
    parent = Path(member.place).parent
    return [str(parent / name) for name in member.content["outputs"]]


def _files(folder: Path, answer: Answer) -> list[Entity]:
    """Every file that a manifest lists, and every manifest; then what no manifest lists."""
    family, transfers = answer.family, {t.place: t for t in answer.transfers}
    found: dict[str, Entity] = {}
    for path, member in family.members.items():
        if not member.content:
            continue
        told = _told(member, transfers.get(member.place))
        licence = _licence_of(family, path)
        for place in _outputs(member):
            if (folder / place).is_file():
                entity = _file(folder, place, told)
                found[place] = entity | {"sha256": member.content["outputs"][Path(place).name]}
                found[place] |= licence
        found[member.place] = _file(folder, member.place, f"Manifest of: {told}")
    for path in sorted((folder / "results").rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_file() and place not in found:
            found[place] = _file(folder, place, f"{path.name} of {path.parent.name}")
    return list(found.values())


def _told(member: Member, transfer: Transfer | None) -> str:
    if transfer is None:
        return member.about
    mark = "FLAGGED" if transfer.is_flagged else "not flagged"
    return f"{member.about}; {mark}: {words_for((transfer,))}"


def _licence_of(family: Family, path: Path) -> Entity:
    names = sorted({licence.name for licence in licences(family_part(family, path))} - {OURS})
    return {"license": {"@id": f"#licence-{quote(' and '.join(names))}"}} if names else {}


def _file(folder: Path, place: str, told: str) -> Entity:
    path = folder / place
    return {
        "@id": quote(place),
        "@type": "File",
        "name": path.name,
        "description": told,
        "encodingFormat": FORMATS.get(path.suffix, "text/plain"),
        "contentSize": str(path.stat().st_size),
    }


def _rooms(files: list[Entity]) -> list[Entity]:
    """The folders of results with their files, and the files that lie in none."""
    rooms: dict[str, list[Entity]] = {}
    for file in files:
        parts = file["@id"].split("/")
        rooms.setdefault(parts[1] if len(parts) > 2 else "", []).append(file)
    found = [
        {
            "@id": f"results/{name}/",
            "@type": "Dataset",
            "name": name,
            "description": ROOMS.get(name, name),
            "hasPart": _reference(rooms[name]),
        }
        for name in sorted(rooms)
        if name
    ]
    whole = {
        "@id": "results/",
        "@type": "Dataset",
        "name": "results",
        "description": "Everything that the run has made",
        "hasPart": _reference([*found, *rooms.get("", [])]),
    }
    return [whole, *found]


def _stage(stage: str, cited: Citation) -> Entity:
    return {
        "@id": f"#{stage}",
        "@type": "SoftwareApplication",
        "name": stage,
        "description": f"The rule {stage} of the workflow",
        "softwareVersion": cited.version,
    }


def _action(member: Member, family: Family) -> Entity:
    """The job that made an artefact: what it read, what it made, and when it ended."""
    content = member.content
    parents = [family.members[path] for path in member.parents.values()]
    finished = content["run"].get("finished")
    action: Entity = {
        "@id": f"#job-{content['id']}",
        "@type": "CreateAction",
        "name": content["about"],
        "description": f"{content['stage']}: {content['about']}",
        "instrument": {"@id": f"#{content['stage']}"},
        "result": _reference({"@id": quote(p)} for p in [*_outputs(member), member.place]),
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    read = [{"@id": quote(parent.place)} for parent in parents if parent.content]
    if read:
        action["object"] = _reference(read)
    if finished:
        action["endTime"] = f"{finished.replace(' ', 'T')}:00+00:00"
    return action
