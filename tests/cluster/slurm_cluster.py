"""A Slurm cluster of two one-CPU nodes on this machine, without systemd, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel")
PACKAGES = ("slurm-wlm", "slurm-wlm-basic-plugins", "munge")  # of Debian and Ubuntu
NODES = ("n1", "n2")
WAIT_S = 60.0
# Where Slurm looks: the executor drops SLURM_CONF within jobs. Here the files are links into the
# cluster's folder; those that a killed test has left behind are replaced.
SETTINGS = Path("/etc/slurm")
CONF, GPUS, SUBMIT = (SETTINGS / name for name in ("slurm.conf", "gres.conf", "job_submit.lua"))
# Short, as sockets lie in it.
PREFIX = "/tmp/slurm-loopback-"
# No unit of Slurm waits longer than it has to: a test looks at what happens, not at a scheduler.
SLURM_CONF = """\
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
AuthType=auth/munge
AuthInfo=socket={munge}
CryptoType=crypto/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
MailProg=/bin/true
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobSubmitPlugins=lua
OverTimeLimit=0
KillWait=5
SlurmdTimeout=5
ReturnToService=2
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=UNLIMITED State=UP
PartitionName=cpu Nodes=ALL MaxTime=1-0 State=UP
PartitionName=gpu Nodes=ALL MaxTime=1-0 State=UP
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=100000 "
    "Gres=gpu:1 State=UNKNOWN"
)
# Slurm hands out a device without asking what it is.
GPUS_CONF = """\
AutoDetect=off
Name=gpu File=/dev/null
"""

# While there is a file `full`, the controller answers as at a limit of jobs, which it would need a
# database of accounts for.
SUBMIT_LUA = """\
function slurm_job_submit(job, partitions, user)
    local full = io.open("{folder}/full")
    if full == nil then return slurm.SUCCESS end
    full:close()
    return 2050
end
function slurm_job_modify(job, record, partitions, user) return slurm.SUCCESS end
return slurm.SUCCESS
"""


def missing() -> str | None:
    """Why there can be no cluster here, if so."""
    absent = [name for name in PROGRAMS if _program(name) is None]
    if absent:
        return f"no {', '.join(absent)} here: `make test-cluster` installs Slurm"
    if os.geteuid():
        return "Slurm's daemons start as root alone"
    if os.path.lexists(CONF) and not os.path.realpath(CONF).startswith(PREFIX):
        return f"{CONF} is there: this machine is part of a cluster"
    return None


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class SlurmCluster:
    """The daemons, by their names.

    Attributes:
        folder: its name begins with `PREFIX`.
    """

    folder: Path
    daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start all daemons and wait for both nodes."""
        self.folder.chmod(0o755)
        (self.folder / "state").mkdir()
        host, munge = socket.gethostname().split(".")[0], self.folder / "munge.sock"
        nodes = "\n".join(NODE.format(name=n, host=host, port=_free_port()) for n in NODES)
        (self.folder / CONF.name).write_text(
            SLURM_CONF.format(
                host=host, controller=_free_port(), munge=munge, folder=self.folder, nodes=nodes
            )
        )
        SETTINGS.mkdir(exist_ok=True)
        for file in (CONF, GPUS, SUBMIT):
            file.unlink(missing_ok=True)
            file.symlink_to(self.folder / file.name)
        (self.folder / GPUS.name).write_text(GPUS_CONF)
        (self.folder / SUBMIT.name).write_text(SUBMIT_LUA.format(folder=self.folder))
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        places = {
            "socket": munge,
            "key-file": key,
            **{f"{kind}-file": self.folder / f"munge.{kind}" for kind in ("pid", "log", "seed")},
        }
        options = [f"--{option}={path}" for option, path in places.items()]
        self._start("munged", "--foreground", "--force", "--num-threads=2", *options)
        self.until(munge.exists, "munge's socket")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        self.until(lambda: self.states() == ["idle", "idle"], "idle nodes")

    def start_controller(self) -> None:
        """Start slurmctld and wait until it answers."""
        self._start("slurmctld", "-D")
        self.until(lambda: self.client("scontrol", "ping").returncode == 0, "slurmctld")

    def start_node(self, name: str) -> None:
        """Start one slurmd."""
        self._start("slurmd", "-D", "-N", name, called=name)

    def stop(self, name: str) -> None:
        """End one daemon."""
        daemon = self.daemons.pop(name)
        daemon.terminate()
        try:
            daemon.wait(timeout=10)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def cut_off(self, node: str) -> None:
        """Lose a node: its jobs go on, and Slurm takes them for lost."""
        self.daemons[node].kill()
        self.stop(node)
        self.client("scontrol", "update", f"nodename={node}", "state=down", "reason=test")

    @contextmanager
    def full(self) -> Iterator[None]:
        """Take no more jobs."""
        (self.folder / "full").touch()
        try:
            yield
        finally:
            (self.folder / "full").unlink()

    def empty(self) -> None:
        """Cancel all jobs and wait until they are gone."""
        self.client("scancel", "--user=root")
        self.until(lambda: not self.jobs(), "an empty queue")

    def stop_all(self) -> None:
        """Cancel all jobs and end all daemons, munge last."""
        if "slurmctld" in self.daemons:
            self.empty()
        for name in reversed(list(self.daemons)):
            self.stop(name)
        for file in (CONF, GPUS, SUBMIT):
            file.unlink(missing_ok=True)

    def client(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of Slurm's commands."""
        return subprocess.run(command, capture_output=True, text=True)

    def states(self) -> list[str]:
        """The state of each node."""
        return self.client("sinfo", "-h", "-N", "-p", "main", "-o", "%T").stdout.split()

    def jobs(self, *states: str) -> dict[str, str]:
        """Comment by number of the jobs that wait or run, or of those in these states."""
        wanted = [f"--states={','.join(states)}"] if states else []
        listed = self.client("squeue", "-h", "-o", "%i %k", *wanted).stdout
        return dict(line.split(maxsplit=1) for line in listed.splitlines())

    def until(self, condition: Callable[[], bool], what: str, seconds: float = WAIT_S) -> None:
        """Wait for a condition.

        Raises:
            AssertionError: it does not come; the logs' ends are told.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = {p.name: p.read_text()[-2000:] for p in self.folder.glob("*.log")}
                raise AssertionError(f"no {what} in {seconds} s: {logs}")
            time.sleep(0.1)

    def _start(self, program: str, *arguments: str, called: str | None = None) -> None:
        path = _program(program)
        assert path is not None
        self.daemons[called or program] = subprocess.Popen(
            [path, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
