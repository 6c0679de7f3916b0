"""--profile and --trace: what a run says of its own time, and that saying it changes nothing else."""

import json
import pathlib
import unittest

import h5py

import support

STAGES = ["load", "scale", "cluster", "quantize LUT", "assign", "write"]
PHASES = ["scan", "plan", "copy", "finish", "fsync"]
WEIRD = b"weird \"name\" \\ \xff\xfe.weight"


class Profile(support.Case):
    def checkpoint(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number in range(12):
                file[f"layer{number}.weight"] = support.rng(number).standard_normal((256, 256)).astype("f4")
            file[WEIRD] = support.rng(3).standard_normal((64, 64)).astype("f4")
            file.create_dataset("chunked.weight", data=support.rng(4).standard_normal((64, 64)).astype("f4"),
                                chunks=(16, 64), compression="gzip")
            file["bias"] = support.rng(5).standard_normal(100).astype("f4")
        return path

    def slices(self, trace):
        events = json.loads(pathlib.Path(trace).read_text())["traceEvents"]
        return [event for event in events if event["ph"] == "X"]

    def test_a_trace_has_every_stage_of_every_tensor_and_every_phase(self):
        path = self.checkpoint()
        self.program("run", path, self.path("out.h5"), "--preset", "w4", "--trace", self.path("trace.json"),
                     "--threads", "4")
        slices = self.slices(self.path("trace.json"))
        names = [f"/layer{number}.weight" for number in range(12)]
        names += ["/chunked.weight", '/weird "name" \\x5c \\xff\\xfe.weight']
        found = sorted((event["name"], event["args"]["path"]) for event in slices if event["cat"] == "stage")
        self.assertEqual(found, sorted((stage, name) for stage in STAGES for name in names))
        self.assertEqual([event["name"] for event in slices if event["cat"] == "phase"], PHASES)
        escaped = {event["args"]["path"] for event in slices if event["args"].get("path_escaped")}
        self.assertEqual(escaped, {names[-1]})

    def test_slices_of_a_thread_do_not_overlap_and_lie_within_the_run(self):
        report = self.path("report.json")
        self.program("run", self.checkpoint(), self.path("out.h5"), "--granularity", "per_grouped_channel",
                     "--group-size", "8", "--trace", self.path("trace.json"), "--report", report, "--threads", "4")
        wall_us = json.loads(pathlib.Path(report).read_text())["wall_seconds"] * 1e6
        last_end = {}
        for event in sorted(self.slices(self.path("trace.json")), key=lambda event: event["ts"]):
            self.assertGreaterEqual(event["ts"] + 0.002, last_end.get(event["tid"], 0.0), event)
            last_end[event["tid"]] = event["ts"] + event["dur"]
        self.assertLessEqual(max(last_end.values()), wall_us)

    def test_bytes_of_a_trace_are_those_of_the_tensors(self):
        self.program("run", self.checkpoint(), self.path("out.h5"), "--n-bits", "4", "--trace",
                     self.path("trace.json"))
        of = {(event["name"], event["args"].get("path")): event["args"] for event in self.slices(self.path("trace.json"))}
        weights = 256 * 256 * 4
        self.assertEqual(of["assign", "/layer0.weight"]["bytes_in"], weights + 16 * 4)
        self.assertGreaterEqual(of["cluster", "/layer0.weight"]["bytes_in"], weights)
        packed = of["write", "/layer0.weight"]["bytes_in"]
        self.assertTrue(weights / 8 <= packed <= weights / 8 + 16 * 4 + 8, packed)
        self.assertEqual(of["copy", None]["bytes_in"], 400)
        self.assertEqual(of["fsync", None]["bytes_out"], pathlib.Path(self.path("out.h5")).stat().st_size)

    def test_a_profile_goes_to_stderr_and_the_rest_stays_as_it_is(self):
        path = self.checkpoint()
        plain = self.program("run", path, self.path("plain.h5"), "--preset", "w4")
        profiled = self.program("run", path, self.path("profiled.h5"), "--preset", "w4", "--profile", "--trace",
                                self.path("trace.json"))
        self.assertEqual(support.sha256(self.path("plain.h5")), support.sha256(self.path("profiled.h5")))
        self.assertEqual(plain.stdout.splitlines()[:-1], profiled.stdout.splitlines()[:-1])  # the last: seconds
        self.assertEqual(plain.stderr, "")
        lines = profiled.stderr.splitlines()
        rows = ["stage", *PHASES[:3], *STAGES, *PHASES[3:], "publish"]
        self.assertEqual([line[:13].strip() for line in lines[:-1]], rows)
        self.assertRegex(lines[-1], r"^[\d.]+ s, [\d.]+ of \d+ threads busy: \d+ % reading, \d+ % computing, "
                                    r"\d+ % writing, \d+ % idle; bound by (reading|computing|writing)$")

    def test_a_trace_obeys_the_rules_of_a_report(self):
        path = self.checkpoint()
        trace = self.write_text("trace.json", "mine")
        for words, options in ((["--trace", "exists", "--force"], ["--trace", trace]),
                               (["--trace", "the input"], ["--trace", path, "--force"]),
                               (["--trace", "the output"], ["--trace", self.path("out.h5")]),
                               # Before the input is read: the filter would be refused by then.
                               (["--trace", "the input"], ["--trace", path, "--include", "nothing"]),
                               (["--trace", "found ''"], ["--trace", ""]),
                               (["--report", "found ''"], ["--report", ""]),
                               (["--trace", "the file of --report"],
                                ["--trace", self.path("both.json"), "--report", self.path("both.json")])):
            with self.subTest(options=options):
                self.refused(support.USAGE, words, "run", path, self.path("out.h5"), "--preset", "w4", *options)
        self.refused(support.OUTPUT, ["--trace", "cannot be written"], "run", path, self.path("out.h5"),
                     "--preset", "w4", "--trace", self.path("nowhere/trace.json"))
        self.assertEqual(pathlib.Path(trace).read_text(), "mine")
        self.assert_folder_holds("in.h5", "trace.json")
        self.program("run", path, self.path("out.h5"), "--preset", "w4", "--trace", trace, "--force")
        self.assertTrue(self.slices(trace))

    def test_a_run_that_fails_leaves_no_trace(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["a.weight"] = [[float("nan"), 1.0], [2.0, 3.0]]
        self.refused(support.CHECK_FAILED, ["NaN"], "run", path, self.path("out.h5"), "--n-bits", "1", "--profile",
                     "--trace", self.path("trace.json"))
        self.assert_folder_holds("in.h5")


if __name__ == "__main__":
    unittest.main()
