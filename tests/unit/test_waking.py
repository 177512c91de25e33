"""Snakemake's scheduler wakes once per timespan, however many jobs there were."""

import threading

from snakemake.scheduling.job_scheduler import JobScheduler

from subliminal.workflow.waking import wake_once


class Scheduler:
    """What of Snakemake's is woken."""

    def __init__(self):
        self._open_jobs = threading.Semaphore(0)

    def _schedule_reevalutation(self, delay):
        raise AssertionError("it is replaced")


def test_one_timer_waits_at_a_time_and_the_next_starts_when_it_has_woken():
    wake_once(Scheduler)
    one, other = Scheduler(), Scheduler()
    for _ in range(20):
        one._schedule_reevalutation(0.01)
    other._schedule_reevalutation(0.01)
    assert one._open_jobs.acquire(timeout=10)
    assert other._open_jobs.acquire(timeout=10)
    assert not one._open_jobs.acquire(timeout=0.2)
    one._schedule_reevalutation(0.01)
    assert one._open_jobs.acquire(timeout=10)


def test_a_scheduler_without_timers_is_left_alone():
    class Other:
        pass

    wake_once(Other)
    assert not hasattr(Other, "_schedule_reevalutation")


def test_snakemake_s_has_them():
    """Else this module can go."""
    assert hasattr(JobScheduler, "_schedule_reevalutation")
