"""The bytes of the output depend on the input, the configuration and the seed: not on threads, memory, or the run."""

import os
import subprocess
import time
import unittest
import unittest.mock

import h5py

import support


def forced_target(name):
    """The program runs on this instruction set only."""
    return unittest.mock.patch.dict(os.environ, {"H5PALETTIZE_TARGET": name})


class Determinism(support.Case):
    def checkpoint(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number, shape in enumerate(((256, 512), (64, 3, 3, 32), (1024, 64), (48, 16), (16, 8), (300000, 2))):
                file[f"layer{number}.weight"] = support.rng(number).standard_normal(shape).astype("f4")
            file["half.weight"] = support.rng(9).standard_normal((128, 128)).astype("f2")
            file["double.weight"] = support.rng(9).standard_normal((128, 128))
        return path

    def digests(self, path, variants, *options):
        """The digest of the output for each variant of options."""
        digests = []
        for number, variant in enumerate(variants):
            output = self.path(f"out{number}.h5")
            self.program("run", path, output, *options, *variant)
            digests.append(support.sha256(output))
        return digests

    def test_threads_memory_and_repetition_do_not_change_a_byte(self):
        path = self.checkpoint()
        variants = ([], [], ["--threads", "1"], ["--threads", "2"], ["--threads", "4"], ["--memory", "8MiB"],
                    ["--memory", "1MiB", "--threads", "3"], ["--memory", "1B"])
        specs = (["--preset", "w4"], ["--preset", "w8"], ["--preset", "w6", "--engine", "exact"],
                 ["--n-bits", "4", "--cluster-dim", "2", "--per-channel-scale", "--lut-dtype", "int8"])
        for options in specs:
            with self.subTest(options=options):
                self.assertEqual(len(set(self.digests(path, variants, "--force", *options))), 1)

    def test_every_instruction_set_gives_the_same_bytes(self):
        path = self.checkpoint()
        with forced_target("none"):
            unknown = self.refused(support.USAGE, ["this machine has"], "run", path, self.path("none.h5"))
        targets = unknown.stderr.split("this machine has ")[1].split("\n")[0].split(", ")
        self.assertGreater(len(targets), 1, targets)
        for options in (["--preset", "w4"], ["--preset", "w8"],
                        ["--n-bits", "3", "--cluster-dim", "2", "--per-channel-scale", "--lut-dtype", "int8"]):
            with self.subTest(options=options):
                digests = set()
                for target in targets:
                    output = self.path("out.h5")
                    with forced_target(target):
                        self.program("run", path, output, "--force", *options)
                    digests.add(support.sha256(output))
                self.assertEqual(len(digests), 1, targets)

    def test_a_run_has_the_threads_that_it_was_asked_for(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for layer in range(8):
                file[f"layer{layer}.weight"] = support.rng(layer).standard_normal((256, 256)).astype("f4")
        for threads in (1, 3, 2 * (os.cpu_count() or 1) + 1):
            with self.subTest(threads=threads):
                process = subprocess.Popen(
                    support.command_line("run", path, self.path("out.h5"), "--force", "--granularity",
                                         "per_grouped_channel", "--group-size", "1", "--engine", "exact",
                                         "--n-bits", "8", "--threads", threads), stdout=subprocess.DEVNULL)
                most = 0
                while process.poll() is None:
                    try:
                        most = max(most, len(os.listdir(f"/proc/{process.pid}/task")))
                    except OSError:  # it has ended meanwhile
                        break
                    time.sleep(0.001)
                self.assertEqual(process.wait(), support.DONE)
                self.assertEqual(most, threads)

    def test_the_seed_is_used_and_changes_vectors_only(self):
        path = self.checkpoint()
        seeds = (["--seed", "1"], ["--seed", "2"], ["--seed", "1"])
        one, two, again = self.digests(path, seeds, "--force", "--n-bits", "4", "--cluster-dim", "2")
        self.assertEqual(one, again)
        self.assertNotEqual(one, two)

    def test_a_file_under_another_name_gives_the_same_bytes(self):
        path = self.checkpoint()
        (self.folder / "copy.h5").write_bytes((self.folder / "in.h5").read_bytes())
        self.program("run", path, self.path("one.h5"), "--preset", "w4")
        self.program("run", self.path("copy.h5"), self.path("two.h5"), "--preset", "w4")
        self.assertEqual(support.sha256(self.path("one.h5")), support.sha256(self.path("two.h5")))

    def test_restore_does_not_depend_on_threads(self):
        path = self.checkpoint()
        self.program("run", path, self.path("out.h5"), "--preset", "w4")
        for threads in ("1", "2", "4"):
            self.program("restore", self.path("out.h5"), self.path(f"back{threads}.h5"), "--threads", threads)
        self.assertEqual(len({support.sha256(self.path(f"back{threads}.h5")) for threads in ("1", "2", "4")}), 1)


if __name__ == "__main__":
    unittest.main()
