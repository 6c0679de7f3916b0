"""What a run costs."""

import os
import subprocess
import unittest

import h5py

import support


class Resources(support.Case):
    @unittest.skipIf(support.built_with_sanitizer(), "a sanitizer has memory of its own: nothing is claimed about it")
    def test_exact_needs_memory_for_the_values_and_not_for_values_times_clusters(self):
        # coreai_opt's table of 16 bytes for each value and cluster would take 390 MiB here.
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = support.rng(1).standard_normal((1000, 100))
        process = subprocess.Popen(support.command_line("run", path, self.path("out.h5"), "--engine", "exact",
                                                        "--n-bits", "8"), stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, support.DONE)
        self.assertLess(usage.ru_maxrss / 1024, 100, "MiB")


if __name__ == "__main__":
    unittest.main()
