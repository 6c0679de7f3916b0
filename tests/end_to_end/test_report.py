"""--report and plan --json: the documented keys, and numbers that agree with the file that was written."""

import json
import pathlib
import subprocess
import sys
import unittest

import h5py
import numpy as np

import support

TENSOR_KEYS = {"path", "shape", "dtype", "action", "reason", "spec", "groups", "bytes_in", "bytes_out", "bits_per_weight"}
RUN_KEYS = {"mse", "sqnr_db", "max_abs_error", "seconds"}
TOTAL_KEYS = {"tensors", "palettized", "dense", "bytes_in", "bytes_out", "bits_per_weight"}


def stored_bytes(item):
    """Bytes that the data of a dataset or of a group's datasets take in the file."""
    if isinstance(item, h5py.Dataset):
        return item.id.get_storage_size()
    return sum(stored_bytes(member) for member in item.values())


class Report(support.Case):
    def example(self, kind="torch"):
        path = self.path(f"{kind}.h5")
        subprocess.run([sys.executable, support.SOURCE_DIR / "scripts/make_example.py", kind, path], check=True,
                       stdout=subprocess.DEVNULL)
        return path

    def test_keys(self):
        path = self.example()
        plan = self.plan(path, "--preset", "w4")
        report = self.report(path, self.path("out.h5"), "--preset", "w4", "--threads", "2", "--engine", "exact")
        for document in (plan, report):
            self.assertEqual(TOTAL_KEYS - set(document["totals"]), set())
            for tensor in document["tensors"]:
                self.assertEqual(TENSOR_KEYS - set(tensor), set())
                self.assertIn(tensor["action"], ("palettized", "dense"))
                self.assertTrue(tensor["reason"], tensor["path"])
        self.assertEqual((report["threads"], report["engine"]), (2, "exact"))
        self.assertGreater(report["wall_seconds"], 0)
        for tensor in report["tensors"]:
            if tensor["action"] == "palettized":
                self.assertEqual(RUN_KEYS - set(tensor), set())

    def test_plan_and_run_agree(self):
        path = self.example("keras")
        plan = self.plan(path, "--preset", "w6")
        report = self.report(path, self.path("out.h5"), "--preset", "w6")
        self.assertEqual(plan["totals"], report["totals"])
        self.assertEqual([{key: tensor[key] for key in TENSOR_KEYS} for tensor in plan["tensors"]],
                         [{key: tensor[key] for key in TENSOR_KEYS} for tensor in report["tensors"]])

    def test_plan_touches_nothing(self):
        path = self.example()
        digest = support.sha256(path)
        self.program("plan", path, "--preset", "w4")
        self.assertEqual(support.sha256(path), digest)
        self.assert_folder_holds("torch.h5")

    def test_bits_per_weight_counts_everything_stored(self):
        for options in (["--preset", "w4"], ["--preset", "w8"],
                        ["--n-bits", "3", "--granularity", "per_grouped_channel", "--group-size", "8",
                         "--per-channel-scale", "--lut-dtype", "int8", "--lut-qscheme", "asymmetric"],
                        ["--n-bits", "2", "--cluster-dim", "4", "--lut-dtype", "float8_e5m2"]):
            with self.subTest(options=options):
                report = self.report(self.example(), self.path("out.h5"), *options)
                total_bytes = total_weights = 0
                with h5py.File(self.path("out.h5")) as file:
                    for tensor in report["tensors"]:
                        if tensor["action"] != "palettized":
                            continue
                        stored = stored_bytes(file[tensor["path"]])
                        weights = int(np.prod(tensor["shape"]))
                        self.assertEqual(tensor["bytes_out"], stored, tensor["path"])
                        self.assertAlmostEqual(tensor["bits_per_weight"], 8 * stored / weights, places=9)
                        total_bytes += stored
                        total_weights += weights
                self.assertAlmostEqual(report["totals"]["bits_per_weight"], 8 * total_bytes / total_weights, places=9)

    def test_totals_are_the_sums(self):
        report = self.report(self.example(), self.path("out.h5"), "--preset", "w4")
        tensors, totals = report["tensors"], report["totals"]
        self.assertEqual(totals["tensors"], len(tensors))
        self.assertEqual(totals["palettized"], sum(tensor["action"] == "palettized" for tensor in tensors))
        self.assertEqual(totals["dense"], totals["tensors"] - totals["palettized"])
        for key in ("bytes_in", "bytes_out"):
            self.assertEqual(totals[key], sum(tensor[key] for tensor in tensors))

    def test_errors_are_those_of_the_decoded_values(self):
        path = self.example()
        report = self.report(path, self.path("out.h5"), "--n-bits", "3", "--per-channel-scale")
        with h5py.File(path) as original, h5py.File(self.path("out.h5")) as packed:
            for tensor in report["tensors"]:
                if tensor["action"] != "palettized":
                    continue
                values = original[tensor["path"]][()].astype(np.float64)
                error = values - support.decode(packed[tensor["path"]]).astype(np.float64)
                mse = np.mean(error ** 2)
                self.assertAlmostEqual(tensor["mse"], mse, delta=1e-9 * mse)
                self.assertEqual(tensor["max_abs_error"], np.abs(error).max())
                if mse:
                    self.assertAlmostEqual(tensor["sqnr_db"], 10 * np.log10(np.mean(values ** 2) / mse), places=6)

    def test_console_table_ends_with_the_worst_tensor_and_the_totals(self):
        path = self.example()
        result = self.program("run", path, self.path("out.h5"), "--n-bits", "3", "--report", self.path("report.json"))
        tensors = json.loads(pathlib.Path(self.path("report.json")).read_text())["tensors"]
        measured = [tensor for tensor in tensors if tensor["action"] == "palettized" and tensor["sqnr_db"] is not None]
        worst = min(measured, key=lambda tensor: tensor["sqnr_db"])["path"]
        lines = [line for line in result.stdout.splitlines() if ".weight" in line]
        self.assertIn(worst, lines[-1])

    def test_console_says_why_a_tensor_stays_dense(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["odd.weight"] = support.rng(1).standard_normal((30, 7)).astype("f4")
            file["even.weight"] = support.rng(2).standard_normal((32, 7)).astype("f4")
        options = ("--granularity", "per_grouped_channel", "--group-size", "16")
        for command in (("plan", path), ("run", path, self.path("out.h5"))):
            with self.subTest(command=command[0]):
                line, = [line for line in self.program(*command, *options).stdout.splitlines() if "/odd.weight" in line]
                self.assertIn("group_size 16 does not divide the 30", line)
                self.assertIn("dense", line)

    def test_verify_and_inspect_print_json(self):
        path = self.example()
        self.program("run", path, self.path("out.h5"), "--preset", "w4")
        self.assertTrue(json.loads(self.program("verify", path, self.path("out.h5"), "--json").stdout)["tensors"])
        for file in (path, self.path("out.h5")):
            self.assertIsInstance(json.loads(self.program("inspect", file, "--json").stdout), dict)

    def test_report_that_cannot_be_written_stops_before_the_work(self):
        path = self.example()
        self.refused(support.OUTPUT, ["absent"], "run", path, self.path("out.h5"), "--preset", "w4", "--report",
                     self.path("absent/report.json"))
        self.assert_folder_holds("torch.h5")


if __name__ == "__main__":
    unittest.main()
