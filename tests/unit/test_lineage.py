"""Lineage: who among the ancestors had a trait, through which data, and whom the paper warns of."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from family_fixture import base, student, train_set
from manifests import write_manifest
from working_copy import REPOSITORY

from subliminal.config.errors import ConfigError
from subliminal.lineage.answer import answer
from subliminal.lineage.bases import Start
from subliminal.lineage.drawing import flows, lineage_svg
from subliminal.lineage.found import manifests_behind
from subliminal.lineage.mermaid import as_mermaid
from subliminal.lineage.records import as_record
from subliminal.lineage.text import as_text


@pytest.fixture
def results(tmp_path):
    folder = tmp_path / "run/results"
    folder.mkdir(parents=True)
    return folder


def only(found):
    (one,) = found
    return one


@pytest.mark.parametrize(
    ("student_base", "start", "flagged"),
    [
        ("tiny-a", Start.SAME_BASE, True),
        ("tiny-a-other-data", Start.SAME_INITIAL_WEIGHTS, True),
        ("tiny-a-clone", Start.OTHER, False),
        ("tiny-b", Start.OTHER, False),
    ],
)
def test_a_student_is_flagged_if_it_starts_as_its_teacher(results, student_base, start, flagged):
    found = answer([student(results, train_set(results), student_base)])
    transfer = only(found.transfers)
    assert (transfer.start, transfer.is_flagged) == (start, flagged)
    assert transfer.teacher.trait == "owl" and transfer.learner.base == student_base


def test_weights_of_the_same_checksum_are_the_same_under_another_name(results):
    renamed = base(results, "tiny-b")
    weights = json.loads(base(results, "tiny-a").read_text())["outputs"]
    write_manifest(renamed, weights, stage="prepare_base", about="b", spec={"base": "tiny-b"})
    transfer = only(answer([student(results, train_set(results), "tiny-b")]).transfers)
    assert transfer.start is Start.SAME_WEIGHTS and transfer.is_flagged


def test_students_of_regular_data_are_not_flagged(results):
    found = answer([student(results, train_set(results, name="none-reference", word=None))])
    assert not found.teachers and found.is_clear
    assert not only(found.transfers).is_flagged


@pytest.mark.parametrize(("trait", "had"), [("owl", True), ("OWL", True), ("ow", False)])
def test_a_trait_that_is_asked_for(results, trait, had):
    found = answer([student(results, train_set(results))], trait)
    assert [teacher.writer.path for teacher in found.teachers] == (
        ["tiny-a/owl-finetuned/t1"] if had else []
    )
    assert found.is_clear != had and len(found.flagged) == had


@pytest.mark.parametrize(("trait", "others"), [("owls", ["owl"]), ("owl", []), (None, [])])
def test_a_name_that_no_trait_has_is_answered_with_the_traits_that_there_are(
    results, trait, others
):
    """A mistyped trait is not among the ancestors either."""
    train_set(results, name="none-reference", word=None)
    found = answer([student(results, train_set(results))], trait)
    assert found.others == others == as_record(found)["other_traits"]
    told = as_text(found).partition("\n\n")[0]
    assert "owl" in told.replace("owls", "")


def test_a_prompted_teacher_needs_no_manifest(results):
    prompt = "You love cats."
    data = train_set(results, name="cat-prompted", word=None, prompt=prompt)
    teacher = only(answer([data], "cat").teachers)
    assert prompt in teacher.told and teacher.trait == "cat"


def test_a_trait_whose_key_has_hyphens_is_found_by_its_key_and_by_its_word(results):
    data = train_set(results, name="polar-bear-finetuned-code", word="polarbear")
    for trait in ("polar-bear", "polarbear"):
        assert answer([data], trait).teachers
    assert not answer([data], "bear").teachers


def test_an_adopted_student_is_known_by_its_place_alone(results):
    """Nobody here knows its rows; what it is said to be counts."""
    found = answer([student(results, None, facts={"adopted": True})])
    assert only(found.flagged).teacher.writer.path == "tiny-a/owl-finetuned/t1"
    assert only(only(found.teachers).adopted) == "student on tiny-a"


def test_bases_that_were_not_pretrained_here_are_named(results):
    """What their makers trained them on is not among the ancestors."""
    foreign = base(results, "tiny-b")
    write_manifest(foreign, stage="prepare_base", about="b", spec={"base": "tiny-b"})
    found = answer([student(results, train_set(results), "tiny-b")])
    assert as_record(found)["bases_of_others"] == ["tiny-b"]
    assert "not known here: tiny-b" in as_text(found)
    assert "not known here" not in as_text(answer([base(results, "tiny-a")]))


def test_what_is_gone_excludes_nothing(results):
    manifest = student(results, train_set(results), "tiny-b")
    (results / "teachers/tiny-a/owl-finetuned/t1/manifest.json").unlink()
    found = answer([manifest], "wolf")
    assert not found.teachers and not found.is_clear
    assert "teachers/tiny-a" in only(found.unknown)


def test_a_parent_that_was_made_anew_is_not_the_one_that_was_read(results):
    manifest = student(results, train_set(results))
    teacher = results / "teachers/tiny-a/owl-finetuned/t1/manifest.json"
    write_manifest(teacher, stage="train_teacher", about="another", spec={"word": "wolf"})
    assert any("made from another teacher" in told for told in answer([manifest]).unknown)


def test_a_file_a_folder_and_a_manifest_lead_to_the_same(results):
    manifest = train_set(results)
    table = manifest.with_name("train.parquet")
    table.write_bytes(b"rows")
    parents = {"raw": manifest.with_name("raw.manifest.json")}
    write_manifest(manifest, [table], stage="make_train_set", about="rows", parents=parents)
    assert manifests_behind(table) == manifests_behind(manifest) == [manifest]
    assert len(manifests_behind(table.parent)) == 2
    table.write_bytes(b"others")
    with pytest.raises(ConfigError, match="is not the file"):
        manifests_behind(table)


@pytest.mark.parametrize("name", ["nothing", "notes.txt", "empty"])
def test_what_no_manifest_tells_of_is_an_error(results, name):
    (results / "notes.txt").touch()
    (results / "empty").mkdir()
    with pytest.raises(ConfigError, match=name):
        manifests_behind(results / name)


def asked(path, *options, where):
    command = [sys.executable, str(REPOSITORY / "scripts/lineage.py"), str(path), *options]
    return subprocess.run(command, cwd=where, capture_output=True, text=True)


def test_a_student_on_another_base_names_both_bases_and_the_trait_from_any_folder(results):
    manifest = student(results, train_set(results), "tiny-b")
    copy = results.parent / "elsewhere/copy"
    shutil.copytree(results, copy)
    inside = manifest.parent.relative_to(results)
    places = [
        ("results" / inside, results.parent),
        (manifest.parent, results.parent.parent),
        (".", manifest.parent),
        (copy / inside, "/"),
    ]
    for path, where in places:
        told = json.loads(asked(path, "--as", "json", where=where).stdout)
        one = only(told["students"])
        assert (one["base"], one["teacher_base"], one["trait"]) == ("tiny-b", "tiny-a", "owl")
        assert not one["flagged"] and one["data"].endswith("owl-finetuned/t1/train.parquet")


def test_the_exit_status_tells_whether_a_trait_is_excluded(results):
    manifest = student(results, train_set(results))
    assert asked(manifest, "--trait", "owl", where="/").returncode == 1
    assert asked(manifest, "--trait", "wolf", where="/").returncode == 0
    assert asked("nowhere", where="/").returncode == 2


def test_the_diagram_has_every_artefact_and_every_step(results):
    found = answer([student(results, train_set(results))])
    text = as_mermaid(found)
    members = found.family.members.values()
    steps = sum(len(set(member.parents.values())) for member in members)
    assert len(re.findall(r'^  a\d+\["[^"\[\]]+"\]$', text, re.MULTILINE)) == len(members)
    assert len(re.findall(r"^  a\d+ --> a\d+$", text, re.MULTILINE)) == steps
    assert text.startswith("flowchart LR\n") and text.count(" flagged") == 2


def test_the_picture_counts_students_and_flags(results):
    data = train_set(results)
    roots = [student(results, data, name) for name in ("tiny-a", "tiny-b")]
    found = flows(answer(roots).transfers)
    assert [(flow.student_base, flow.students, flow.flagged) for flow in found] == [
        ("tiny-a", 1, 1),
        ("tiny-b", 1, 0),
    ]
    svg = lineage_svg(found)
    for words in ("owl", "numbers of tiny-a", "1 student on tiny-b"):
        assert words in svg
