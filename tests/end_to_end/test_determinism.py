"""The bytes of the output depend on the input, the configuration and the seed: not on threads, memory, or the run."""

import itertools
import os
import resource
import subprocess
import sys
import time
import unittest
import unittest.mock

import h5py

import support


sys.path.insert(0, str(support.SOURCE_DIR / "tests/golden"))
import golden  # noqa: E402

THREADS = (1, 2, 4, 8)
CAPS = ([], ["--memory", "1MiB"], ["--memory", "1B"])
# Contiguous weights are read from the file block by block; others are decompressed first.
STORAGE = {"streamed": {}, "chunked": {"chunks": True, "compression": "gzip", "shuffle": True}}
RESUME_POINTS = (0.5, 0.8, 0.95)  # of the bytes of the output
WHOLE_GRID = ("n4", "n3-inputs-scaled-int8")  # these are quick; for the others every pair of threads and target


def grid(targets, whole):
    """(threads, cap, target, storage): every combination, or every pair of threads and target with each cap and storage in turn."""
    if whole:
        yield from itertools.product(THREADS, CAPS, targets, STORAGE)
        return
    storages = list(STORAGE)
    for (row, threads), (column, target) in itertools.product(enumerate(THREADS), enumerate(targets)):
        turn = row + column
        yield threads, CAPS[turn % len(CAPS)], target, storages[turn % len(storages)]


def forced_target(name):
    """The program runs on this instruction set only."""
    return unittest.mock.patch.dict(os.environ, {"H5PALETTIZE_TARGET": name})


class Determinism(support.Case):
    def checkpoint(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number, shape in enumerate(((256, 512), (64, 3, 3, 32), (1024, 64), (48, 16), (16, 8), (100000, 2))):
                file[f"layer{number}.weight"] = support.rng(number).standard_normal(shape).astype("f4")
            file["half.weight"] = support.rng(9).standard_normal((128, 128)).astype("f2")
            file["double.weight"] = support.rng(9).standard_normal((128, 128))
        return path

    def targets(self):
        """The instruction sets of this machine, as the program lists them."""
        with forced_target("none"):
            unknown = self.refused(support.USAGE, ["this machine has"], "inspect", self.path("none.h5"))
        return unknown.stderr.split("this machine has ")[1].split("\n")[0].split(", ")

    def digests(self, path, variants, *options):
        """The digest of the output for each variant of options."""
        digests = []
        for number, variant in enumerate(variants):
            output = self.path(f"out{number}.h5")
            self.program("run", path, output, *options, *variant)
            digests.append(support.sha256(output))
        return digests

    def test_the_golden_table_holds_for_threads_memory_caps_instruction_sets_and_storage(self):
        targets = self.targets()
        self.assertGreater(len(targets), 1, targets)
        table = golden.table()
        self.assertEqual(set(table), set(golden.CONFIGS), "run scripts/update_golden.sh")
        for name, (shapes, options) in golden.CONFIGS.items():
            paths = {storage: self.path(f"{storage}.h5") for storage in STORAGE}
            for storage, path in paths.items():
                golden.write_checkpoint(path, shapes, **STORAGE[storage])
            # One file, one output: by its bytes, which are more than the table covers.
            bytes_of = {storage: set() for storage in STORAGE}
            for threads, cap, target, storage in grid(targets, whole=name in WHOLE_GRID):
                with self.subTest(config=name, threads=threads, cap=cap, target=target, storage=storage):
                    with forced_target(target):
                        self.program("run", paths[storage], self.path("out.h5"), "--force", *options, "--threads", threads,
                                     *cap)
                    digest = support.sha256(self.path("out.h5"))
                    if digest not in bytes_of[storage]:
                        bytes_of[storage].add(digest)
                        self.assertEqual(golden.checksum(self.path("out.h5")), table[name])
            self.assertEqual({storage: len(found) for storage, found in bytes_of.items()}, dict.fromkeys(STORAGE, 1), name)

    def test_the_golden_table_holds_for_runs_that_were_resumed(self):
        """Each stops where its output may grow no further, and goes on under other conditions."""
        targets, table = self.targets(), golden.table()
        conditions = itertools.cycle(itertools.product(THREADS, CAPS, targets))
        output = self.path("out.h5")
        for name, (shapes, options) in golden.CONFIGS.items():
            for storage, properties in STORAGE.items():
                path = self.path(f"{storage}.h5")
                golden.write_checkpoint(path, shapes, **properties)
                self.program("run", path, self.path("whole.h5"), "--force", *options)
                digest, size = support.sha256(self.path("whole.h5")), os.path.getsize(self.path("whole.h5"))
                self.assertEqual(golden.checksum(self.path("whole.h5")), table[name])
                taken_over = 0
                for part in RESUME_POINTS:
                    first, second = next(conditions), next(conditions)
                    with self.subTest(config=name, storage=storage, part=part, first=first, second=second):
                        stopped = self.under(first, path, output, *options, most_bytes=int(size * part))
                        if not support.crashed_in_copy(stopped):
                            self.assertEqual(stopped.returncode, support.LIMIT, stopped.stderr)
                        resumed = self.under(second, path, output, *options)
                        self.assertEqual(resumed.returncode, support.DONE, resumed.stderr)
                        taken_over += "tensors were done" in resumed.stderr
                        self.assertEqual(support.sha256(output), digest)
                        os.remove(output)
                self.assertGreater(taken_over, 0, (name, storage))

    def under(self, condition, path, output, *options, most_bytes=resource.RLIM_INFINITY):
        """A run that may be resumed, with these threads, cap and target, and files of so many bytes."""
        threads, cap, target = condition
        with forced_target(target):
            return subprocess.run(
                support.command_line("run", path, output, "--resume", *options, "--threads", threads, *cap),
                capture_output=True, text=True, check=False,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes)))

    def test_the_golden_checksum_sees_every_part(self):
        path, output = self.path("in.h5"), self.path("out.h5")
        golden.write_checkpoint(path, golden.SMALL)
        self.program("run", path, output, *golden.CONFIGS["n3-inputs-scaled-int8"][1])
        seen = {golden.checksum(output)}
        with h5py.File(output) as file:
            parts = [f"{name}/{part}" for name in support.palettized_groups(file) for part in file[name]]
        self.assertGreater(len(parts), 5 * 5)
        for part in parts:
            with h5py.File(output, "r+") as file:
                flat = file[part][()].reshape(-1)
                flat.view("u1")[-1] ^= 1
                file[part][...] = flat.reshape(file[part].shape)
            seen.add(golden.checksum(output))
        self.assertEqual(len(seen), len(parts) + 1)

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
                # Two sleep: one looks once in a while whether the library returns, one would show progress.
                of_sanitizer = 1 if support.sanitizer() == "tsan" else 0
                self.assertEqual(most, threads + 2 + of_sanitizer)

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
