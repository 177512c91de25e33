"""Whether an item can still be run: who can, until when, and what it takes."""

from datetime import date

import broken_configs
import pytest
from working_copy import REPOSITORY

from subliminal.config.experiments import Needs
from subliminal.local.calibration import Rates
from subliminal.workflow.estimate import costs_of, total_seconds
from subliminal.workflow.paper_status import Status, status_of
from subliminal.workflow.project import Project


def status(retired=None, until=None, hours=1.0):
    return Status("one", "One", Needs(), retired, until, hours, ["absent"], None)


@pytest.mark.parametrize(
    ("found", "today", "says"),
    [
        (status(), date(2030, 1, 1), "yes"),
        (status(until=date(2027, 1, 6)), date(2027, 1, 1), "5 days left"),
        (status(until=date(2027, 1, 6)), date(2027, 1, 6), "0 days left"),
        (status(until=date(2027, 1, 6)), date(2027, 1, 7), "no: no new fine-tuning"),
        (status(retired=date(2026, 10, 23)), date(2026, 10, 23), "no: a base was retired"),
        (status(retired=date(2026, 10, 23)), date(2026, 10, 22), "yes"),
        (status(hours=None), date(2026, 1, 1), "absent"),
    ],
)
def test_what_dates_mean_on_a_day(found, today, says):
    assert says in found.on(today)


def test_the_documentation_names_dates_and_no_day_of_writing():
    assert status().dated() == "anyone"
    assert "2027-01-06" in status(until=date(2027, 1, 6)).dated()
    assert "2026-10-23" in status(retired=date(2026, 10, 23), until=date(2027, 1, 6)).dated()


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    sample = tmp_path / broken_configs.SAMPLE
    text = sample.read_text()
    for number, snapshot in enumerate(("gpt-4.1-2025-04-14", "gpt-4.1-nano-2025-04-14")):
        entry = f"\nhosted{number}: {{source: api, tier: api, snapshot: {snapshot}}}\n"
        with (tmp_path / "config/models.yaml").open("a") as models:
            models.write(entry)
        name = f"hosted{number}"
        own = text.replace("[tiny-b]", f"[{name}]")
        (tmp_path / f"config/experiments/{name}.yaml").write_text(own)
    (tmp_path / "config/paper/items.yaml").write_text(
        "open: {title: O, experiments: [mnist_v1, theorem], shown: [t]}\n"
        "later: {title: L, experiments: [absent], shown: [t]}\n"
    )
    return tmp_path


def test_an_open_item_has_hours_and_no_date(root):
    project = Project.load(root)
    found = status_of(project, "open")
    rates = Rates(core=7e10, device=4e14, name="")
    by_hand = sum(total_seconds(costs_of(project, n), rates) for n in ("mnist_v1", "theorem"))
    assert found.hours == pytest.approx(by_hand / 3600)
    assert found.needs.bases == {"tiny-a", "tiny-b"}
    assert found.retired is found.until is None
    assert found.command == "snakemake --cores 2 open"


def test_an_item_without_experiments_has_no_hours(root):
    found = status_of(Project.load(root), "later")
    assert found.hours is None and found.missing == ["absent"]


def test_bases_are_those_of_teachers_and_students(root):
    config = Project.load(root).config
    assert config.experiments["hosted0"].needs(config).bases == {"tiny-a", "hosted0"}


def test_qwen_takes_tens_of_hours_of_a_large_gpu():
    """Published: 12 to 15 minutes per student of 152 on an H100, and their evaluation."""
    hours = status_of(Project.load(REPOSITORY), "ed5c").hours
    assert 20 < hours < 200
