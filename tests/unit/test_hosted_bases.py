"""Bases whose weights nobody has: what can be asked of them, and what of their configuration."""

from datetime import date
from pathlib import Path

import broken_configs
import pytest
from hosted_fixture import ENTRY, HOSTED

from subliminal.config.errors import ConfigError
from subliminal.config.models import HostedBase
from subliminal.config.recipes import HostedRecipe, Recipe
from subliminal.workflow import estimate
from subliminal.workflow.bill import Bill
from subliminal.workflow.preflight import hosted
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = {"experiments": ["sample", "theorem"]}


@pytest.fixture
def root(tmp_path):
    """The repository's configuration, the sample experiment, and one on a hosted base."""
    broken_configs.lay_out(tmp_path, REPOSITORY)
    with (tmp_path / broken_configs.MODELS).open("a") as file:
        file.write(ENTRY)
    (tmp_path / "config/experiments/hosted.yaml").write_text(HOSTED)
    return tmp_path


def load(root, *experiments):
    return Project.load(root, {"experiments": list(experiments)})


def tokens(job):
    return Bill.of([job]).tokens


def replace(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def refused(root, *experiments):
    with pytest.raises(ConfigError) as failure:
        load(root, *experiments)
    message = str(failure.value)
    assert "\n" not in message
    return message


def refused_with(root, old, new):
    replace(root / "config/experiments/hosted.yaml", old, new)
    message = refused(root, "hosted")
    assert message.startswith("config/experiments/hosted.yaml:")
    return message


def test_a_hosted_base_may_be_listed(root):
    project = load(root, "sample", "theorem")
    base = project.config.models["somebody-elses"]
    assert isinstance(base, HostedBase)
    assert base.retired_on == date(2027, 1, 14)
    assert not any("somebody-elses" in file for file in project.jobs("transmission").base_files())


def test_its_jobs_have_specs_and_ask_for_no_gpu(root):
    """Students, teachers and bases alike: whatever a dry run asks."""
    project = load(root, "hosted")
    jobs = project.jobs("transmission")
    assert len(jobs.student_files()) == 6

    class Student:
        base = student = "somebody-elses"
        trait, method, teacher_seed, seed = "owl", "prompted", "1", "2"
        domain, recipe, variant, experiment = "numbers", "openai-numbers", "train", "hosted"
        evaluation = "favourite-animal-openai"
        model = (
            "students/somebody-elses/openai-numbers/numbers/somebody-elses/owl-prompted/t1/train"
            "/seed2"
        )

    for build in (
        jobs.sample_completions,
        jobs.make_train_set,
        jobs.tuning.write,
        jobs.tuning.check,
        jobs.tuning.wait,
        jobs.evaluate_student,
        jobs.summarise_experiment,
    ):
        assert build(Student).model_dump(mode="json")
    assert jobs.tuning.submit(Student).tuning.model_dump() == {
        "n_epochs": 10,
        "batch_size": "auto",
        "learning_rate_multiplier": "auto",
    }
    assert jobs.tuning.write(Student).rows == 10000
    assert jobs.make_train_set(Student).rows == 10000
    assert jobs.sample_completions(Student).sampling.max_new_tokens is None
    assert jobs.gpus(Student) == 0
    # Probabilities of whole words are told by nobody.
    assert jobs.summarise_experiment(Student).measures == ["rate_substring", "rate_word"]


def test_what_becomes_known_of_its_dates_makes_nothing_again(root):
    before = load(root, "hosted").bases.register(Of("somebody-elses"))
    replace(root / broken_configs.MODELS, "retired_on: 2027-01-14", "retired_on: 2027-02-01")
    assert load(root, "hosted").bases.register(Of("somebody-elses")) == before


class Of:
    def __init__(self, base):
        self.base = base


def test_specs_of_local_students_are_as_before_there_were_others(root):
    """A key that all specs got would make every student again."""
    recipes = load(root, "sample").config.recipes.students
    dumped = recipes["tiny"].model_dump(mode="json")
    assert "kind" not in dumped
    assert Recipe.model_validate(dumped) == recipes["tiny"]
    assert isinstance(recipes["openai-cot"], HostedRecipe)
    assert recipes["openai-cot"].model_dump(mode="json")["kind"] == "openai"


def test_the_estimate_counts_its_tokens_and_no_time(root):
    project = load(root, "hosted")
    costs = estimate.costs_of(project, "hosted").values()
    student = next(c for c in costs if c.rule == "submit_tuning")
    sampled = next(c for c in costs if c.rule == "sample_completions")
    assert student.work.flop == 0
    # Ten passes over a third of what was written.
    assert tokens(student) / tokens(sampled) == pytest.approx(10 * 10_000 / 30_000)
    asked = next(c for c in costs if c.rule == "evaluate_student")
    assert tokens(asked) > 5_000 * 35


def test_bases_that_cannot_run_are_told_apart(root):
    config = load(root, "sample", "hosted").config
    needed = {name: config.experiments[name].needs(config).bases for name in ("sample", "hosted")}
    assert needed["sample"].isdisjoint(hosted(config))
    assert needed["hosted"] & set(hosted(config)) == {"somebody-elses"}


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("students: openai-cot", "n_epochs: 2"),
        ("methods: openai-misaligned", "n_epochs: 1\n    batch_size"),
    ],
)
def test_an_unknown_kind_is_told_with_those_there_are(root, place, own):
    replace(root / "config/recipes.yaml", f"kind: openai\n    {own}", f"kind: opnai\n    {own}")
    message = refused(root, "sample")
    for part in ("config/recipes.yaml:", f": {place}: kind: expected one of ", "found 'opnai'"):
        assert part in message
    assert message.endswith("did you mean 'openai'?")


@pytest.mark.parametrize(
    ("written", "found"), [("auto8", "'auto8'"), ("0", "0"), ("yes", "True"), ("-2", "-2")]
)
def test_a_batch_is_a_number_or_auto(root, written, found):
    replace(root / "config/recipes.yaml", "batch_size: 2\n", f"batch_size: {written}\n")
    message = refused(root, "sample")
    expected = f"batch_size: expected a number above 0, or auto, found {found}"
    assert message.endswith(expected)
    assert message.count("expected") == 1


def test_a_key_of_local_recipes_is_unknown_to_hosted_ones(root):
    replace(root / "config/recipes.yaml", "    n_epochs: 2 ", "    epochs: 2 ")
    message = refused(root, "sample")
    assert ": students: openai-cot: epochs: unknown key" in message
    assert "n_epochs" in message


def limited(root):
    """Let the experiment ask for answers that any base can give."""
    file = root / "config/experiments/hosted.yaml"
    replace(file, "favourite-animal-openai", "favourite-animal-open")


def test_hosted_students_need_hosted_recipes(root):
    message = refused_with(root, "recipe: openai-numbers", "recipe: qwen")
    for part in (": cell 1: ", "'qwen' is of kind 'local'", "'somebody-elses'", "openai-numbers"):
        assert part in message


def test_local_students_need_local_recipes(root):
    limited(root)
    text = "student_bases: [somebody-elses]"
    message = refused_with(root, text, "student_bases: [qwen2.5-7b]")
    assert "recipe 'openai-numbers' is of kind 'openai', but base 'qwen2.5-7b'" in message
    assert "known: tiny, " in message


@pytest.mark.parametrize(
    ("method", "base", "said"),
    [
        ("finetuned-small", "somebody-elses", "method 'finetuned-small' is of kind 'finetuned'"),
        ("openai-preference", "qwen2.5-7b", "method 'openai-preference' is of kind 'openai'"),
    ],
)
def test_teachers_are_trained_where_their_base_is(root, method, base, said):
    limited(root)
    replace(
        root / "config/experiments/hosted.yaml",
        "teacher_bases: [somebody-elses]",
        f"teacher_bases: [{base}]",
    )
    message = refused_with(root, "method: prompted", f"method: {method}")
    assert said in message
    assert f"base {base!r}" in message


@pytest.mark.parametrize("measure", ["share", "margin", None])
def test_a_measure_of_probabilities_is_refused(root, measure):
    new = f"measure: {measure}\n" if measure else ""
    message = refused_with(root, "measure: rate_substring\n", new)
    assert f"{measure or 'share'!r} takes probabilities" in message
    assert "known: rate_substring, rate_word" in message


def test_the_gate_on_probabilities_is_refused(root):
    message = refused_with(root, "min_rows: 10000,", "min_rows: 10000, min_mass: 0.5,")
    assert ": gates: min_mass: " in message


def test_answers_without_a_limit_are_for_hosted_bases_alone(root):
    replace(
        root / "config/experiments/hosted.yaml", "recipe: openai-numbers", "recipe: qwen-all-rows"
    )
    message = refused_with(root, "student_bases: [somebody-elses]", "student_bases: [qwen2.5-7b]")
    assert "'favourite-animal-openai' has no limit of tokens" in message
    assert "'qwen2.5-7b'" in message


@pytest.mark.parametrize("told", ["constraint: numbers", "server: {extra_body: {}}"])
def test_what_its_provider_cannot_be_told_is_refused(root, told, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    plain = "sampling: {temperature: 1.0, max_new_tokens: null, batch_size: 64}"
    within = plain.replace("}", f", {told}}}") if told.startswith("c") else f"{plain}\n      {told}"
    replace(root / "config/domains.yaml", f"      {plain}\n", f"      {within}\n")
    message = refused(root, "hosted")
    assert told.partition(":")[0] in message
    assert "'somebody-elses'" in message


def test_rows_without_a_limit_are_for_hosted_bases_alone(root):
    replace(root / "config/domains.yaml", "    api:\n", "    small:\n")
    with pytest.raises(ConfigError, match=r": sizes: small: sampling: max_new_tokens: null"):
        load(root, "sample")


def test_a_theorem_that_uses_it_is_refused(root):
    replace(root / broken_configs.THEOREM, " base: tiny-a", " base: somebody-elses")
    message = refused(root, "theorem")
    assert broken_configs.THEOREM in message
    assert "'somebody-elses'" in message


@pytest.mark.parametrize("key", ["snapshot", "tier", "context", "fine_tunable"])
def test_what_a_hosted_base_needs_is_said(root, key):
    models = root / broken_configs.MODELS
    lines = models.read_text().splitlines()
    own = lines.index("somebody-elses:")
    kept = [line for i, line in enumerate(lines) if i < own or not line.startswith(f"  {key}:")]
    models.write_text("\n".join(kept) + "\n")
    message = refused(root, "sample")
    assert message.startswith(f"{broken_configs.MODELS}:")
    assert f": somebody-elses: {key}: " in message
    assert "missing" in message


@pytest.mark.parametrize("field", ["seed: 1", "service_tier: priority", "since: 2026-01-01"])
def test_fields_of_a_server_s_own_that_are_the_workflow_s_or_no_json(root, field):
    with (root / broken_configs.MODELS).open("a") as file:
        file.write(f"  extra_body: {{{field}}}\n")
    message = refused(root, "hosted")
    assert message.startswith("config/models.yaml:") and field.split(":")[0] in message


def test_fields_of_a_server_s_own(root):
    with (root / broken_configs.MODELS).open("a") as file:
        file.write("  extra_body: {top_k: -1, do_sample: true}\n")
    (base,) = (
        b for b in load(root, "hosted").config.models.values() if b.tier == "api" and b.extra_body
    )
    assert base.extra_body == {"top_k": -1, "do_sample": True}
