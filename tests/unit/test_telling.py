"""The lines of a run on the terminal, from the events of its jobs."""

import re

import pytest

from subliminal.config.cost import Charge, JobCost
from subliminal.config.cost import Work as Taken
from subliminal.workflow.announcement import AnnouncedJob, AnnouncedRun
from subliminal.workflow.bill import Bill
from subliminal.workflow.remaining import Work
from subliminal.workflow.telling import LONG_S, SHORT_S, SILENCE_S, Telling, said_facts
from subliminal.workflow.timetable import Stage, Timetable

COUNT = re.compile(r"^\[ *(\d+)/(\d+)\] ")


def job(label, tmp_path, log=None, seconds=30.0):
    path = tmp_path / f"{label}.log"
    if log is not None:
        path.write_text(log)
    return AnnouncedJob("train", label, Work(("train", ""), seconds), None, str(path))


@pytest.fixture
def telling(tmp_path):
    log = "08:00:00 train x: step 7/9\n08:00:05 train x: \x1b[2Jstep 8/9, 2 s left\n"
    jobs = {n: job(f"job {n}", tmp_path, log) for n in range(12)}
    return Telling(AnnouncedRun(["tiny"], 2, jobs), now=0.0)


def test_the_start_counts_jobs_and_says_how_long(telling):
    start = "\n".join(telling.start())
    assert "tiny" in start and "12 jobs" in start and "12 train" in start
    assert "3 min" in start  # 12 jobs of 30 s, two side by side


def test_the_start_says_what_hosted_models_cost(telling, tmp_path):
    charges = (Charge("theirs", 2e6, 3.5), Charge("judge", 1e6, None))
    bill = Bill.of([JobCost("train", "", "m", Taken(), charges=charges)])
    run = AnnouncedRun(["tiny"], 2, {1: job("job", tmp_path)}, bill)
    said = "\n".join(Telling(run, now=0.0).start())
    assert "theirs: 2.0 M tokens, 3.50 USD" in said and "judge is not known" in said
    assert "USD" not in "\n".join(telling.start())


def test_the_start_says_how_long_hosted_models_take(tmp_path):
    stages = [Stage("wait_for_tuning", "students", 7200.0), Stage("filter", "datasets", 30.0)]
    table = Timetable(stages, hosted=True, side_by_side=2)
    run = AnnouncedRun(["tiny"], 2, {1: job("job", tmp_path)}, timetable=table)
    first, *others = Telling(run, now=0.0).start()
    assert "about 2.0 h" in first
    assert any("wait_for_tuning of students: 2.0 h" in line for line in others)


def test_a_finished_job_is_one_line_with_what_is_left(telling):
    telling.started([1, 2], 0.0)
    (line,) = telling.finished(1, 30.0)
    assert COUNT.match(line).groups() == ("1", "12")
    assert "job 1" in line and "30 s" in line
    assert "3 min left" in line  # 10 jobs of 30 s in two rows, and one that is nearly done


def test_short_jobs_are_counted_and_not_listed(telling):
    telling.started(range(12), 0.0)
    assert telling.finished(0, SHORT_S / 2) == []
    assert COUNT.match(telling.finished(1, SHORT_S + 1)[0]).group(1) == "2"


def test_after_a_silence_a_short_job_is_listed(telling):
    telling.started([0], SILENCE_S)
    assert telling.finished(0, SILENCE_S + SHORT_S / 2)


def test_a_long_job_says_how_far_it_is_now_and_then(telling):
    telling.started([3, 4], 0.0)
    assert telling.look(LONG_S / 2) == []
    (line,) = telling.look(LONG_S + 1)
    assert "step 8/9, 2 s left" in line and "08:00" not in line and "\x1b" not in line
    assert telling.look(LONG_S + 2) == []
    (other,) = telling.look(LONG_S + 2 + SILENCE_S)
    assert {"job 3", "job 4"} == {f"job {n}" for n in (3, 4) if f"job {n}:" in line + other}


def test_a_failed_job_shows_its_log_and_is_named_again_at_the_end(telling):
    telling.started([5, 6], 0.0)
    told = telling.failed(5, 1.0)
    assert "FAILED" in told[0] and "job 5" in told[0]
    assert any("step 7/9" in line for line in told) and not any("\x1b" in line for line in told)
    telling.finished(6, 30.0)
    end = "\n".join(telling.failures())
    assert "1 of 12 jobs have finished" in end and "job 5.log" in end


def test_no_log_and_no_manifest_are_no_trouble(tmp_path):
    telling = Telling(AnnouncedRun(["tiny"], 1, {7: job("job", tmp_path)}), now=0.0)
    telling.started([7, 99], 0.0)
    assert telling.finished(99, 1.0) == []
    assert len(telling.failed(7, 1.0)) == 1


def test_the_last_job_leaves_no_time(telling):
    telling.started(range(12), 0.0)
    lines = [telling.finished(n, 30.0) for n in range(12)]
    assert " left" in lines[-2][0] and " left" not in lines[-1][0]


def test_unknown_times_are_not_made_up(tmp_path):
    jobs = {n: job(f"job {n}", tmp_path, seconds=None) for n in range(3)}
    telling = Telling(AnnouncedRun(["ed5c_qwen"], 1, jobs), now=0.0)
    assert not re.search(r"\d+ (s|min|h)\b", telling.start()[0])
    telling.started([0], 0.0)
    assert "16 min left" in telling.finished(0, 480.0)[0]


def test_facts_are_those_of_the_manifest(tmp_path, monkeypatch):
    facts = {"rows": 1628, "kept": 1500, "reasons": {}}
    monkeypatch.setattr("subliminal.workflow.telling.read_manifest", lambda path: {"facts": facts})
    known = AnnouncedJob("filter", "x", Work(("filter", ""), 1.0), "manifest.json", None)
    assert "1,500 of 1,628" in said_facts(known)
    facts.update(held_out_loss_before=5.06, held_out_loss_after=3.83)
    assert "5.06 → 3.83" in said_facts(known)
    facts.clear()
    assert said_facts(known) == ""
