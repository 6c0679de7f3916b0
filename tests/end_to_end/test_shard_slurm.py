"""--shard slurm: the part is that of the task of an array job; being in one changes nothing else."""

import os
import subprocess
import unittest

import h5py

import support
from support import USAGE

ARRAY = {"SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_MAX": "14",
         "SLURM_ARRAY_TASK_STEP": "2"}


class ShardSlurm(support.Case):
    def setUp(self):
        super().setUp()
        with h5py.File(self.path("in.h5"), "w") as file:
            for layer in range(6):
                file[f"layer{layer}/weight"] = support.rng(layer).standard_normal((64, 64)).astype("f4")

    def run_in(self, variables, name, *options):
        environment = {key: value for key, value in os.environ.items() if not key.startswith("SLURM_")}
        return subprocess.run(support.command_line("run", self.path("in.h5"), self.path(name), *options), text=True,
                              capture_output=True, env={**environment, **variables}, check=False)

    def same(self, first, second):
        return support.sha256(self.path(first)) == support.sha256(self.path(second))

    def test_the_part_is_that_of_the_task(self):
        self.program("run", self.path("in.h5"), self.path("part.h5"), "--shard", "1/3")
        done = self.run_in(ARRAY, "slurm.h5", "--shard", "slurm")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(self.same("slurm.h5", "part.h5"))

    def test_a_task_that_does_not_ask_for_it_does_all(self):
        self.program("run", self.path("in.h5"), self.path("whole.h5"))
        done = self.run_in(ARRAY, "task.h5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(self.same("task.h5", "whole.h5"))

    def test_what_the_variables_do_not_say_is_an_error(self):
        for variables, words in (({}, "SLURM_ARRAY_TASK_ID is not set"), ({**ARRAY, "SLURM_ARRAY_TASK_ID": "13"}, "even steps"),
                                 ({"SLURM_ARRAY_TASK_ID": "1"}, "SLURM_ARRAY_TASK_COUNT is not set")):
            refused = self.run_in(variables, "out.h5", "--shard", "slurm")
            self.assertEqual(refused.returncode, USAGE)
            self.assertIn(words, refused.stderr)
        self.assert_folder_holds("in.h5")


if __name__ == "__main__":
    unittest.main()
