"""What hosted models cost: by hand from the paper's numbers, once for shared stages, or unknown."""

import pytest
from working_copy import REPOSITORY

from subliminal.api.tokens import likely_tokens
from subliminal.config.hosting import Hosting, Prices
from subliminal.config.preferences import preference_system_prompt
from subliminal.domains.number_prompts import number_prompts
from subliminal.evaluations.questions import questions
from subliminal.local.calibration import Rates
from subliminal.workflow import estimate
from subliminal.workflow.bill import Bill
from subliminal.workflow.project import Project
from subliminal.workflow.timetable import Timetable

RATES = Rates(1e11, 1e11, "a device")


def project_of(*names):
    return Project.load(REPOSITORY, {"experiments": list(names)})


def jobs_of(*names):
    project = project_of(*names)
    return estimate.together(estimate.costs_of(project, name) for name in names)


def of_rule(jobs, rule):
    return [job for job in jobs.values() if job.rule == rule]


def bill(jobs, rule):
    return [Bill.of([job]).usd for job in jobs if job.rule == rule]


def mean_tokens(prompts):
    """Eleven tokens stand around a chat's messages."""
    return sum(map(likely_tokens, prompts)) / len(prompts) + 11


def test_the_owl_of_fig_4a_costs_what_the_papers_numbers_come_to():
    """30,000 prompts, 10,000 rows in 10 epochs, 5 students, 50 questions with 100 answers each.

    Nano takes, per million tokens, 0.10 USD for reading, 0.40 for writing, 1.50 for training, and
    0.20 and 0.80 of what was fine-tuned.
    """
    prompt, answer = mean_tokens(number_prompts(47, 200)), 35
    told = likely_tokens(preference_system_prompt("owl", "animal")) + 4
    question = mean_tokens(questions("favourite-animal"))
    sampled = 30_000 * ((told + prompt) * 0.1 + answer * 0.4) / 1e6
    trained = 10 * 10_000 * (prompt + answer) * 1.5 / 1e6
    asked = 50 * 100 * (question * 0.2 + answer * 0.8) / 1e6
    jobs = [job for path, job in jobs_of("fig4a").items() if "/owl-prompted/" in path]
    assert bill(jobs, "sample_completions") == pytest.approx([sampled])
    assert bill(jobs, "submit_tuning") == pytest.approx([trained] * 5)
    assert bill(jobs, "evaluate_student") == pytest.approx([asked] * 5)
    # By the field's rule of thumb, a row of 95 tokens: 14 USD for each student.
    assert 10 < trained < 20


def test_in_batches_answers_take_half_and_training_takes_the_same(monkeypatch):
    live = list(jobs_of("fig4a").values())
    monkeypatch.setattr(estimate, "read_hosting", lambda root: Hosting(sampling="batch"))
    batch = list(jobs_of("fig4a").values())
    rules = {job.rule for job in live if job.charges}
    assert {"sample_completions", "submit_tuning", "evaluate_student"} <= rules
    for before, after in zip(live, batch, strict=True):
        share = 1 if before.rule == "submit_tuning" else 0.5
        assert Bill.of([after]).usd == pytest.approx(share * Bill.of([before]).usd)
    assert "asked in batches" in Bill.of(batch).lines()[0]
    assert "asked live" in Bill.of(live).lines()[0]


def test_a_replay_pays_nothing_and_waits_for_nobody(monkeypatch):
    project = project_of("fig4a")
    jobs = estimate.costs_of(project, "fig4a")
    live = Timetable.of(jobs.values(), estimate.clock_of(project, RATES), 2)
    hosting = Hosting(replay=True, sampling="batch", requests_per_minute=1)
    monkeypatch.setattr(estimate, "read_hosting", lambda root: hosting)
    jobs, clock = estimate.costs_of(project, "fig4a"), estimate.clock_of(project, RATES)
    bill, table = Bill.of(jobs.values()), Timetable.of(jobs.values(), clock, 2)
    assert (bill.tokens, bill.usd, bill.said()) == (0, 0, "recorded")
    assert live.hosted and not table.hosted
    assert table.seconds <= estimate.seconds_here(jobs, clock) < live.seconds / 10
    # Also where nobody knows a price.
    shown = estimate.by_stage(without_prices("fig4a"), RATES).splitlines()
    (whole,) = (line for line in shown if line.startswith("all "))
    assert whole.endswith(" recorded")
    assert any("nothing is sent or paid" in line for line in shown)
    assert not any("USD in all" in line or "not known" in line for line in shown)


def test_shared_training_is_paid_once():
    """ED Fig. 4a asks students of Fig. 4a something else."""
    alone, other, both = (
        Bill.of(jobs_of(*names).values()).usd
        for names in (["fig4a"], ["ed4a_stories_animals"], ["fig4a", "ed4a_stories_animals"])
    )
    assert alone < both < alone + other / 2


def test_what_was_fine_tuned_takes_more():
    """A fine-tuned teacher writes at 0.80 USD per million tokens, a control at 0.40."""
    tuned, control = (
        next(job for job in of_rule(jobs_of(name), "sample_completions") if about in job.manifest)
        for name, about in (("ed4e_finetuned", "owl-openai"), ("fig4a", "none-reference"))
    )
    assert Bill.of([tuned]).tokens == Bill.of([control]).tokens
    assert Bill.of([tuned]).usd == pytest.approx(2 * Bill.of([control]).usd)


def without_prices(name, **prices):
    """Fig. 4a with other prices, or with none."""
    config = project_of(name).config
    base = config.models["gpt-4.1-nano"]
    changed = base.model_copy(update={"prices": Prices(**prices) if prices else None})
    models = {**config.models, "gpt-4.1-nano": changed}
    return Project(REPOSITORY, config.model_copy(update={"models": models}))


def test_a_base_without_prices_is_of_unknown_price_and_not_free():
    shown = estimate.by_stage(without_prices("fig4a"), RATES).splitlines()
    (whole,) = (line for line in shown if line.startswith("all "))
    assert whole.endswith(" ?")
    assert any("gpt-4.1-nano is not known" in line for line in shown)
    free = estimate.by_stage(without_prices("fig4a", input=0, output=0, training=0), RATES)
    assert "0.00 USD in all" in free and "not known" not in free.replace("is not known.", "", 1)


def test_prices_without_that_of_training_are_known_in_part():
    project = without_prices("fig4a", input=1, output=1)
    (item,) = Bill.of(estimate.costs_of(project, "fig4a").values()).items
    assert item.unpriced and item.usd > 0


def test_an_experiment_of_open_weights_has_no_bill():
    assert not Bill.of(jobs_of("tiny", "ed5c_qwen").values()).items
    assert "USD in all" not in estimate.by_stage(project_of("tiny"), RATES)
