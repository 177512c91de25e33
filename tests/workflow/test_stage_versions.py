"""A costly stage whose code changed has a new version, so that its old results are not kept."""

import json
import shutil

import pytest
from stage_code import RECORD, REPOSITORY, code_without_prose, stage_digest, stages

from subliminal.stage_versions import STAGE_VERSIONS

UPDATE = "python tests/update_stage_versions.py"


def test_every_costly_stage_is_recorded():
    assert set(json.loads(RECORD.read_text())) == set(STAGE_VERSIONS), f"run: {UPDATE}"


@pytest.mark.parametrize("stage", STAGE_VERSIONS)
def test_changed_code_has_a_new_version(stage):
    recorded, now = json.loads(RECORD.read_text())[stage], stages()[stage]
    if recorded["sha256"] == now["sha256"] and recorded["version"] == now["version"]:
        return
    if recorded["version"] == now["version"]:
        pytest.fail(
            f"the code behind {stage} changed: raise STAGE_VERSIONS[{stage!r}] in "
            "scripts/subliminal/stage_versions.py, so that results are made again; then, or if "
            f"results cannot change, run: {UPDATE}"
        )
    pytest.fail(f"{stage} has a new version; run: {UPDATE}")


@pytest.fixture
def scripts_copy(tmp_path):
    shutil.copytree(REPOSITORY / "scripts", tmp_path / "scripts")
    return tmp_path


@pytest.mark.parametrize(
    "file", ["train_student.py", "subliminal/stages/train_student.py", "subliminal/local/models.py"]
)
def test_code_behind_a_stage_is_noticed(scripts_copy, file):
    path = scripts_copy / "scripts" / file
    before = stage_digest(scripts_copy, "train_student")
    path.write_text(path.read_text() + "\nCHANGED = 1\n")
    assert stage_digest(scripts_copy, "train_student") != before


def test_code_of_another_stage_is_not(scripts_copy):
    path = scripts_copy / "scripts/subliminal/stages/evaluate_model.py"
    before = stage_digest(scripts_copy, "train_student")
    path.write_text(path.read_text() + "\nCHANGED = 1\n")
    assert stage_digest(scripts_copy, "train_student") == before


PLAIN = '''
"""A module."""


class Thing:
    """A thing."""

    def size(self, other=None):
        """Its size."""
        return [1, 2]  # always
'''
REWORDED = """
class Thing:
    '''Another docstring.'''
    def size(self, other=None):
        # No docstring at all.
        return [
            1, 2]
"""


def test_prose_and_layout_are_no_code():
    assert code_without_prose(PLAIN) == code_without_prose(REWORDED)
    assert code_without_prose(PLAIN) != code_without_prose(PLAIN.replace("[1, 2]", "[2, 1]"))
    assert code_without_prose(PLAIN) != code_without_prose(PLAIN.replace("=None", "=0"))
    assert code_without_prose("x = ''") != code_without_prose("x = None")
