"""`slurm-plan` suggests a job, and the line that submits it means what it says."""

import json
import shlex
import unittest

import h5py

import support
from support import USAGE


class SlurmPlan(support.Case):
    def checkpoint(self, layers=8, width=512, written=True):
        path = self.path("in model.h5")
        with h5py.File(path, "w") as file:
            for layer in range(layers):
                weight = file.create_dataset(f"layer{layer}/weight", (width, width), "f4")
                if written:
                    weight[...] = support.rng(layer).standard_normal((width, width))
                file[f"layer{layer}/bias"] = support.rng(layer).standard_normal(width).astype("f4")
        return path

    def suggested(self, *arguments):
        return json.loads(self.program("slurm-plan", *arguments, "--json").stdout)

    def test_the_line_has_the_options_that_were_given(self):
        path = self.checkpoint()
        config = self.write_text("it's.yaml", "kmeans_palettization_config:\n  global_config:\n"
                                              "    op_state_spec: {weight: {n_bits: 4}}\n")
        result = self.program("slurm-plan", path, self.path("out.h5"), "--config", config, "--tasks", "5", "--cpus-per-task", "3",
                              "--exclude", "layer[01].weight", "--strict", "--memory", "1GiB", "--certify", "1e-3")
        line = shlex.split(result.stdout.splitlines()[-1])
        self.assertEqual(line[:4], ["submit.sh", "--time=00:04:00", "--mem=1792M", "--cpus-per-task=3"])
        self.assertEqual(line[4:7], [path, self.path("out.h5"), "5"])
        options = line[7:]
        self.assertEqual(sorted(options), sorted([f"--config={config}", "--exclude=layer[01].weight", "--strict",
                                                  "--certify=1e-3", "--memory=1024MiB"]))
        self.program("run", path, self.path("out.h5"), *options)

    def test_it_says_why(self):
        words = self.program("slurm-plan", self.checkpoint(), "--n-bits", "4").stdout
        self.assertRegex(words, r"to palettize: 8 tensors, 8\.00 MiB -> 1\.0\d MiB, 1 s of one CPU")
        self.assertRegex(words, r"1 tasks of 8 CPUs: about 6 s each, 10 min were asked for")
        for option in ("--time: ", "--memory: ", "--mem: ", "merge: "):
            self.assertIn(option, words)
        self.assertRegex(words, r"\nsubmit\.sh .* OUT\.h5 1 --n-bits=4 --memory=\d+MiB\n$")

    def test_what_is_slow_gets_more_tasks_and_not_more_than_there_is_to_do_apart(self):
        path = self.checkpoint(layers=3, width=8192, written=False)
        slow = ("--if-larger", "palettize", "--engine", "reference", "--n-bits", "8", "--cpus-per-task", "1", "--minutes", "1")
        few = self.suggested(path, *slow)
        self.assertEqual((few["tasks"], few["tensors"]), (3, 3))
        self.assertGreater(few["cpu_seconds"], 60)
        many = self.suggested(path, *slow, "--granularity", "per_grouped_channel", "--group-size", "256")
        self.assertGreater(many["tasks"], 3)
        self.assertGreaterEqual(many["time_limit_minutes"] * 60, 2 * many["task_seconds"] + 180)

    def test_tasks_that_take_longer_than_was_asked_for_are_said(self):
        path = self.checkpoint(layers=1, width=8192 // 2, written=False)
        slow = ("--if-larger", "palettize", "--engine", "reference", "--n-bits", "8", "--cpus-per-task", "1")
        result = self.program("slurm-plan", path, *slow, "--minutes", "0.5e1")
        self.assertNotIn("warning", result.stderr)
        alone = self.program("slurm-plan", self.checkpoint(layers=2, width=5120, written=False), *slow, "--minutes", "1", "--tasks", "1")
        self.assertRegex(alone.stderr, "a task takes about .*, more than --minutes 1: --tasks, or CPUs, are too few")
        groups = self.program("slurm-plan", self.path("in model.h5"), *slow, "--minutes", "1")
        self.assertRegex(groups.stderr, "more than --minutes 1: there is nothing more to do apart")

    def test_the_machine_that_is_asked_does_not_matter(self):
        path = self.checkpoint()
        self.assertEqual(self.suggested(path, "--threads", "1"), self.suggested(path, "--threads", "4"))

    def test_wrong_wishes_are_refused(self):
        path = self.checkpoint(layers=1, width=8)
        for option, value in (("--minutes", "0.5"), ("--minutes", "-1"), ("--minutes", "soon"), ("--tasks", "0"),
                              ("--tasks", "x"), ("--cpus-per-task", "0"), ("--cpus-per-task", "2000")):
            self.refused(USAGE, [f"{option}: found '{value}', allowed are"], "slurm-plan", path, option, value)
        self.refused(USAGE, ["--report"], "slurm-plan", path, "--report", "x.json")


if __name__ == "__main__":
    unittest.main()
