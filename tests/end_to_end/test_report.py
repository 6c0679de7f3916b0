"""--report and plan --json: the documented keys, and numbers that agree with the file that was written."""

import fcntl
import json
import os
import pathlib
import select
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
        self.assertEqual(support.without_sizes(plan["totals"]), support.without_sizes(report["totals"]))
        written = report["totals"]["file_bytes_out"]
        self.assertEqual(written, os.path.getsize(self.path("out.h5")))
        self.assertAlmostEqual(plan["totals"]["file_bytes_out"], written, delta=0.02 * written)
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

    def test_the_file_keeps_fingerprints_of_input_and_config(self):
        def documents(name, *options):
            self.program("run", path, self.path(name), *options)
            with h5py.File(self.path(name)) as file:
                text = file["h5palettize/config"][()].decode()
            document = json.loads(text)
            config = text[text.index('"config":') + len('"config":'):text.index(',"config_fingerprint"')]
            self.assertEqual(json.loads(config), document["config"])
            value = 0xCBF29CE484222325
            for byte in config.encode():
                value = (value ^ byte) * 0x100000001B3 % 2 ** 64
            self.assertEqual(document["config_fingerprint"], f"{value:016x}")
            return document

        path = self.example()
        four, again, six = documents("a.h5", "--preset", "w4"), documents("b.h5", "--preset", "w4"), documents(
            "c.h5", "--preset", "w6")
        self.assertEqual(four, again)
        self.assertNotEqual(four["config_fingerprint"], six["config_fingerprint"])
        self.assertEqual(four["input_fingerprint"], six["input_fingerprint"])
        self.assertRegex(four["input_fingerprint"], "^[0-9a-f]{16}$")

    def test_report_that_cannot_be_written_stops_before_the_work(self):
        path = self.example()
        self.refused(support.OUTPUT, ["absent"], "run", path, self.path("out.h5"), "--preset", "w4", "--report",
                     self.path("absent/report.json"))
        self.assert_folder_holds("torch.h5")

    def test_an_existing_report_is_replaced_with_force_only(self):
        path = self.example()
        report = self.write_text("report.json", "precious")
        for command in (("run", path, self.path("out.h5")), ("plan", path)):
            self.refused(support.USAGE, [r"report\.json", "force"], *command, "--report", report)
            self.assertEqual(pathlib.Path(report).read_text(), "precious")
            self.assert_folder_holds("report.json", "torch.h5")
        os.symlink("report.json", self.path("link.json"))
        self.refused(support.USAGE, ["force"], "plan", path, "--report", self.path("link.json"))
        self.program("plan", path, "--report", self.path("link.json"), "--force")
        self.assertTrue(os.path.islink(self.path("link.json")))
        self.assertTrue(json.loads(pathlib.Path(report).read_text())["tensors"])

    def test_the_report_is_no_other_file_of_the_command_line(self):
        path = self.example()
        config = self.write_text("c.yaml", "kmeans_palettization_config: {}\n")
        options = self.write_text("options.cfg", "threads=1\n")
        words = self.write_text("words.txt", "--threads 1\n")
        self.write_text("old.h5", "precious")
        before = {name: support.sha256(self.path(name)) for name in os.listdir(self.folder)}
        for report in (config, "c.yaml", "./c.yaml", path, options, words, "old.h5", "new.h5", "./new.h5"):
            for output in ("old.h5", "new.h5"):
                if report.endswith(".h5") and "torch" not in report and output not in report:
                    continue
                with self.subTest(report=report):
                    self.refused(support.USAGE, [f"--report {report}: is the"], "run", path, output, "--config", config,
                                 "--options-file", options, f"@{words}", "--report", report, "--force", cwd=self.folder)
        self.assertEqual({name: support.sha256(self.path(name)) for name in os.listdir(self.folder)}, before)

    def test_the_output_is_no_file_that_options_came_from(self):
        path = self.example()
        config = self.write_text("c.yaml", "kmeans_palettization_config: {}\n")
        words = self.write_text("words.txt", "--threads 1\n")
        for output in (config, words):
            with self.subTest(output=output):
                self.refused(support.OUTPUT, ["is the (config|options) file"], "run", path, output, "--config", config,
                             f"@{words}", "--force")
        self.assertEqual(pathlib.Path(config).read_text(), "kmeans_palettization_config: {}\n")
        self.assertEqual(pathlib.Path(words).read_text(), "--threads 1\n")

    def test_plan_writes_a_report(self):
        path = self.example()
        printed = self.program("plan", path, "--preset", "w4", "--json", "--report", self.path("report.json")).stdout
        self.assertEqual(pathlib.Path(self.path("report.json")).read_text(), printed)
        self.assert_folder_holds("report.json", "torch.h5")

    def test_a_report_into_a_pipe(self):
        path = self.example()
        for command in (("plan", path, "--preset", "w4"), ("run", path, self.path("out.h5"), "--preset", "w4")):
            for stream in ("/dev/stdout", "/dev/fd/1"):
                with self.subTest(command=command[0], stream=stream):
                    result = self.program(*command, "--force", "--report", stream)
                    document, end = json.JSONDecoder().raw_decode(result.stdout)
                    self.assertTrue(document["tensors"])
                    self.assertIn("palettized at", result.stdout[end:])
        os.mkfifo(self.path("fifo"))
        with subprocess.Popen([support.PROGRAM, "plan", path, "--report", self.path("fifo")],
                              stdout=subprocess.DEVNULL) as process:
            document = json.loads(pathlib.Path(self.path("fifo")).read_text())
        self.assertEqual(process.returncode, 0)
        self.assertTrue(document["tensors"])

    def test_a_report_into_the_file_that_stdout_is(self):
        path = self.example()
        with open(self.path("all.txt"), "wb") as file:
            subprocess.run([support.PROGRAM, "plan", path, "--report", "/dev/stdout"], stdout=file, check=True)
        text = pathlib.Path(self.path("all.txt")).read_text()
        document, end = json.JSONDecoder().raw_decode(text)
        self.assertTrue(document["tensors"])
        self.assertIn("palettized at", text[end:])

    def test_where_the_report_fails_there_is_no_output(self):
        path = self.example()
        for options in ((), ("--force",)):
            self.refused(support.OUTPUT, ["/dev/full", "No space left"], "run", path, self.path("out.h5"), "--report",
                         "/dev/full", *options)
            self.assert_folder_holds("torch.h5")
        process = subprocess.Popen([support.PROGRAM, "run", path, self.path("out.h5"), "--report", "/dev/stdout"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()  # a pipe that nobody reads
        errors = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(), support.OUTPUT, errors)
        self.assertIn("Broken pipe", errors)
        self.assert_folder_holds("torch.h5")

    def test_where_the_output_fails_there_is_no_report(self):
        path = self.path("nan.h5")
        with h5py.File(path, "w") as file:
            file["l/weight"] = np.full((8, 8), np.nan, "f4")
        self.refused(support.CHECK_FAILED, ["l/weight"], "run", path, self.path("out.h5"), "--report",
                     self.path("report.json"))
        self.assert_folder_holds("nan.h5")

    def run_that_waits(self, what, meanwhile, *options):
        """A run up to the moment when its output is made and nothing has its name yet, as it writes `what` into a pipe;
        what it says in the end, after `meanwhile`."""
        path, pipe = self.example(), self.path("pipe")
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        room = fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)  # less than is written: the program waits
        process = subprocess.Popen([support.PROGRAM, "run", path, self.path("out.h5"), what, pipe, *options],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not select.select([reader], [], [], 0.1)[0]:
            self.assertIsNone(process.poll(), "ended before it wrote into the pipe")
        meanwhile()
        os.set_blocking(reader, True)
        self.assertGreater(len(b"".join(iter(lambda: os.read(reader, 1 << 16), b""))), room)
        _, errors = process.communicate(timeout=support.TIMEOUT_SECONDS)
        os.remove(pipe)
        self.assertEqual(process.returncode, support.OUTPUT, errors)
        return errors

    def test_what_another_program_made_meanwhile_stays(self):
        for what, other in (("--report", "--trace"), ("--trace", "--report")):
            with self.subTest(other=other):
                errors = self.run_that_waits(what, lambda: self.write_text("other.json", "precious"), other,
                                             self.path("other.json"))
                self.assertRegex(errors, "other.json: appeared meanwhile")
                self.assertEqual((self.folder / "other.json").read_text(), "precious")
                self.assert_folder_holds("other.json", "torch.h5")
                os.remove(self.path("other.json"))

    def test_an_old_report_stays_where_the_output_cannot_be_put_into_place(self):
        for old in ("report", None):
            with self.subTest(old=old):
                if old:
                    self.write_text("report.json", old)
                errors = self.run_that_waits("--trace", lambda: os.mkdir(self.path("out.h5")), "--report",
                                             self.path("report.json"), "--force")
                self.assertRegex(errors, "out.h5: cannot rename into place")
                os.rmdir(self.path("out.h5"))
                if old:
                    self.assertEqual((self.folder / "report.json").read_text(), old)
                    os.remove(self.path("report.json"))
                self.assert_folder_holds("torch.h5")


if __name__ == "__main__":
    unittest.main()
