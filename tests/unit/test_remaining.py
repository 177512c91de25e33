"""The time that a run still takes."""

import re

import pytest
from working_copy import REPOSITORY

from subliminal.workflow.announcement import LABELS
from subliminal.workflow.remaining import Lane, Work, duration, seconds_left

LONG, SHORT = ("pretrain", "a"), ("evaluate", "a")


def work(*kinds, seconds=None):
    return {number: Work(kind, seconds) for number, kind in enumerate(kinds)}


def test_it_is_work_and_not_the_number_of_jobs_that_is_left():
    jobs = work(LONG, LONG, SHORT, SHORT, SHORT)
    took = {0: 100.0, 2: 2.0}
    assert seconds_left(jobs, 1, took, {}) == pytest.approx(100 + 2 + 2)


def test_jobs_run_side_by_side_but_each_on_one_core():
    jobs = work(LONG, LONG, LONG, LONG, LONG)
    assert seconds_left(jobs, 2, {0: 100.0}, {}) == pytest.approx(200)
    assert seconds_left(jobs, 8, {0: 100.0}, {}) == pytest.approx(100)


def test_a_running_job_has_only_its_rest_before_it():
    jobs = work(LONG, LONG)
    assert seconds_left(jobs, 1, {0: 100.0}, {1: 30.0}) == pytest.approx(70)
    assert 0 < seconds_left(jobs, 1, {0: 100.0}, {1: 130.0}) < 70


def test_a_running_job_is_believed_that_it_takes_longer():
    jobs = work(LONG, LONG)
    assert seconds_left(jobs, 1, {0: 100.0}, {1: 30.0}, {1: 500.0}) == pytest.approx(500)


def test_nothing_is_said_of_jobs_of_which_nothing_is_known():
    jobs = {0: Work(SHORT, 1.0), 1: Work(LONG, None), 2: Work(LONG, None)}
    assert seconds_left(jobs, 1, {0: 1.0}, {}) is None
    assert seconds_left(jobs, 1, {0: 1.0, 1: 500.0}, {}) == pytest.approx(500)


def test_a_slow_machine_is_taken_for_slow_in_jobs_that_have_not_run():
    jobs = {0: Work(LONG, 100.0), 1: Work(SHORT, 10.0)}
    assert seconds_left(jobs, 1, {0: 300.0}, {}) == pytest.approx(30, rel=0.1)
    # One short job tells little.
    assert 100 < seconds_left(jobs, 1, {1: 30.0}, {}) < 300


def test_one_job_that_waited_for_the_warm_start_is_no_measure():
    jobs = work(*[SHORT] * 5)
    assert seconds_left(jobs, 1, {0: 60.0, 1: 2.0, 2: 2.0}, {}) == pytest.approx(4)


def test_jobs_that_wait_for_a_provider_take_no_slot_and_follow_one_another_there():
    lane = Lane("theirs", 3)
    waiting = {n: Work(LONG, 60.0, lane) for n in range(6)}
    assert seconds_left({**waiting, 6: Work(SHORT, 100.0)}, 1, {}, {}) == pytest.approx(120)
    assert seconds_left({**waiting, 6: Work(SHORT, 200.0)}, 1, {}, {}) == pytest.approx(200)


def test_all_done():
    assert seconds_left(work(LONG), 2, {0: 100.0}, {}) == 0


def test_rules_that_are_named_are_there():
    rules = "".join(file.read_text() for file in (REPOSITORY / "rules").glob("*.smk"))
    named = re.findall(r"^(?:use rule \w+ as|rule) (\w+)\b", rules, re.MULTILINE)
    assert set(LABELS) <= set(named)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (3.6, "4 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (5940, "99 min"),
        (6120, "1.7 h"),
        (4e6, "1,111 h"),
    ],
)
def test_duration(seconds, said):
    assert duration(seconds) == said
