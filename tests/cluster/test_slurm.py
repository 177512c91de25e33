"""The workflow through a real Slurm: the local run's bytes, and what is told of what goes wrong."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from micro_workflow import micro_sources
from slurm_cluster import NODES
from slurm_run import BASE, ELSEWHERE, FOLDER, TARGET, SlurmRun, submitted
from working_copy import WorkingCopy

pytestmark = pytest.mark.slow

REPORT = Path("results/report.manifest.json")
RESULTS = [f"results/**/*.{kind}" for kind in ("parquet", "csv", "safetensors", "svg")]


@pytest.fixture
def run(tmp_path, cluster):
    return SlurmRun.that_waits(tmp_path / "copy", cluster)


def is_told(output, *words):
    """Whether the rule is named as failed, and each word stands in what is said of it."""
    said = output.partition("Error in rule verify_theorem")[2]
    return bool(said) and all(word in said for word in words)


def finishes_with_the_same_command(run):
    run.go()
    done = run.finish(TARGET)
    return done.returncode == 0 and bool(run.files())


def ids(copy: WorkingCopy):
    """Of all but the report, which tells how long its run took."""
    manifests = set(copy.files("results/**/manifest.json", "results/**/*.manifest.json"))
    manifests.discard(REPORT)
    return {path: json.loads((copy.root / path).read_text())["id"] for path in manifests}


def test_all_tables_weights_and_figures_are_those_of_a_local_run(micro_run, cluster, tmp_path):
    run = SlurmRun(micro_sources(tmp_path / "copy"), cluster)
    done = run.finish()
    assert done.returncode == 0, done.stdout
    files = micro_run.files(*RESULTS)
    assert files == run.copy.files(*RESULTS)
    different = [
        path
        for path in files
        if (micro_run.root / path).read_bytes() != (run.copy.root / path).read_bytes()
    ]
    assert not different
    assert ids(run.copy) == ids(micro_run)
    again = run.finish()
    assert again.returncode == 0 and not submitted(again.stdout)


def test_one_job_leaves_the_bytes_of_a_local_one(run):
    run.go()
    done = run.finish(TARGET)
    assert done.returncode == 0, done.stdout
    here = micro_sources(run.copy.root.parent / "here")
    assert here.snakemake(TARGET, "--cores", "1").returncode == 0
    tables = here.files(f"{FOLDER}/*.parquet")
    assert tables
    assert {str(path): (here.root / path).read_bytes() for path in tables}.items() <= (
        run.files().items()
    )
    assert ids(here) == ids(run.copy)


def test_a_job_goes_to_the_partition_that_has_what_it_asks_for(run):
    """The file of partitions that the profile offers, on a site that has those."""
    options = ["--slurm-partition-config", "profiles/slurm/partitions.yaml"]
    with run.started(TARGET, BASE, "--set-resources", "verify_theorem:gpu=1", *options):
        run.until(lambda: len(run.begun()) == 2, "both jobs")
        listed = run.cluster.client("squeue", "-h", "-o", "%P %k").stdout
    partitions = {comment: name for name, comment in map(str.split, listed.splitlines())}
    assert partitions == {
        "rule_verify_theorem_wildcards_proof": "gpu",
        "rule_base_pretrain_base": "cpu",
    }


def test_a_cancelled_job(run):
    with run.started(TARGET) as process:
        number = run.one_begun()
        run.cluster.client("scancel", number)
        output, _ = process.communicate()
    assert process.returncode != 0
    assert is_told(output, "CANCELLED", number)
    assert finishes_with_the_same_command(run)


def test_a_job_out_of_time(run):
    with run.started(TARGET) as process:
        number = run.one_begun()
        end = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(time.time() + 1))
        changed = run.cluster.client("scontrol", "update", f"jobid={number}", f"endtime={end}")
        assert changed.returncode == 0, changed.stderr
        output, _ = process.communicate()
    assert process.returncode != 0
    assert is_told(output, "TIMEOUT", "DUE TO TIME LIMIT")
    assert finishes_with_the_same_command(run)


def test_a_job_out_of_memory(run):
    (run.copy.root / "bytes").write_text(str(2 * 10**9))
    done = run.finish(TARGET)
    assert done.returncode != 0
    assert is_told(done.stdout, "emory limit")
    (run.copy.root / "bytes").unlink()
    assert finishes_with_the_same_command(run)


def test_drained_nodes(run):
    """A job waits until a node is back."""
    for node in NODES:
        run.cluster.client("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    with run.started(TARGET) as process:
        run.until(lambda: run.cluster.jobs("PENDING"), "a job that waits")
        assert not run.begun()
        for node in NODES:
            run.cluster.client("scontrol", "update", f"nodename={node}", "state=resume")
        run.go()
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert len(submitted(output)) == 1


def test_a_node_that_is_cut_off(run):
    """Its job goes on there, unknown to Slurm, and may not touch the files of the next run."""
    with run.started(TARGET) as process:
        first = run.one_begun()
        node = run.cluster.client("squeue", "-h", "-j", first, "-o", "%N").stdout.strip()
        run.cluster.cut_off(node)
        output, _ = process.communicate()
    try:
        assert process.returncode != 0
        assert is_told(output, "NODE_FAIL", first)
        with run.started(TARGET) as process:
            second = run.one_begun(first)
            run.go(second)
            output, _ = process.communicate()
        assert process.returncode == 0, output
        written = run.written()
        orphan = run.process_of(first)
        assert written and orphan.exists()
        run.go(first)
        run.until(lambda: not orphan.exists(), "the orphan's end")
        time.sleep(3)  # what would delete the files of a failed job comes after its end
        assert run.written() == written
    finally:
        run.cluster.start_node(node)
        run.until(lambda: run.cluster.states() == ["idle", "idle"], "the node")


def test_a_controller_that_is_restarted(run):
    with run.started(TARGET) as process:
        run.one_begun()
        run.cluster.stop("slurmctld")
        time.sleep(5)  # Snakemake asks in vain
        run.cluster.start_controller()
        run.go()
        output, _ = process.communicate()
    assert process.returncode == 0, output
    assert len(submitted(output)) == 1


def test_snakemake_is_killed_and_started_again(run):
    """Nothing is submitted twice: neither while the job is going, nor when it has ended."""
    with run.started(TARGET) as process:
        number = run.one_begun()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = run.finish(TARGET)
    assert done.returncode != 0
    assert f"scancel {number}" in done.stdout
    assert list(run.cluster.jobs()) == [number]
    run.go()
    run.until(lambda: not run.cluster.jobs(), "the job's end")
    done = run.finish(TARGET)
    assert done.returncode == 0, done.stdout
    assert not submitted(done.stdout)
    assert run.begun() == {number}


def test_an_orphan_that_is_cancelled_late_deletes_nothing(run):
    """A second run that does not see the queue, as from a machine without Slurm."""
    with run.started(TARGET) as process:
        number = run.one_begun()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    run.go("here")
    tools = run.copy.root.parent / "tools"
    tools.mkdir()
    for name in ("unshare", "bash", "tee", "sh", "git", "which"):
        (tools / name).symlink_to(shutil.which(name))
    path = f"{os.path.dirname(sys.executable)}:{tools}"
    done = run.copy.run(*ELSEWHERE, "snakemake", TARGET, "--cores", "1", PATH=path)
    assert done.returncode == 0, done.stdout
    written = run.written()
    run.cluster.client("scancel", number)
    run.until(lambda: not run.cluster.jobs(), "the job's end")
    assert written and run.written() == written


def test_a_site_that_takes_no_more_jobs(run):
    with run.cluster.full():
        done = run.finish(TARGET)
    assert done.returncode != 0
    assert is_told(done.stdout, "job submit limit")
    assert finishes_with_the_same_command(run)
