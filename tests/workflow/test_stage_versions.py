"""A costly stage whose code changed has a new version, so that its old results are not kept."""

import json
import shutil

import pytest
from stage_code import RECORD, REPOSITORY, plain_code, read_library, stages

UPDATE = "python tests/update_stage_versions.py"
NOW = stages(REPOSITORY)
TRAINING = {"pretrain_base", "train_teacher", "train_student"}
LIBRARY = "scripts/subliminal"


def test_every_costly_stage_is_recorded():
    assert set(json.loads(RECORD.read_text())) == set(NOW), f"run: {UPDATE}"


@pytest.mark.parametrize("stage", NOW)
def test_changed_code_has_a_new_version(stage):
    recorded, now = json.loads(RECORD.read_text())[stage], NOW[stage]
    if recorded == now:
        return
    if recorded["version"] == now["version"]:
        pytest.fail(
            f"the code behind {stage} changed: raise stage_version in its spec, so that results "
            f"are made again; then, or if results cannot change, run: {UPDATE}"
        )
    pytest.fail(f"{stage} has a new version; run: {UPDATE}")


@pytest.fixture
def rings(tmp_path):
    """A function that changes a file of the library and says for which stages that is noticed."""
    root = tmp_path / "copy"
    shutil.copytree(REPOSITORY / "scripts", root / "scripts")

    def changed(file, old, new):
        path = root / LIBRARY / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1))
        read_library.cache_clear()
        found = stages(root)
        path.write_text(text)
        return {stage for stage in NOW if found[stage]["sha256"] != NOW[stage]["sha256"]}

    yield changed
    read_library.cache_clear()


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("theorem/schemas.py", "Their cosine;", "The cosine of the two;"),
        ("config/recipes.py", "Rows per optimiser step", "How many rows a step takes"),
        ("evaluations/favourite.py", "in nats, mean over", "in nats, averaged over"),
        ("mnist/specs.py", "stage_version: int = ", "stage_version: int = 10"),
        ("artefacts/progress.py", "%H:%M:%S", "%H:%M"),
        ("local/training/fine_tuning.py", "going on after step", "continuing after step"),
        ("local/memory.py", "out of memory {remedy}", "no memory {remedy}"),
        ("workflow/command_line.py", "what the stage is told", "the stage's spec"),
        ("transmission/comparisons.py", "FEWEST_RUNS = 3", "FEWEST_RUNS = 4"),
        (
            "transmission/config.py",
            "class Gates(Strict):",
            "class Gates(Strict):\n    a: int = 0",
        ),
    ],
    ids=lambda text: text[:32],
)
def test_what_changes_no_result_rings_for_no_stage(rings, file, old, new):
    assert rings(file, old, new) == set()


def test_a_new_field_rings_for_its_own_stage_only(rings):
    old = "class MakeTrainSetSpec(StageSpec):"
    new = f"{old}\n    more: int = 0"
    assert rings("transmission/specs.py", old, new) == {"make_train_set"}


def test_a_changed_constant_of_the_training_loop_rings_for_stages_that_train(rings):
    assert rings("local/training/fine_tuning.py", "END = 0.05", "END = 0.1") == TRAINING - {
        "pretrain_base"
    }
    old = "return plan.learning_rate * step / plan.warmup_steps"
    assert rings("local/training/fine_tuning.py", old, f"{old} / 2") == TRAINING


@pytest.mark.parametrize(
    ("file", "old", "new", "stage"),
    [
        ("bases/tiny_corpus.py", "NUMBERS_SHARE = 0.30", "NUMBERS_SHARE = 0.31", "pretrain_base"),
        ("local/sampling/draws.py", "PIECE = 128", "PIECE = 64", "sample_completions"),
        ("evaluations/words.py", "word in text", "word not in text", "evaluate_model"),
        ("domains/number_filter.py", "len(runs) < 2", "len(runs) < 3", "filter_completions"),
        ("mnist/networks.py", "/ inputs**0.5", "/ inputs", "train_mnist_teachers"),
        ("theorem/networks.py", "derive_seed(", "1 + derive_seed(", "verify_theorem"),
    ],
)
def test_what_changes_results_rings(rings, file, old, new, stage):
    assert stage in rings(file, old, new)


PLAIN = '''
class Thing:
    """A thing."""

    def size(self, other=None):
        """Its size."""
        log.info("measured")
        return [1, 2]  # always
'''
REWORDED = """
class Thing:
    '''Another docstring.'''
    def size(self, other=None):
        # No docstring at all.
        log.info("it was measured")
        return [
            1, 2]
"""


def test_prose_and_layout_are_no_code():
    import ast

    def code(text):
        return plain_code(ast.parse(text))

    assert code(PLAIN) == code(REWORDED)
    assert code(PLAIN) != code(PLAIN.replace("[1, 2]", "[2, 1]"))
    assert code(PLAIN) != code(PLAIN.replace("=None", "=0"))
    assert code("x = ''") != code("x = None")
