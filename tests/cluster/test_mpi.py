"""Several ranks that mpirun starts on one machine: the file of one process, byte for byte, whatever happens on the way.

H5PALETTIZE_MPI names a program that was built with MPI (default: the tests' own of build/release).
"""

import contextlib
import filecmp
import glob
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

import h5py
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))
import support
from support import CHECK_FAILED, DONE, INPUT, OUTPUT, STOPPED, USAGE

support.PROGRAM = os.environ.get("H5PALETTIZE_MPI", str(support.SOURCE_DIR / "build/release/tests/h5palettize_mpi"))
GROUPS = ("--granularity", "per_grouped_channel", "--group-size", "64")
SLOW = (*GROUPS, "--engine", "reference", "--n-bits", "4")
LAUNCH = ("mpirun", "--allow-run-as-root", "--oversubscribe")
DEADLINE_SECONDS = 60


def missing():
    if shutil.which("mpirun") is None:
        return "no mpirun here: scripts/setup.sh --cluster installs it"
    if not os.access(support.PROGRAM, os.X_OK):
        return f"no {support.PROGRAM}: scripts/build.sh makes it, once scripts/setup.sh --cluster installs MPI"
    return ""


@unittest.skipIf(missing(), missing())
class Ranks(support.Case):
    def setUp(self):
        super().setUp()
        self.original, self.merged = self.path("in.h5"), self.path("out.h5")

    def checkpoint(self, layers=10, head=4096):
        """Layers of many sizes, a large one that is cut into slabs, one under two names, and what is not palettized."""
        with h5py.File(self.original, "w") as file:
            for layer in range(layers):
                values = support.rng(layer).standard_normal((128, 64 * (layer + 1))) * 0.1
                file[f"layer{layer}/weight"] = values.astype("f2" if layer % 3 == 0 else "f4")
                file[f"layer{layer}/bias"] = support.rng(layer).standard_normal(128)
            file["head/weight"] = support.rng(99).standard_normal((head, 1024)).astype("f4")
            file["tied"] = file["head/weight"]
            file["ids"] = np.arange(10)

    def words(self, ranks, *options, original=None):
        return [*LAUNCH, "-n", str(ranks), support.PROGRAM, "run", original or self.original, self.merged, "--threads", "1", "--if-larger", "palettize", *options]

    def job(self, ranks, *options, code=DONE):
        """What the job said; it ends with this code."""
        return self.ended(subprocess.Popen(self.words(ranks, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), code)

    def ended(self, job, code):
        out, err = job.communicate(timeout=DEADLINE_SECONDS)
        self.assertEqual(job.returncode, code, out + err)
        return out + err

    def whole(self, *options):
        name = self.path("whole.h5")
        self.program("run", self.original, name, "--threads", "1", "--force", *options)
        return name

    def assert_is_the_file_of_one_process(self, *options):
        self.assertTrue(filecmp.cmp(self.whole(*options), self.merged, shallow=False), options)
        self.assertFalse(os.path.exists(f"{self.merged}.shards"))

    def test_the_file_of_one_process_for_any_number_of_ranks(self):
        self.checkpoint()
        for ranks in (1, 2, 3, 5, 8):
            said = self.job(ranks, *GROUPS, "--force")
            self.assert_is_the_file_of_one_process(*GROUPS)
            self.assertEqual(said.count("21 tensors: 11 palettized"), 1)  # one table
        for options in (("--n-bits", "2"), (*GROUPS, "--per-channel-scale", "--certify", "1e-3"), ("--memory", "1MiB", *GROUPS),
                        ("--cluster-dim", "2", "--n-bits", "1", *GROUPS[:3], "128")):
            self.job(3, "--force", *options)
            self.assert_is_the_file_of_one_process(*options)

    def test_more_ranks_than_work(self):
        self.checkpoint(layers=1, head=64)
        self.job(8, *GROUPS)
        self.assert_is_the_file_of_one_process(*GROUPS)
        nothing = (*GROUPS[:3], "1000")  # fits no tensor
        said = self.job(4, *nothing, "--force", code=USAGE)
        self.assertEqual(said.count("nothing would be palettized"), 1)

    def test_the_report_is_that_of_one_process(self):
        self.checkpoint(layers=4)
        reports = []
        for run in (lambda *options: self.job(3, *options), lambda *options: self.program("run", self.original, self.merged, *options)):
            run(*GROUPS, "--certify", "1e-3", "--force", "--report", self.path("report.json"))
            reports.append(json.loads(pathlib.Path(self.path("report.json")).read_text()))
            for tensor in reports[-1]["tensors"]:
                self.assertEqual(tensor.pop("seconds") > 0, tensor["action"] == "palettized")
            for key in ("wall_seconds", "threads"):
                reports[-1].pop(key)
            os.remove(self.path("report.json"))
        self.assertEqual(*reports)

    def assert_is_a_profile_of(self, profile, slices, entries, ranks):
        """What the profile says is what the slices of the trace come to. `entries`: the palettized tensors."""
        busy = {}  # rank and stage -> seconds
        for slice in slices:
            self.assertGreaterEqual(slice["ts"], 0)
            self.assertLessEqual(slice["ts"] + slice["dur"], profile["wall_seconds"] * 1e6 + 0.002)
            if slice["cat"] != "wait":
                key = slice["pid"] - 1, slice["name"]
                busy[key] = busy.get(key, 0) + (slice["dur"] + slice["args"]["helpers_us"]) / 1e6
        self.assertEqual(len(profile["ranks"]), ranks)
        for number, rank in enumerate(profile["ranks"]):
            self.assertAlmostEqual(rank["busy_seconds"], sum(seconds for key, seconds in busy.items() if key[0] == number), 6)
            self.assertAlmostEqual(sum(rank[part] for part in ("reading", "computing", "writing", "waiting", "idle")), 1, 9)
            self.assertEqual(rank["pieces"], len({(slice["args"]["path"], str(slice["args"].get("slab"))) for slice in slices
                                                  if slice["cat"] == "stage" and slice["pid"] - 1 == number}))
            self.assertLess(rank["clock_error_seconds"], 1)
        for stage in profile["stages"]:
            of_ranks = [busy.get((rank, stage["name"]), 0) for rank in range(ranks)]
            self.assertAlmostEqual(stage["busy_seconds"], sum(of_ranks), 6)
            self.assertAlmostEqual(stage["least_busy_seconds"], min(of_ranks), 6)
            self.assertAlmostEqual(stage["most_busy_seconds"], max(of_ranks), 6)
        self.assertAlmostEqual(sum(rank["busy_seconds"] for rank in profile["ranks"]),
                               sum(stage["busy_seconds"] for stage in profile["stages"]), 9)
        self.assertAlmostEqual(sum(profile[part] for part in ("reading", "computing", "writing", "idle")), 1, 9)
        self.assertEqual(profile[profile["bound_by"]], max(profile[part] for part in ("reading", "computing", "writing")))
        self.assertEqual(sum(rank["weight_bytes"] for rank in profile["ranks"]), sum(entry["bytes_in"] for entry in entries))

    def test_a_profile_and_a_trace_are_of_all_ranks_and_change_nothing(self):
        self.checkpoint()
        words = self.words(3, *GROUPS, "--profile", "--trace", self.path("trace.json"), "--report", self.path("report.json"))
        words[words.index("--threads") + 1] = "2"
        said = self.ended(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), DONE)
        self.assert_is_the_file_of_one_process(*GROUPS)
        self.assertEqual(said.count("ranks waited for others"), 1, said)
        self.assertRegex(said, r"(?m)^merge +1 ")
        events = json.loads(pathlib.Path(self.path("trace.json")).read_text())["traceEvents"]
        slices = [event for event in events if event["ph"] == "X"]
        processes = {event["pid"]: event["args"]["name"] for event in events if event["name"] == "process_name"}
        self.assertEqual(processes, {rank + 1: f"rank {rank} on {os.uname().nodename}" for rank in range(3)})
        report = json.loads(pathlib.Path(self.path("report.json")).read_text())
        entries = [tensor for tensor in report["tensors"] if tensor["action"] == "palettized"]
        self.assert_is_a_profile_of(report["profile"], slices, entries, 3)
        for rank in range(3):
            phases = [slice["name"] for slice in slices if slice["cat"] == "phase" and slice["pid"] - 1 == rank]
            self.assertEqual(phases, ["scan", "plan", "open shard", "finish", "fsync"] + ["merge", "merge fsync"] * (rank == 0))
        # Each row of each tensor was in each stage once.
        rows = {}
        for slice in slices:
            if slice["cat"] == "stage":
                rows.setdefault((slice["args"]["path"], slice["name"]), []).append(slice["args"].get("slab"))
        stages = ("load", "scale", "cluster", "quantize LUT", "assign", "write")
        self.assertEqual(set(rows), {(entry["path"], stage) for entry in entries for stage in stages})
        for (path, _), slabs in rows.items():
            if slabs == [None]:
                continue
            end = 0
            for first, count in sorted(slabs):
                self.assertEqual(first, end, path)
                end += count
            self.assertEqual(end, next(entry["shape"][0] for entry in entries if entry["path"] == path))
        self.assertGreater(len(rows["/head/weight", "load"]), 1)  # it was cut

    def test_a_resumed_job_has_a_profile_of_the_rest(self):
        self.checkpoint(layers=18, head=512)
        self.interrupted(4, self.kill_one_rank).communicate(timeout=DEADLINE_SECONDS)
        said = self.job(4, *SLOW, "--resume", "--profile", "--report", self.path("report.json"))
        self.assert_is_the_file_of_one_process(*SLOW)
        done, pieces = map(int, re.search(r"info: (\d+) of (\d+) pieces were done", said).groups())
        profile = json.loads(pathlib.Path(self.path("report.json")).read_text())["profile"]
        self.assertEqual(sum(rank["pieces"] for rank in profile["ranks"]), pieces - done)

    def test_ranks_whose_clocks_differ_are_on_one_clock(self):
        """A rank whose machine was started 5000 s before the others', by a time namespace of Linux."""
        ahead = ("unshare", "--time", "--monotonic", "5000")
        if subprocess.run([*ahead, "true"], capture_output=True).returncode != 0:
            self.skipTest("no time namespaces here")
        self.checkpoint(layers=4)
        options = (*GROUPS, "--trace", self.path("trace.json"), "--report", self.path("report.json"))
        words = [*self.words(2, *options), ":", "-n", "1", *ahead, *self.words(1, *options)[len(LAUNCH) + 2:]]
        self.ended(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), DONE)
        ranks = json.loads(pathlib.Path(self.path("report.json")).read_text())["profile"]["ranks"]
        slices = [event for event in json.loads(pathlib.Path(self.path("trace.json")).read_text())["traceEvents"] if event["ph"] == "X"]
        error_us = 1e6 * sum(rank["clock_error_seconds"] for rank in ranks)
        self.assertLess(error_us, 1e6)
        # Nobody opened a shard before all had planned, and nobody merged before all had synced.
        for before, after in (("plan", "open shard"), ("fsync", "merge")):
            ended = max(slice["ts"] + slice["dur"] for slice in slices if slice["name"] == before)
            self.assertGreater(min(slice["ts"] for slice in slices if slice["name"] == after) + error_us, ended)

    def test_ranks_of_which_some_alone_record_are_refused(self):
        self.checkpoint(layers=2)
        words = [*self.words(2, *GROUPS), ":", *self.words(1, *GROUPS, "--profile")[3:]]
        said = self.ended(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), INPUT)
        self.assertRegex(said, "error: rank 2 .* only one of them has --profile or --trace")
        self.assert_folder_holds("in.h5")

    def test_an_error_on_one_rank_stops_the_job_with_its_message(self):
        self.checkpoint()
        with h5py.File(self.original, "r+") as file:
            file["layer4/weight"][3, 5] = np.nan
        said = self.job(4, *GROUPS, "--profile", "--trace", self.path("trace.json"), code=CHECK_FAILED)
        self.assertEqual(said.count("/layer4/weight: "), 1, said)
        self.assertRegex(said, r"error: rank \d: /layer4/weight: .*NaN")
        self.assert_folder_holds("in.h5")

    def test_what_all_ranks_meet_is_said_once(self):
        self.checkpoint(layers=1)
        pathlib.Path(self.merged).touch()
        said = self.job(3, *GROUPS, code=OUTPUT)
        self.assertEqual(said.count("exists; pass --force"), 1, said)
        self.assertNotIn("error: rank", said)
        for options, words in ((("--shard", "0/2"), "--shard 0/2: not by several ranks"), (("--report-html", "t"), "--report-html: not by")):
            self.assertIn(words, self.job(2, "--force", *options, code=USAGE))

    def test_a_rank_with_another_input_is_named(self):
        self.checkpoint(layers=2)
        other = shutil.copy(self.original, self.path("other.h5"))
        with h5py.File(other, "r+") as file:
            file["layer1/weight"][0, 0] += 1
        words = [*self.words(2, *GROUPS), ":", *self.words(1, *GROUPS, original=other)[3:]]
        said = self.ended(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), INPUT)
        self.assertEqual(said.count("error: rank 2 has another input"), 1, said)
        self.assert_folder_holds("in.h5", "other.h5")

    def interrupted(self, ranks, interrupt, *options):
        """Begins a job; interrupts it once two ranks have finished something. Returns the job."""
        def ready():
            with contextlib.suppress(FileNotFoundError):
                return sum(os.path.getsize(name) > 700 for name in glob.glob(f"{self.merged}.shards/.*-journal")) >= 2

        return self.interrupted_when(ready, interrupt, self.words(ranks, *SLOW, *options), lambda: os.remove(self.merged))

    def interrupted_when(self, ready, interrupt, words, again):
        """Begins a job; interrupts it once ready() holds. One that is through before is followed by another."""
        for _ in range(support.ATTEMPTS):
            job = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            deadline = time.monotonic() + DEADLINE_SECONDS
            while job.poll() is None:
                self.assertLess(time.monotonic(), deadline)
                if ready():
                    interrupt(job)
                    return job
                time.sleep(0.01)
            self.ended(job, DONE)
            again()
        raise AssertionError("too quick to be interrupted")

    @staticmethod
    def kill_one_rank(job):
        ranks = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True, check=True).stdout.split()
        os.kill(int(ranks[1]), signal.SIGKILL)

    def test_a_killed_rank_ends_the_job_which_goes_on_with_resume(self):
        self.checkpoint(layers=18, head=512)
        for options in ((), ("--resume",)):  # the job that is killed
            job = self.interrupted(4, self.kill_one_rank, *options)
            job.communicate(timeout=DEADLINE_SECONDS)
            self.assertNotEqual(job.returncode, DONE)
            self.assertFalse(os.path.exists(self.merged))
            for other in (3, 1):
                self.assertIn(f"is of 4 ranks, not {other}; start as many", self.job(other, *SLOW, "--resume", code=USAGE))
            said = self.job(4, *SLOW, "--resume")
            self.assertRegex(said, r"info: \d+ of \d+ pieces were done by an earlier run")
            self.assert_is_the_file_of_one_process(*SLOW)
            os.remove(self.merged)

    def test_a_rank_that_is_killed_when_all_is_merged_leaves_no_parts(self):
        self.checkpoint(layers=6)
        with subprocess.Popen(self.words(2, *SLOW), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as job:
            deadline = time.monotonic() + DEADLINE_SECONDS
            ranks = []
            while len(ranks) < 2:
                ranks = subprocess.run(["pgrep", "-P", str(job.pid)], capture_output=True, text=True, check=False).stdout.split()
                self.assertLess(time.monotonic(), deadline)
            # Rank 0 merges: the other one stands still until that is done. Where it was through before, nothing is left either.
            while not glob.glob(f"{self.folder}/.out.h5.h5palettize-part") and job.poll() is None:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.001)
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(ranks[1]), signal.SIGSTOP)
                while not os.path.exists(self.merged):
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.001)
                time.sleep(0.2)
                os.kill(int(ranks[1]), signal.SIGKILL)
            job.communicate(timeout=DEADLINE_SECONDS)
        self.assertEqual(glob.glob(f"{self.merged}.shards/.*-part*"), [])
        self.assertTrue(filecmp.cmp(self.whole(*SLOW), self.merged, shallow=False))

    def test_another_number_of_ranks_starts_afresh(self):
        self.checkpoint(layers=18, head=512)
        for ranks in (3, 1):
            self.interrupted(4, self.kill_one_rank).communicate(timeout=DEADLINE_SECONDS)
            self.job(ranks, *SLOW)
            self.assertFalse(os.path.exists(f"{self.merged}.shards"))
            self.assert_is_the_file_of_one_process(*SLOW)
            os.remove(self.merged)

    def test_a_signal_to_mpirun_interrupts_the_job(self):
        self.checkpoint(layers=18, head=512)
        job = self.interrupted(4, lambda running: running.send_signal(signal.SIGUSR1))
        said = self.ended(job, STOPPED)
        self.assertEqual(said.count("--resume goes on from what is done"), 1, said)
        self.job(4, *SLOW, "--resume")
        self.assert_is_the_file_of_one_process(*SLOW)

    # Several inputs: a file is the work of one rank.

    def several(self, sizes=(3, 1, 4, 1, 5), columns=512):
        """A folder with an index; returns it."""
        folder, names = self.folder / "in", {}
        (folder / "below").mkdir(parents=True)
        for number, tensors in enumerate(sizes):
            name = f"{'below/' if number % 2 else ''}{number}.h5"
            with h5py.File(folder / name, "w") as file:
                for tensor in range(tensors):
                    file[f"l{number}/{tensor}/weight"] = support.rng(10 * number + tensor).standard_normal((128, columns)).astype("f4")
                    names[f"l{number}/{tensor}/weight"] = name
        (folder / "all.index.json").write_text(json.dumps({"metadata": {"total_size": 5}, "weight_map": names}))
        return folder

    def several_words(self, ranks, *options):
        return [*LAUNCH, "-n", str(ranks), support.PROGRAM, "run", self.path("in"), self.path("out"), "--threads", "1", "--if-larger", "palettize", *options]

    def several_job(self, ranks, *options, code=DONE):
        return self.ended(subprocess.Popen(self.several_words(ranks, *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                           text=True), code)

    def assert_as_by_one_process(self, *options):
        said = self.program("run", self.path("in"), self.path("alone"), "--threads", "1", "--force", *options).stdout
        comparison = filecmp.dircmp(self.path("alone"), self.path("out"), hide=[])
        names = [str(path.relative_to(self.folder / "alone")) for path in (self.folder / "alone").rglob("*") if path.is_file()]
        self.assertEqual(filecmp.cmpfiles(self.path("alone"), self.path("out"), names, shallow=False)[0], names)
        self.assertEqual(comparison.right_only + comparison.subdirs["below"].right_only, [])
        return said

    def test_several_inputs_are_shared_among_ranks(self):
        self.several()
        without_times = lambda said: re.sub(r"in \d+\.\d+ s", "", said)
        for ranks in (1, 2, 4, 7):
            report = self.path(f"report{ranks}.json")
            said = self.several_job(ranks, *GROUPS, "--report", report, "--profile", "--quiet" if ranks == 2 else "--force")
            alone = self.assert_as_by_one_process(*GROUPS, "--report", self.path("alone.json"))
            self.assertEqual(said.count("stage  "), 5, said)  # a profile of each file
            if ranks != 2:
                self.assertIn(without_times(alone), without_times(said))
            self.assertEqual("5 files for 7 ranks: a file is the work of one rank" in said, ranks == 7)
            one, other = (json.loads(pathlib.Path(name).read_text()) for name in (self.path("alone.json"), report))
            self.assertEqual(one["totals"], other["totals"])
            self.assertEqual(*([(file["file"], [tensor["error"] if "error" in tensor else tensor["path"] for tensor in file["tensors"]])
                                for file in whole["files"]] for whole in (one, other)))
            shutil.rmtree(self.path("out"))

    def test_a_file_that_fails_stops_the_others_where_they_are(self):
        folder = self.several()
        with h5py.File(folder / "4.h5", "r+") as file:
            good = file["l4/2/weight"][0, 0]
            file["l4/2/weight"][0, 0] = np.nan
        said = self.several_job(3, *GROUPS, code=CHECK_FAILED)
        self.assertRegex(said, r"error: rank \d: \S*/in/4.h5: /l4/2/weight: .*NaN")
        self.assertEqual(said.count("NaN"), 1, said)
        stays = re.search(r"out: (\d) of 5 files are done and stay", said)
        there = [path.name for path in (self.folder / "out").rglob("*.h5")]
        self.assertEqual(len(there), int(stays[1]) if stays else 0, said)
        self.assertFalse((self.folder / "out/all.index.json").exists())
        with h5py.File(folder / "4.h5", "r+") as file:
            file["l4/2/weight"][0, 0] = good
        said = self.several_job(2, *GROUPS, "--resume")
        self.assertEqual(f"info: {len(there)} of 5 files were done by an earlier run" in said, len(there) > 0)
        self.assert_as_by_one_process(*GROUPS)

    def several_interrupted(self, ranks, interrupt, *options):
        """Begins a job; interrupts it once an output is there. Returns the job."""
        return self.interrupted_when(lambda: list((self.folder / "out").rglob("[0-9].h5")), interrupt,
                                     self.several_words(ranks, *SLOW, *options), lambda: shutil.rmtree(self.path("out")))

    def test_a_killed_rank_leaves_whole_files_that_any_number_of_ranks_resumes(self):
        self.several(columns=2048)
        for ranks in (2, 4, 1):
            job = self.several_interrupted(3, self.kill_one_rank, "--resume")
            job.communicate(timeout=DEADLINE_SECONDS)
            self.assertNotEqual(job.returncode, DONE)
            self.assertRegex(self.several_job(ranks, *SLOW, "--resume"), r"info: \d of 5 files were done by an earlier run")
            self.assert_as_by_one_process(*SLOW)
            shutil.rmtree(self.path("out"))

    def test_a_signal_interrupts_several_files(self):
        self.several(columns=2048)
        job = self.several_interrupted(2, lambda running: running.send_signal(signal.SIGUSR1))
        said = self.ended(job, STOPPED)
        self.assertEqual(said.count("interrupted; the same command with --resume"), 1, said)
        self.assertRegex(said, r"info: \S*out: \d of 5 files are done and stay")
        self.several_job(3, *SLOW, "--resume")
        self.assert_as_by_one_process(*SLOW)

    def test_ranks_that_have_other_files_to_do_are_refused(self):
        self.several()
        self.several_interrupted(2, lambda running: running.send_signal(signal.SIGUSR1)).communicate(timeout=DEADLINE_SECONDS)
        words = [*self.several_words(1, *SLOW, "--force"), ":", *self.several_words(1, *SLOW, "--force", "--resume")[3:]]
        said = self.ended(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True), INPUT)
        self.assertIn("error: rank 1 has another input, output, configuration or version than rank 0", said)

    def test_what_several_files_have_not_is_said_once(self):
        self.several()
        for option in (("--trace", "t"), ("--shard", "0/2"), ("--report-html", "t"), ("--report-detail", "--report", "t")):
            said = self.several_job(2, *option, code=USAGE)
            self.assertEqual(said.count(option[0]), 1, said)
        (self.folder / "out").mkdir()
        (self.folder / "out/2.h5").touch()
        said = self.several_job(2, code=OUTPUT)
        self.assertEqual(said.count("out/2.h5: exists; pass --force"), 1, said)

    def test_alone_it_is_the_program_without_mpi(self):
        """Not started by mpirun: options, messages and the file are the same."""
        other = os.environ.get("H5PALETTIZE", str(support.SOURCE_DIR / "build/release/h5palettize"))
        if other == support.PROGRAM or not os.access(other, os.X_OK):
            self.skipTest("no program without MPI to compare with")
        self.checkpoint(layers=2)
        self.assertEqual(*(subprocess.run([program, "run", "--help"], capture_output=True, check=True).stdout
                           for program in (other, support.PROGRAM)))
        whole = self.whole(*GROUPS)
        subprocess.run([other, "run", self.original, self.merged, "--if-larger", "palettize", *GROUPS], capture_output=True, check=True)
        self.assertTrue(filecmp.cmp(whole, self.merged, shallow=False))


if __name__ == "__main__":
    unittest.main()
