"""What a run costs."""

import collections
import math
import os
import resource
import subprocess
import sys
import unittest

import h5py

import support
from support import LIMIT


LAUNCHER = """
import os, re, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
with open(f"/proc/{child}/io") as file:
    print(re.search("rchar: (.*)", file.read()).group(1))
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@unittest.skipIf(support.built_with_sanitizer(), "a sanitizer has memory of its own: nothing is claimed about it")
class Resources(support.Case):
    def used(self, *arguments):
        """Runs the program, which must succeed; its largest resident set in KiB, and the bytes that it read."""
        # A child counts what its parent held when it was forked: a small one starts it.
        result = subprocess.run([sys.executable, "-S", "-E", "-c", LAUNCHER, *support.command_line(*arguments)],
                                capture_output=True, text=True, timeout=support.TIMEOUT_SECONDS, check=False)
        self.assertEqual(result.returncode, support.DONE, f"{arguments}\n{result.stderr}")
        read_bytes, peak = map(int, result.stdout.splitlines()[-2:])
        return peak, read_bytes

    def peak_mib(self, *arguments):
        return self.used(*arguments)[0] / 1024

    def sparse_tensor(self, rows):
        """A tensor of 16 KiB a row, nearly all of it a hole in the file."""
        path = self.path("in.h5")
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        with h5py.File(path, "w") as file:
            h5py.h5d.create(file.id, b"fc.weight", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((rows, 4096)), plist)
            for row in range(0, rows, 1000):
                file["fc.weight"][row] = support.rng(row).standard_normal(4096)
        return path

    def test_a_tensor_of_a_gibibyte_is_done_within_little_memory_and_to_the_same_bytes(self):
        path = self.sparse_tensor(rows=65536)
        self.check_caps(path, "--preset", "w8", caps=((16, 1), (64, 4), (2048, 2)), used_mib=64)
        self.assertLess(self.peak_mib("verify", path, self.path("out.h5"), "--threads", 4), 96, "MiB")
        self.assertLess(self.peak_mib("restore", self.path("out.h5"), self.path("back.h5"), "--threads", 4), 96, "MiB")

    def check_caps(self, path, *options, caps, used_mib=math.inf):
        """One output for all caps (MiB) and threads, each within its cap, of which no more is used, and 64 MiB."""
        digests = set()
        for memory, threads in caps:
            output = self.path("out.h5")
            peak = self.peak_mib("run", path, output, "--force", *options, "--memory", f"{memory}MiB", "--threads",
                                 threads)
            self.assertLess(peak, min(memory, used_mib) + 64, "MiB")
            digests.add(support.sha256(output))
        self.assertEqual(len(digests), 1)

    def test_groups_that_lie_scattered_are_gathered_within_the_memory(self):
        self.check_caps(self.sparse_tensor(rows=8192), "--n-bits", "2", "--granularity", "per_grouped_channel", "--axis",
                        "1", "--group-size", "64", caps=((16, 1), (16, 4), (64, 2), (2048, 2)))

    def test_vectors_are_read_within_the_memory(self):
        repeated = self.sparse_tensor(rows=12288)
        self.check_caps(repeated, "--cluster-dim", "4", caps=((16, 1), (16, 4), (64, 2), (2048, 2)), used_mib=64)
        self.check_caps(repeated, "--cluster-dim", "2", "--granularity", "per_grouped_channel", "--axis", "1",
                        "--group-size", "2048", caps=((16, 4), (2048, 2)), used_mib=64)

    def test_vectors_that_differ_are_read_within_the_memory(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = support.rng(1).standard_normal((6144, 4096), "f4")
        for dim in (2, 4):
            self.check_caps(path, "--cluster-dim", dim, "--n-bits", 8, caps=((16, 1), (64, 4)))

    def chunked_tensor(self, dtype, rows, chunks, **filters):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            weights = file.create_dataset("fc.weight", (rows, 4096), dtype, chunks=chunks, **filters)
            for row in range(0, rows, 1024):
                weights[row:row + 1024] = support.rng(row).integers(-300, 300, (1024, 4096)).astype(dtype) / 1024
        return path

    def test_compressed_tensors_are_decoded_within_the_memory(self):
        path = self.chunked_tensor("f4", 5120, (256, 512), compression="gzip", compression_opts=1, shuffle=True,
                                   fletcher32=True)
        caps = ((16, 1), (16, 4), (64, 4), (1024, 2))
        self.check_caps(path, "--n-bits", 8, caps=caps)
        self.check_caps(path, "--preset", "w4", "--on-nonfinite", "skip", caps=((16, 4), (1024, 2)))
        self.check_caps(path, "--n-bits", 2, "--granularity", "per_grouped_channel", "--axis", 1, "--group-size", 1024,
                        caps=((32, 4), (1024, 2)))
        self.check_caps(path, "--cluster-dim", 2, "--per-channel-scale", caps=((32, 4), (1024, 2)))

    def test_chunks_that_only_the_library_reads_are_read_within_the_memory(self):
        self.check_caps(self.chunked_tensor("f4", 8192, (128, 256)), caps=((16, 4), (1024, 2)))  # 1024 of them, not listed

    def test_many_tensors_stay_within_the_memory(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number in range(200):
                file[f"layer{number}.weight"] = support.rng(number).standard_normal((256, 1024)).astype("f4")
        self.check_caps(path, caps=((16, 1), (16, 4), (1024, 2)))

    def test_tiny_tensors_by_the_thousand_stay_within_the_memory(self):
        # The library's own cache of objects would take hundreds of MiB.
        path, output, count = self.path("in.h5"), self.path("out.h5"), 10000
        values = support.rng(1).standard_normal((count, 16, 16)).astype("f4")
        with h5py.File(path, "w") as file:
            for number in range(count):
                file[f"layer{number}/weight"] = values[number]
        self.check_caps(path, caps=((32, 2),))
        self.assertLess(self.peak_mib("verify", path, output), 128, "MiB")
        self.assertLess(self.peak_mib("restore", output, self.path("back.h5")), 128, "MiB")

    def test_the_names_of_a_large_group_are_not_read_again_for_each_of_its_members(self):
        path = self.path("in.h5")
        values = support.rng(1).standard_normal((16, 16)).astype("f4")
        with h5py.File(path, "w") as file:
            for number in range(3000):  # 2.4 MB of names
                file[f"{'name' * 200}{number}/weight"] = values
        _, read_bytes = self.used("run", path, self.path("out.h5"))
        self.assertLess(read_bytes, 10 * os.path.getsize(path))

    def test_a_tensor_that_cannot_be_done_within_the_memory_is_named(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["small.weight"] = support.rng(1).standard_normal((64, 64)).astype("f4")
            file.create_dataset("packed.weight", (4096, 4096), "f4", chunks=(64, 4096), fillvalue=1)
        options = ("--include", ".*", "--engine", "exact", "--memory", "16MiB")
        self.assertRegex(self.program("plan", path, *options).stderr, "--memory: 1 of the tensors .*/packed.weight")
        self.assertNotIn("--memory:", self.program("plan", path, "--memory", "4GiB").stderr)

    def test_a_row_of_chunks_that_is_larger_than_the_memory_is_named(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset("wide.weight", (4096, 8192), "f4", chunks=(64, 8192), compression="gzip", fillvalue=1)
            file.create_dataset("tall.weight", (4096, 8192), "f4", chunks=(4096, 64), compression="gzip", fillvalue=1)
        self.assertRegex(self.program("plan", path, "--memory", "16MiB").stderr, "1 of the tensors .*/tall.weight")

    def test_exact_needs_memory_for_the_values_and_not_for_values_times_clusters(self):
        # coreai_opt's table of 16 bytes for each value and cluster would take 390 MiB here.
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = support.rng(1).standard_normal((1000, 100))
        peak = self.peak_mib("run", path, self.path("out.h5"), "--engine", "exact", "--n-bits", "8")
        self.assertLess(peak, 100, "MiB")

    def limited(self, limit, value, *arguments, **options):
        return subprocess.run(support.command_line(*arguments), capture_output=True, text=True, check=False,
                              timeout=support.TIMEOUT_SECONDS, **options,
                              preexec_fn=lambda: resource.setrlimit(limit, (value, value)))

    def small(self):
        """in.h5 of small tensors, chunked ones among them, and right.h5, its output."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number in range(12):
                file[f"layer{number}/weight"] = support.rng(number).standard_normal((128, 256)).astype("f4")
            file.create_dataset("chunked/weight", data=support.rng(1).standard_normal((256, 256)).astype("f4"),
                                chunks=(32, 64), compression="gzip")
            file["rest"] = support.rng(1).standard_normal(100000)
        self.program("run", path, self.path("right.h5"), "--preset", "w4")
        return path

    def test_threads_that_cannot_be_started_are_a_limit_and_no_fault_of_the_input(self):
        path = self.small()
        self.folder.chmod(0o755)
        # Root may start any number of threads.
        user = {"user": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        for words in (("plan", path, "--target-bpw", 5), ("verify", path, self.path("right.h5"))):
            result = self.limited(resource.RLIMIT_NPROC, 1, *words, "--threads", 4, **user)
            self.assertEqual(result.returncode, LIMIT, result.stderr)
            self.assertRegex(result.stderr, r"no thread can be started; lower --threads, or raise the limit of threads \(ulimit -u")
            self.assertNotIn("in.h5", result.stderr)

    def test_near_a_limit_of_memory_a_run_ends_with_the_right_bytes_or_names_the_limit(self):
        path, output, right = self.small(), self.path("out.h5"), support.sha256(self.path("right.h5"))
        words = ("run", path, output, "--preset", "w4", "--resume", "--threads", 2)
        enough, little = 1 << 20, 16 << 10  # KiB
        while enough - little > 64:
            middle = (enough + little) // 2
            if self.limited(resource.RLIMIT_AS, middle << 10, *words, "--force").returncode == support.DONE:
                enough = middle
            else:
                little = middle
        codes = collections.Counter()
        for kib in range(enough - 6144, enough + 512, 311):
            for name in os.listdir(self.folder):
                if name not in ("in.h5", "right.h5"):
                    os.remove(self.folder / name)
            result = self.limited(resource.RLIMIT_AS, kib << 10, *words)
            codes[result.returncode] += 1
            self.assertIn(result.returncode, (support.DONE, LIMIT), (kib, result.stderr))
            if result.returncode == LIMIT:
                self.assertIn("raise the limit of address space (ulimit -v)", result.stderr)
            else:
                self.assertEqual(support.sha256(output), right)
        self.assertGreater(codes[LIMIT], 5, codes)

    def test_too_many_open_files_are_a_limit_and_no_fault_of_a_file(self):
        path, parts = self.small(), [self.path(f"part{part}.h5") for part in range(2)]
        for part, name in enumerate(parts):
            self.program("run", path, name, "--preset", "w4", "--shard", f"{part}/2")
        merged = self.path("merged.h5")
        for words in (("run", path, self.path("out.h5"), "--preset", "w4"), ("verify", path, self.path("right.h5")),
                      ("run", path, self.path("out.h5"), "--preset", "w4", "--resume", "--report", self.path("report.json")),
                      ("restore", self.path("right.h5"), self.path("back.h5")), ("merge", merged, *parts)):
            codes = set()
            for most in range(5, 16):
                # The loader needs a descriptor, the pipes of the output are 1 and 2.
                result = self.limited(resource.RLIMIT_NOFILE, most, *words,
                                      *(() if words[0] == "verify" else ("--force",)))
                codes.add(result.returncode)
                self.assertIn(result.returncode, (support.DONE, LIMIT), (words, most, result.stderr))
                if result.returncode == LIMIT:
                    self.assertIn("raise the limit of open files (ulimit -n)", result.stderr)
            self.assertEqual(codes, {support.DONE, LIMIT}, words)

    def test_a_job_of_slurm_has_the_threads_of_its_cpus(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fc.weight"] = support.rng(1).standard_normal((64, 64)).astype("f4")

        def run(cpus, *options):
            return subprocess.run([support.PROGRAM, "run", path, self.path("out.h5"), "--force", *options], text=True,
                                  env={**os.environ, "SLURM_CPUS_PER_TASK": cpus}, capture_output=True, check=False)

        self.assertIn("(1 threads,", run("1").stdout)
        self.assertIn("(3 threads,", run("1", "--threads", "3").stdout)
        refused = run("one")
        self.assertEqual(refused.returncode, support.USAGE)
        self.assertIn("SLURM_CPUS_PER_TASK: found 'one'", refused.stderr)


if __name__ == "__main__":
    unittest.main()
