"""A Slurm of two virtual nodes on this machine, for tests: munged, slurmctld and a slurmd for each node, without systemd, as the
user who calls it. All of it lives in one scratch folder and ends with the context.

    with Slurm() as slurm:
        slurm.run(["sbatch", ...])

By hand: slurm.py [-- COMMAND...] starts one and runs COMMAND (a shell without it) inside."""

import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

NODES = ("n0", "n1")
CPUS_OF_A_NODE = 2
MEGABYTES_OF_A_NODE = 2000
DAEMONS = ("munged", "slurmctld", "slurmd")
COMMANDS = ("sbatch", "scontrol", "sinfo", "squeue", "scancel")
WHERE_DAEMONS_ARE = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])
SECONDS_TO_START = 30
SECONDS_TO_STOP = 10

CONF = """\
ClusterName=palettes
SlurmctldHost=localhost
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdSpoolDir={folder}/spool.%n
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmdLogFile={folder}/slurmd.%n.log
MailProg=/bin/true
# Neither cgroups nor an accounting database.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,sched_min_interval=0,bf_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
# A test waits for what a cluster may take its time for.
KillWait=2
CompleteWait=0
MinJobAge=600
OverTimeLimit=0
SlurmdTimeout=30
{nodes}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = "NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs={cpus} RealMemory={memory} State=UNKNOWN"


def what_is_missing():
    """The programs of Slurm and munge that are not installed."""
    return [name for name in DAEMONS + COMMANDS if shutil.which(name, path=WHERE_DAEMONS_ARE) is None]


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Slurm:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slurm."))
        self.folder.chmod(0o755)  # munged refuses a socket that not everybody can reach
        self.daemons = {}
        self.environment = {**{key: value for key, value in os.environ.items() if not key.startswith(("SLURM_", "SBATCH_"))},
                            "SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": WHERE_DAEMONS_ARE}

    def __enter__(self):
        try:
            self.write_configuration()
            self.start_munge()
            self.start("slurmctld", ["slurmctld", "-D", "-i"])
            for name in NODES:
                self.start(name, ["slurmd", "-D", "-N", name])
            self.wait_for(lambda: self.node_states() == {name: "idle" for name in NODES}, "two idle nodes", SECONDS_TO_START)
        except BaseException:
            print(self.logs(), file=sys.stderr)
            self.stop()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None:
            print(self.logs(), file=sys.stderr)
        self.stop()

    def write_configuration(self):
        controller_port, *ports = free_ports(1 + len(NODES))
        nodes = "\n".join(NODE.format(name=name, port=port, cpus=CPUS_OF_A_NODE, memory=MEGABYTES_OF_A_NODE)
                          for name, port in zip(NODES, ports))
        for name in ["state", "munge", *(f"spool.{name}" for name in NODES)]:
            (self.folder / name).mkdir()
        user = pwd.getpwuid(os.getuid()).pw_name
        (self.folder / "slurm.conf").write_text(
            CONF.format(folder=self.folder, controller_port=controller_port, user=user, nodes=nodes))
        # Loaded by every slurmd, though nothing uses it; cgroup/v2 would want to own a part of the tree, and "disabled" is newer.
        (self.folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")

    def start_munge(self):
        here = self.folder / "munge"
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        self.start("munged", ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={here}/socket",
                              f"--pid-file={here}/pid", f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/seed"])
        self.wait_for((here / "socket").exists, "munged's socket", SECONDS_TO_START)

    def start(self, name, command):
        with open(self.folder / f"{name}.out", "w") as out:
            self.daemons[name] = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                                  stdout=out, stderr=subprocess.STDOUT)

    def stop(self):
        """Jobs first, so that no program outlives its node."""
        if "slurmctld" in self.daemons:
            subprocess.run(["scancel", "--full", "--signal=KILL", "--state=RUNNING"], env=self.environment, capture_output=True,
                           timeout=SECONDS_TO_STOP)
            subprocess.run(["scancel", "--user", pwd.getpwuid(os.getuid()).pw_name], env=self.environment, capture_output=True,
                           timeout=SECONDS_TO_STOP)
            self.wait_for(lambda: not self.unfinished(), "jobs to end", SECONDS_TO_STOP, fail=False)
        for name in reversed(self.daemons):
            daemon = self.daemons[name]
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(SECONDS_TO_STOP)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
                         for path in sorted(self.folder.glob("*.[lo][ou][gt]")))

    # What a test does with it.

    def run(self, command, **options):
        """Its standard output; an error of the command is one of the test."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60, **options)
        if done.returncode != 0:
            raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def node_states(self):
        done = subprocess.run(["sinfo", "--noheader", "--Node", "--format=%N %T"], env=self.environment, capture_output=True,
                              text=True, timeout=60)
        return dict(line.split() for line in done.stdout.splitlines())

    def resume(self, node):
        """Puts a drained or failed node to work again. One that failed may come back by itself, when it reports."""
        def is_back():
            if self.node_states()[node].rstrip("*") in ("idle", "mixed", "allocated", "completing"):
                return True
            subprocess.run(["scontrol", "update", f"NodeName={node}", "State=RESUME"], env=self.environment, capture_output=True,
                           timeout=60)
            return False
        self.wait_for(is_back, f"{node} at work", SECONDS_TO_START)

    def unfinished(self):
        done = subprocess.run(["squeue", "--noheader", "--format=%i"], env=self.environment, capture_output=True, text=True,
                              timeout=60)
        return done.stdout.split()

    def field(self, job, name):
        """A field of `scontrol show job`, as JobState; job may be a task, as 4_1."""
        for word in self.run(["scontrol", "--oneliner", "show", "job", str(job)]).split():
            key, _, value = word.partition("=")
            if key == name:
                return value
        raise KeyError(name)

    def wait_for(self, holds, what, seconds, fail=True):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if holds():
                return True
            time.sleep(0.1)
        if fail:
            raise TimeoutError(f"no {what} within {seconds} s")
        return False


def main(words):
    if missing := what_is_missing():
        sys.exit(f"slurm: not installed: {', '.join(missing)}; scripts/setup.sh --cluster installs them")
    command = words[1:] if words[:1] == ["--"] else words
    with Slurm() as slurm:
        return subprocess.run(command or [os.environ.get("SHELL", "/bin/sh")], env=slurm.environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
