"""scripts/slurm on a real Slurm of two virtual nodes: an array job and its merge give what one process gives, whatever happens to
tasks and nodes on the way. Skipped where Slurm and munge are not installed (scripts/setup.sh --cluster installs them)."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest

import h5py

import slurm

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))
import support  # noqa: E402

SCRIPTS = support.SOURCE_DIR / "scripts/slurm"
MISSING = slurm.what_is_missing()
DEADLINE_SECONDS = 60
LAYERS = 60
# Slow enough to be interrupted, and each tensor on its own: 0.1 s or so.
OPTIONS = ("--n-bits", "8", "--engine", "reference", "--memory", "1MiB")
# Each task takes a node for itself.
RESOURCES = ("--time=10", "--mem=500", f"--cpus-per-task={slurm.CPUS_OF_A_NODE}")


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}; scripts/setup.sh --cluster installs Slurm and munge")
@support.needs_prompt_signals
class Jobs(support.Case):
    @classmethod
    def setUpClass(cls):
        cls.slurm = slurm.Slurm()
        cls.slurm.__enter__()
        cls.addClassCleanup(cls.slurm.__exit__, None, None, None)
        cls.slurm.environment["H5PALETTIZE"] = support.PROGRAM

    def setUp(self):
        super().setUp()
        self.environment = dict(self.slurm.environment)
        for node in slurm.NODES:
            self.slurm.resume(node)

    # Jobs.

    def checkpoint(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for layer in range(LAYERS):
                values = support.rng(layer).standard_normal((128 + 4 * layer, 256)).astype("f4")
                file[f"layer{layer:02}/weight"] = values
                file[f"layer{layer:02}/bias"] = values[:, 0]
            file.attrs["framework"] = "none"
        return path

    def submit(self, parts, *options):
        words = [SCRIPTS / "submit.sh", *RESOURCES, self.path("in.h5"), self.path("out.h5"), str(parts), *OPTIONS, *options]
        done = subprocess.run(words, capture_output=True, text=True, env=self.environment, cwd=self.folder, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        jobs = re.match(r"array job (\d+), merge job (\d+): ", done.stdout)
        self.assertIsNotNone(jobs, done.stdout)
        self.parts, self.array, self.merge = parts, jobs[1], jobs[2]

    def log(self, part):
        try:
            return (self.folder / f"slurm-{self.array}_{part}.out").read_text()
        except FileNotFoundError:
            return ""

    def logs(self):
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(self.folder.glob("slurm-*.out")))

    def wait_for(self, holds, what, seconds=DEADLINE_SECONDS):
        try:
            self.slurm.wait_for(holds, what, seconds)
        except TimeoutError as error:
            queue = self.slurm.run(["squeue"])
            self.fail(f"{error}\n{queue}\n{self.logs()}")

    def field(self, part, name):
        return self.slurm.field(f"{self.array}_{part}", name)

    def wait_until_all_ended(self):
        self.wait_for(lambda: not self.slurm.unfinished(), "end of the jobs")

    # What happens to them.

    def shard(self, part):
        return f"{part}-of-{self.parts}.h5"

    def has_done_something(self, part):
        """Whether the part's journal holds a tensor, behind its first record."""
        try:
            journal = (self.folder / f"out.h5.shards/.{self.shard(part)}.h5palettize-journal").read_bytes()
        except OSError:
            return False
        second = 8 + int.from_bytes(journal[:4], "little")
        return len(journal) > second + 8 and len(journal) >= second + 8 + int.from_bytes(journal[second:second + 4], "little")

    def program_of(self, part):
        """The process of the program that works on the part."""
        shard = self.path(f"out.h5.shards/{self.shard(part)}").encode()
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if len(words) > 1 and words[1] == b"run" and shard in words:
                return int(process.name)
        self.fail(f"no program works on part {part}\n{self.logs()}")

    def wait_until_in_the_middle_of(self, part):
        self.wait_for(lambda: self.has_done_something(part), f"tensor of part {part}")

    def assert_went_on(self, part, why):
        log = self.log(part)
        self.assertRegex(log, why)
        self.assertRegex(log, f"part {part} of {self.parts} on n[01]: start 1\n")
        self.assertRegex(log, r"[1-9]\d* of \d+ tensors were done by an earlier run")

    # Results.

    def contents(self, name):
        """Each object of a file with its attributes and bytes, but for what the file says of its own making."""
        found = {}
        with h5py.File(self.path(name)) as file:
            def add(path, thing):
                if path.split("/")[0] == "h5palettize":
                    return
                value = (thing.dtype.str, thing.shape, thing[()].tobytes()) if isinstance(thing, h5py.Dataset) else None
                found[path] = (value, {key: repr(item) for key, item in thing.attrs.items()})
            file.visititems(add)
        return found

    def assert_as_of_one_process(self):
        self.program("run", self.path("in.h5"), self.path("whole.h5"), *OPTIONS)
        whole, merged = self.contents("whole.h5"), self.contents("out.h5")
        self.assertEqual(sorted(merged), sorted(whole))
        for path, value in whole.items():
            self.assertEqual(merged[path], value, path)
        self.assertGreater(len(whole), 2 * LAYERS)
        self.assertEqual(support.sha256(self.path("out.h5")), support.sha256(self.path("whole.h5")))
        self.program("verify", self.path("in.h5"), self.path("out.h5"))

    # Tests.

    def test_whatever_happens_to_tasks_and_nodes_the_result_is_that_of_one_process(self):
        self.checkpoint()
        self.submit(6)
        self.stop_by_signal(0)
        self.kill_program(1)
        self.drain_node_of(2)
        self.reach_time_limit(3)
        self.fail_node_of(4)
        self.wait_until_all_ended()
        for part, why in enumerate(["(?s)SIGUSR1 received\n.*: stopped: requeued", "killed by SIGKILL: requeued", None,
                                    "(?s)SIGUSR1 received\n.*: stopped: requeued", "DUE TO NODE FAILURE"]):
            with self.subTest(part=part):
                if why:
                    self.assert_went_on(part, why)
                else:
                    self.assertNotIn("start 1", self.log(part), "a drained node does what it has begun")
        self.assertTrue(os.path.exists(self.path("out.h5")), self.logs())
        self.assertFalse(os.path.exists(self.path("out.h5.shards")), "parts are removed once they are merged")
        self.assert_as_of_one_process()

    def stop_by_signal(self, part):
        """The program is held until the signal has come."""
        self.wait_until_in_the_middle_of(part)
        program = self.program_of(part)
        os.kill(program, signal.SIGSTOP)
        # It waits until the task has ended.
        scancel = subprocess.Popen(["scancel", "--batch", "--signal=USR1", f"{self.array}_{part}"], env=self.environment,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(scancel.wait)
        self.wait_for(lambda: "SIGUSR1 received" in self.log(part), f"signal to part {part}")
        os.kill(program, signal.SIGCONT)
        self.wait_for(lambda: "requeued" in self.log(part), f"requeue of part {part}")

    def kill_program(self, part):
        self.wait_until_in_the_middle_of(part)
        os.kill(self.program_of(part), signal.SIGKILL)
        self.wait_for(lambda: "requeued" in self.log(part), f"requeue of part {part}")

    def drain_node_of(self, part):
        self.wait_until_in_the_middle_of(part)
        self.drained = self.field(part, "BatchHost")
        self.slurm.run(["scontrol", "update", f"NodeName={self.drained}", "State=DRAIN", "Reason=test"])

    def reach_time_limit(self, part):
        """The least limit is a minute, and Slurm looks every half: the program is held until the signal has come."""
        self.wait_until_in_the_middle_of(part)
        program = self.program_of(part)
        os.kill(program, signal.SIGSTOP)
        self.set_time_limit(part, 1)
        self.wait_for(lambda: "SIGUSR1 received" in self.log(part), "signal before the time limit")
        os.kill(program, signal.SIGCONT)
        self.wait_for(lambda: "requeued" in self.log(part), f"requeue of part {part}")
        self.set_time_limit(part, 10)

    def set_time_limit(self, part, minutes):
        self.slurm.run(["scontrol", "update", f"JobId={self.array}_{part}", f"TimeLimit={minutes}"])

    def fail_node_of(self, part):
        self.wait_until_in_the_middle_of(part)
        node = self.field(part, "BatchHost")
        self.assertNotEqual(node, self.drained, "a drained node begins nothing")
        self.slurm.resume(self.drained)
        self.slurm.run(["scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=test"])
        self.wait_for(lambda: self.field(part, "Restarts") == "1", f"restart of part {part}")
        self.slurm.resume(node)

    def test_a_job_that_is_cancelled_goes_on_when_it_is_submitted_again(self):
        self.checkpoint()
        self.submit(2)
        self.wait_until_in_the_middle_of(0)
        self.slurm.run(["scancel", self.array])
        self.wait_until_all_ended()
        self.assertNotIn("requeued", self.log(0))
        self.assertFalse(os.path.exists(self.path("out.h5")))
        self.submit(2)
        self.wait_until_all_ended()
        self.assertRegex(self.log(0), r"[1-9]\d* of \d+ tensors were done by an earlier run")
        self.assert_as_of_one_process()

    def test_a_task_that_goes_on_too_often_ends_the_job_and_the_merge(self):
        self.checkpoint()
        self.environment["H5PALETTIZE_RESTARTS"] = "0"
        self.submit(2)
        self.wait_until_in_the_middle_of(0)
        os.kill(self.program_of(0), signal.SIGKILL)
        self.wait_until_all_ended()
        self.assertIn("no further one (H5PALETTIZE_RESTARTS is 0)", self.log(0))
        self.assertEqual(self.slurm.field(self.merge, "JobState"), "CANCELLED")
        self.assertFalse(os.path.exists(self.path("out.h5")))
        self.assertTrue(os.path.exists(self.path("out.h5.shards/1-of-2.h5")), "what is done is kept")


if __name__ == "__main__":
    unittest.main()
