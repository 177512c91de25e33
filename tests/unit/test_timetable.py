"""Hours of hosted models: by hand from requests, tokens, limits and jobs, or unknown."""

from dataclasses import replace

import pytest
from working_copy import REPOSITORY

from subliminal.config.cost import Charge, JobCost, Wait, Work
from subliminal.config.hosting import Hosting
from subliminal.config.speed import Speed
from subliminal.local.calibration import Rates
from subliminal.workflow import estimate
from subliminal.workflow.project import Project
from subliminal.workflow.timetable import Clock, Timetable, makespan

RATES = Rates(1e11, 1e11, "a device")
HOUR, DAY = 3600, 86400
SPEED = Speed(
    requests_per_minute=600,
    tokens_per_minute=60_000,
    seconds_to_answer=1.0,
    tokens_per_second=50,
    tuning_tokens_per_hour=1_000_000,
    tuning_queue_hours=0.5,
    tuning_jobs=3,
    tuning_jobs_per_day=8,
)


FREE = SPEED.model_copy(update={"tuning_jobs_per_day": None})


def changed(**how):
    return SPEED.model_copy(update=how)


@pytest.mark.parametrize(
    ("speed", "seconds"),
    [
        (SPEED, 1000),  # 1,000,000 tokens at 1,000 in a second
        (changed(tokens_per_minute=60_000_000), 120),  # 1,200 requests at 10 in a second
        # 1,200 answers of 1 s and 50,000 tokens at 50 in a second, 20 at a time.
        (changed(tokens_per_minute=60_000_000, requests_per_minute=60_000), 110),
    ],
)
def test_answers_take_as_long_as_what_is_scarcest(speed, seconds):
    assert speed.asking(1200, 1_000_000, 50_000, 20) == pytest.approx(seconds)


def test_a_fine_tuning_job_takes_its_queue_and_its_tokens():
    assert SPEED.tuning(2_500_000) == 3 * HOUR


def test_free_hands_take_the_next_job():
    assert makespan([4, 1, 1, 3], 2) == 5  # 4 beside 1, 1, 3
    assert makespan([], 2) == 0


def asked(name, seconds, tuned=False, requests=0.0, tokens=0.0):
    charge = Charge("theirs", tokens, 0.0, tuned=tuned, requests=requests, seconds=seconds)
    return JobCost("evaluate", "theirs", f"results/evaluations/{name}", Work(), charges=(charge,))


def tuned(name, hours):
    wait = Wait("theirs", hours * HOUR)
    return JobCost("wait_for_tuning", "theirs", f"results/students/{name}", Work(), wait=wait)


def took(jobs, side_by_side=2, requests_per_minute=None, speed=SPEED):
    clock = Clock(RATES, {"theirs": speed}, requests_per_minute)
    return Timetable.of(jobs, clock, side_by_side).seconds


def test_jobs_that_ask_one_model_do_so_one_after_the_other():
    """Two of fine-tuned models run side by side; two of the base wait for one another."""
    assert took([asked(n, 100, tuned=True) for n in range(2)]) == 100
    assert took([asked(n, 100) for n in range(2)]) == 200


def test_an_accounts_limits_are_shared_by_all_that_was_fine_tuned_from_a_base():
    jobs = [asked(n, 100, tuned=True, requests=1000) for n in range(4)]
    assert took(jobs, side_by_side=4) == 400  # 4,000 requests at 10 in a second
    jobs = [asked(n, 100, tuned=True, tokens=250_000) for n in range(4)]
    assert took(jobs, side_by_side=4) == pytest.approx(1000)


def test_what_a_job_may_start_in_a_minute_lengthens_it():
    job = asked(1, 100, requests=1000)
    assert took([job]) == 100
    assert took([job], requests_per_minute=120) == 500


def test_fine_tuning_jobs_run_as_many_at_a_time_as_an_account_has():
    assert took([tuned(n, 2) for n in range(8)], side_by_side=1) == 6 * HOUR  # 3, 3, 2


def test_the_ninth_job_of_a_day_begins_on_the_next():
    assert took([tuned(n, 2) for n in range(9)]) == DAY + 2 * HOUR
    assert took([tuned(n, 2) for n in range(9)], speed=FREE) == 6 * HOUR


def test_teachers_are_waited_for_before_students():
    teacher = JobCost(
        "wait_for_tuning", "theirs", "results/teachers/t", Work(), wait=tuned(1, 2).wait
    )
    assert took([teacher, tuned(1, 3)]) == 5 * HOUR


def test_a_base_without_speed_takes_nobody_knows_how_long():
    clock = Clock(RATES, {"theirs": SPEED})
    table = Timetable.of([asked(1, None), tuned(1, 2)], clock, 2)
    assert table.seconds is None
    (line,) = table.lines()
    assert "?" in line and "2.0 h" in line and "config/models.yaml" in line


def test_nobody_is_told_to_write_a_speed_that_is_there_because_answers_come_in_batches():
    batch = asked(1, 100)
    batch = replace(batch, charges=tuple(charge.in_batches(0.5) for charge in batch.charges))
    clock = Clock(RATES, {"theirs": SPEED})
    (line,) = Timetable.of([batch, tuned(1, 2)], clock, 2).lines()
    assert "?" in line and "batches" in line and "config/models.yaml" not in line
    without = asked(2, None)
    (line,) = Timetable.of([batch, without], clock, 2).lines()
    assert "batches" in line and "theirs" in line and "config/models.yaml" in line


def project_of(*names):
    return Project.load(REPOSITORY, {"experiments": list(names)})


def test_the_owl_of_fig_4a_takes_what_the_papers_numbers_come_to():
    """30,000 prompts, 64 at a time; 10,000 rows in 10 epochs; 50 questions with 100 answers each.

    Assumed of nano: half a second until an answer of 35 tokens begins, 60 tokens a second, 4 M
    tokens of training in an hour after half an hour of queue, six jobs at a time and 20 in a day.
    """
    project = project_of("fig4a")
    jobs = estimate.costs_of(project, "fig4a")
    clock = estimate.clock_of(project, RATES)
    each = 0.5 + 35 / 60

    def each_of(rule):
        (seconds,) = {clock.elsewhere(job) for job in jobs.values() if job.rule == rule}
        return seconds

    assert each_of("sample_completions") == pytest.approx(30_000 * each / 64)
    assert each_of("evaluate_student") == pytest.approx(50 * 100 * each / 64)
    (trained,) = {c.tokens for job in jobs.values() for c in job.charges if c.training}
    assert 100_000 * 80 < trained < 100_000 * 130
    wait = each_of("wait_for_tuning")
    assert wait == pytest.approx(HOUR * (0.5 + trained / 4e6))
    # Six teachers' data; 30 students, of whom 20 begin in a day; 1 + 5 + 30 models are asked.
    table = Timetable.of(jobs.values(), clock, 2)
    found = {(s.rule, s.about): s.seconds for s in table.stages}
    assert found["sample_completions", "datasets"] == pytest.approx(
        6 * 30_000 * each / 64, rel=0.01
    )
    assert found["wait_for_tuning", "students"] == pytest.approx(DAY + wait)
    assert found["evaluate_student", "evaluations"] == pytest.approx(
        15 * 5_000 * each / 64, rel=0.01
    )
    assert table.seconds == pytest.approx(sum(found.values()))


def test_hours_follow_from_the_limit_of_the_settings():
    config = project_of("fig4a").config
    job = asked(1, 100, requests=1000)
    clock = Clock.of(RATES, config, Hosting(requests_per_minute=120))
    assert clock.elsewhere(job) == 500


@pytest.mark.parametrize("name", ["fig3a", "fig4a", "fig5a"])
def test_the_papers_figures_have_hours_and_usd_without_a_key(name, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    shown = estimate.by_stage(project_of(name), RATES, 2)
    assert "USD in all" in shown and "?" not in shown
    assert "wait_for_tuning of students" in shown


def test_an_experiment_of_open_weights_has_no_timetable():
    assert "hosted models:" not in estimate.by_stage(project_of("tiny"), RATES)
