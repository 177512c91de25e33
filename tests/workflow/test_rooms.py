"""The library's rooms: which there are, and that imports lead from higher floors to lower ones."""

import ast
import re
from collections import defaultdict

import pytest
from working_copy import REPOSITORY

from subliminal.workflow.kinds import KINDS

LIBRARY = REPOSITORY / "scripts" / "subliminal"
# Modules that gather functions of the rooms for other projects.
FRONT_DOORS = {"stimuli", "filters", "variants", "paper"}
# From the ground up. A room may import itself and what is below its floor.
FLOORS = (
    {"config"},
    {"artefacts", "stats"},
    {"report", "domains", "evaluations"},
    {"local", "api", "judges", "supplied", "lineage"},
    {"bases", "serving", "sharing"},
    set(KINDS),
    {"workflow", *FRONT_DOORS},
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(file):
    return file.relative_to(LIBRARY).with_suffix("").parts[0]


def imported_rooms(file):
    """Rooms that a file imports anywhere, for the type checker too."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "subliminal":
            _, _, inner = node.module.partition(".")
            rooms |= {inner.split(".")[0]} if inner else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            rooms |= {parts[1] for parts in names if parts[0] == "subliminal" and len(parts) > 1}
    return rooms


FILES = [
    file
    for file in sorted(LIBRARY.rglob("*.py"))
    if file.parent != LIBRARY or file.stem != "__init__"
]


def test_every_room_has_its_floor():
    assert {room_of(file) for file in FILES} == set(FLOOR)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(LIBRARY)))
def test_imports_lead_downwards(file):
    room = room_of(file)
    upwards = {other for other in imported_rooms(file) - {room} if FLOOR[other] >= FLOOR[room]}
    assert not upwards, f"{room} (floor {FLOOR[room] + 1}) imports {sorted(upwards)}"


def test_files_do_not_import_each_other_in_circles():
    modules = {".".join(file.relative_to(LIBRARY).with_suffix("").parts): file for file in FILES}
    arrows = defaultdict(set)
    for name, file in modules.items():
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("subliminal."):
                inner = node.module.removeprefix("subliminal.")
                found = {inner, *(f"{inner}.{alias.name}" for alias in node.names)}
                arrows[name] |= found & set(modules) - {name}
    done, path = set(), []

    def walk(name):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in done:
            path.append(name)
            for other in sorted(arrows[name]):
                walk(other)
            done.add(path.pop())

    for name in modules:
        walk(name)


def test_the_guide_names_every_room():
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text()
    named = set(re.findall(r"^\| `(\w+)/?` \|", guide, re.MULTILINE))
    assert set(FLOOR) - FRONT_DOORS <= named
