"""Bad input of each kind: its message, its exit code, no file left behind, no file harmed."""

import os
import shutil
import pathlib
import resource
import signal
import subprocess
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, INPUT, OUTPUT, USAGE


class BadInput(support.Case):
    def checkpoint(self, name="in.h5", values=None):
        path = self.path(name)
        with h5py.File(path, "w") as file:
            data = support.rng(1).standard_normal((32, 8)).astype("f4") if values is None else values
            file["layer.weight"] = data
            file["layer.bias"] = np.zeros(32, "f4")
        return path

    def refused_without_a_trace(self, code, words, *arguments, cwd=None):
        """The program fails, every file that was there is unchanged, none was added."""
        before = {name: support.sha256(self.path(name)) for name in os.listdir(self.folder)
                  if os.path.isfile(self.path(name))}
        names = sorted(os.listdir(self.folder))
        result = self.refused(code, words, *arguments, cwd=cwd)
        self.assert_folder_holds(*names)
        for name, digest in before.items():
            self.assertEqual(support.sha256(self.path(name)), digest, name)
        return result

    def each_command(self, path):
        """Every command that reads a checkpoint, on `path`."""
        return (("run", path, self.path("out.h5"), "--preset", "w4"), ("plan", path, "--preset", "w4"),
                ("inspect", path), ("restore", path, self.path("out.h5")), ("verify", path, path))

    # What is not a readable HDF5 file.

    def test_missing_file(self):
        for command in self.each_command(self.path("absent.h5")):
            self.refused_without_a_trace(INPUT, ["absent.h5"], *command)

    def test_folder_instead_of_a_file(self):
        (self.folder / "folder.h5").mkdir()
        for command in self.each_command(self.path("folder.h5")):
            self.refused_without_a_trace(INPUT, ["folder.h5"], *command)

    def test_empty_file(self):
        self.write_text("nothing.h5", "")
        for command in self.each_command(self.path("nothing.h5")):
            self.refused_without_a_trace(INPUT, ["nothing.h5", "empty"], *command)

    def test_not_hdf5_says_what_it_looks_like(self):
        kinds = {"plain.h5": (b"just some text, nothing else\n" * 40, "HDF5"),
                 "model.keras.h5": (b"PK\x03\x04" + bytes(100), "zip"),
                 "pointer.h5": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12\n", "LFS"),
                 "old.h5": (b"CDF\x01" + bytes(100), "netCDF"),
                 "five.h5": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x01IM" + bytes(100), "MATLAB")}
        for name, (content, word) in kinds.items():
            (self.folder / name).write_bytes(content)
            for command in self.each_command(self.path(name)):
                with self.subTest(name=name, command=command[0]):
                    self.refused_without_a_trace(INPUT, [name, word], *command)

    def test_truncated_file(self):
        whole = pathlib.Path(self.checkpoint()).read_bytes()
        for length in (20, 100, len(whole) // 2, len(whole) - 1):
            (self.folder / "short.h5").write_bytes(whole[:length])
            with self.subTest(length=length):
                self.refused_without_a_trace(INPUT, ["short.h5"], "run", self.path("short.h5"), self.path("out.h5"),
                                             "--preset", "w4")

    def test_unreadable_dataset_is_named(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset("good.weight", data=support.rng(1).standard_normal((32, 8)).astype("f4"))
            file.create_dataset("broken.weight", data=support.rng(1).standard_normal((320, 80)).astype("f4"),
                                chunks=(320, 80), compression="gzip")
            info = file["broken.weight"].id.get_chunk_info(0)
        with open(path, "r+b") as file:
            file.seek(info.byte_offset)
            file.write(b"\xff" * (info.size // 2))
        self.refused_without_a_trace(INPUT, ["broken.weight"], "run", path, self.path("out.h5"), "--preset", "w4")

    def test_dataset_with_a_filter_that_is_not_there_is_named(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset("odd.weight", data=support.rng(1).standard_normal((64, 16)).astype("f4"),
                                chunks=(16, 16), compression="lzf")
            file["good.weight"] = support.rng(1).standard_normal((32, 8)).astype("f4")
        result = self.call("run", path, self.path("out.h5"), "--preset", "w4")
        if result.returncode:  # reading it is fine too
            self.assertEqual(result.returncode, INPUT, result.stderr)
            self.assertIn("odd.weight", result.stderr)
            self.assert_folder_holds("in.h5")

    def test_external_storage_that_is_missing_is_named(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset("away.weight", (32, 8), "f4", external=[("absent.bin", 0, 1024)])
            file["good.weight"] = support.rng(1).standard_normal((32, 8)).astype("f4")
        self.refused_without_a_trace(INPUT, ["away.weight", "absent.bin is missing"], "run", path, self.path("out.h5"),
                                     "--preset", "w4", "--follow-external", "--include", ".*")

    # Where the output may go.

    def test_output_that_is_the_input_by_any_spelling(self):
        path = self.checkpoint()
        (self.folder / "sub").mkdir()
        os.symlink("in.h5", self.path("symbolic.h5"))
        os.link(path, self.path("second.h5"))
        for output in (path, "in.h5", "./in.h5", "sub/../in.h5", "symbolic.h5", "second.h5"):
            for force in ((), ("--force",)):
                with self.subTest(output=output, force=force):
                    self.refused_without_a_trace(OUTPUT, [os.path.basename(output)], "run", "in.h5", output, "--preset",
                                                 "w4", *force, cwd=self.folder)
        self.program("run", path, self.path("out.h5"), "--preset", "w4")
        self.refused_without_a_trace(OUTPUT, ["out.h5"], "restore", "out.h5", "./out.h5", "--force", cwd=self.folder)

    def test_output_exists(self):
        path = self.checkpoint()
        self.write_text("out.h5", "precious")
        self.refused_without_a_trace(OUTPUT, ["out.h5", "force"], "run", path, self.path("out.h5"), "--preset", "w4")
        self.program("run", path, self.path("out.h5"), "--preset", "w4", "--force")
        self.refused_without_a_trace(OUTPUT, ["in.h5", "force"], "restore", self.path("out.h5"), path)

    def test_an_output_or_a_report_that_is_a_link_is_replaced_where_the_link_leads(self):
        path = self.checkpoint()
        self.program("run", path, self.path("whole.h5"), "--preset", "w4")
        (self.folder / "far").mkdir()
        for name in ("out.h5", "report.json"):
            self.write_text("far/real." + name, "old")
            os.symlink("far/real." + name, self.path(name))
        self.refused_without_a_trace(OUTPUT, ["out.h5: exists"], "run", path, self.path("out.h5"), "--preset", "w4")
        for command, source, *more in (("run", path, "--preset", "w4", "--report", self.path("report.json")),
                                       ("restore", self.path("whole.h5"))):
            self.program(command, source, self.path("out.h5"), "--force", *more)
            self.assertEqual(os.readlink(self.path("out.h5")), "far/real.out.h5")
            if command == "run":
                self.assertEqual(support.sha256(self.path("far/real.out.h5")), support.sha256(self.path("whole.h5")))
        self.assertEqual(os.readlink(self.path("report.json")), "far/real.report.json")
        self.assertIn("tensors", (self.folder / "far/real.report.json").read_text())
        self.assertEqual(sorted(os.listdir(self.path("far"))), ["real.out.h5", "real.report.json"])

    def test_output_folder_is_missing(self):
        path = self.checkpoint()
        self.refused_without_a_trace(OUTPUT, ["absent"], "run", path, self.path("absent/out.h5"), "--preset", "w4")

    def test_output_is_a_folder(self):
        path = self.checkpoint()
        (self.folder / "taken").mkdir()
        for force in ((), ("--force",)):
            self.refused_without_a_trace(OUTPUT, ["taken"], "run", path, self.path("taken"), "--preset", "w4", *force)

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_output_folder_is_read_only(self):
        path = self.checkpoint()
        (self.folder / "locked").mkdir(mode=0o500)
        self.refused_without_a_trace(OUTPUT, ["locked"], "run", path, self.path("locked/out.h5"), "--preset", "w4")

    def test_a_limit_of_file_sizes_leaves_nothing(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["layer.weight"] = support.rng(1).standard_normal((512, 512)).astype("f4")
            file["big"] = support.rng(1).standard_normal(400000)

        def limit():  # a write beyond the limit fails with EFBIG once SIGXFSZ is ignored, as a full disk would
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        result = subprocess.run(support.command_line("run", path, self.path("out.h5"), "--preset", "w4"),
                                capture_output=True, text=True, preexec_fn=limit, check=False)
        self.assertEqual(result.returncode, support.LIMIT, result.stderr)
        self.assertRegex(result.stderr, r"out\.h5.*raise the limit of file sizes \(ulimit -f\)")
        self.assertNotIn("HDF5-DIAG", result.stderr)
        self.assert_folder_holds("in.h5")

    def test_a_limit_that_is_hit_while_tensors_are_written_is_one_error_of_the_output(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for layer in range(10):
                file[f"l{layer}/weight"] = support.rng(layer).standard_normal((400, 500)).astype("f4")
            file["x"] = support.rng(1).standard_normal((100, 100))
        self.program("run", path, self.path("whole.h5"), "--n-bits", "8")
        for ignored in (False, True):
            # Where the limit hits: among the tensors, early and late, and in what is written after them.
            whole = os.path.getsize(self.path("whole.h5"))
            for limit_bytes in (500 * 1024, 700 * 1024, whole - 2048, whole - 10):
                def limit():
                    if ignored:
                        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
                with self.subTest(ignored=ignored, limit_bytes=limit_bytes):
                    result = subprocess.run([support.PROGRAM, "run", path, self.path("out.h5"), "--n-bits", "8"],
                                            capture_output=True, text=True, preexec_fn=limit, check=False)
                    self.assertEqual(result.returncode, support.LIMIT, result.stderr)
                    self.assertEqual(result.stderr.count("out.h5"), 1, result.stderr)
                    self.assertRegex(result.stderr, r"File too large; raise the limit of file sizes \(ulimit -f\)")
                    self.assertNotIn("crashed", result.stderr)
                    self.assert_folder_holds("in.h5", "whole.h5")

    def test_read_only_input_is_enough(self):
        path = self.checkpoint()
        digest = support.sha256(path)
        os.chmod(path, 0o400)
        self.program("run", path, self.path("out.h5"), "--preset", "w4")
        self.assertEqual(support.sha256(path), digest)

    # What is in the tensors.

    def nonfinite(self):
        values = support.rng(1).standard_normal((32, 8)).astype("f4")
        values[2, 3], values[5, 0], values[7, 7] = np.nan, np.inf, -np.inf
        return self.checkpoint(values=values)

    def test_nan_fails_and_names_tensor_count_and_first_index(self):
        path = self.nonfinite()
        self.refused_without_a_trace(CHECK_FAILED, ["layer.weight", r"\b3\b", r"\(2, 3\)|\[2, 3\]|\b19\b"], "run", path,
                                     self.path("out.h5"), "--preset", "w4")

    def test_nan_is_left_dense_on_request(self):
        path = self.nonfinite()
        with h5py.File(path, "r+") as file:
            file["fine.weight"] = support.rng(1).standard_normal((32, 8)).astype("f4")
        report = self.report(path, self.path("out.h5"), "--preset", "w4", "--on-nonfinite=skip")
        actions = {tensor["path"]: tensor["action"] for tensor in report["tensors"]}
        self.assertEqual(actions["/layer.weight"], "dense")
        self.assertEqual(actions["/fine.weight"], "palettized")
        with h5py.File(path) as one, h5py.File(self.path("out.h5")) as other:
            np.testing.assert_array_equal(support.bits(one["layer.weight"][()]),
                                          support.bits(other["layer.weight"][()]))

    def test_strict_makes_a_tensor_that_does_not_fit_an_error(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["fits.weight"] = support.rng(1).standard_normal((32, 8)).astype("f4")
            file["odd.weight"] = support.rng(1).standard_normal((30, 8)).astype("f4")
        grouped = ("--granularity", "per_grouped_channel", "--group-size", "16")
        self.refused_without_a_trace(USAGE, ["odd.weight", r"\b16\b", r"\b30\b"], "run", path, self.path("out.h5"),
                                     *grouped, "--strict")
        plan = self.plan(path, *grouped)
        reasons = {tensor["path"]: tensor["reason"] for tensor in plan["tensors"]}
        self.assertRegex(reasons["/odd.weight"], "16")

    def test_a_palette_beyond_the_type_advises_what_there_is(self):
        path = self.checkpoint(values=np.array([[np.finfo("f8").max, 5e-324] * 4] * 4))
        self.dense_again(path, "--n-bits", "1", "--engine", "reference")
        values = support.rng(1).standard_normal((16, 16)).astype("f4")
        values[0, 0], values[1, 1] = np.finfo("f4").max, -np.finfo("f4").max
        path = self.checkpoint(values=values)
        self.refused_without_a_trace(CHECK_FAILED, ["leave out the LUT quantization or the per-channel scale of this"],
                                     "run", path, self.path("out.h5"), "--lut-dtype", "uint8", "--lut-qscheme",
                                     "asymmetric", "--per-channel-scale")

    def test_a_tensor_of_too_many_dimensions_stays_dense(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for rank in (30, 31, 32):
                file[f"rank{rank}.weight"] = support.rng(rank).standard_normal((2,) * 6 + (1,) * (rank - 6)).astype("f4")
        report = self.report(path, self.path("out.h5"), "--n-bits", "2")
        self.assertEqual(support.without_sizes(report["totals"]),
                         support.without_sizes(self.plan(path, "--n-bits", "2")["totals"]))
        actions = {tensor["path"]: tensor["action"] for tensor in report["tensors"]}
        self.assertEqual(actions, {"/rank30.weight": "palettized", "/rank31.weight": "dense", "/rank32.weight": "dense"})
        self.assertRegex(report["tensors"][1]["reason"], "rank 3[12] is too large")
        self.program("verify", path, self.path("out.h5"))
        self.program("restore", self.path("out.h5"), self.path("back.h5"))
        self.refused(USAGE, ["rank31.weight.*rank 31 is too large"], "plan", path, "--n-bits", "2", "--strict")

    def test_no_candidates_says_what_was_looked_for_and_what_there_is(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["layer/gamma_matrix"] = support.rng(1).standard_normal((32, 8)).astype("f4")
        self.refused_without_a_trace(USAGE, ["weight", "gamma_matrix", "include"], "run", path, self.path("out.h5"),
                                     "--preset", "w4")
        self.program("run", path, self.path("out.h5"), "--preset", "w4", "--include", ".*gamma_matrix")

    def test_file_without_any_dataset(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.create_group("nothing")
        result = self.refused_without_a_trace(USAGE, ["no floating-point tensors"], "run", path, self.path("out.h5"),
                                              "--preset", "w4")
        self.assertNotIn("--include", result.stderr)
        with h5py.File(path, "r+") as file:
            file["layer/gamma"] = np.ones(8, "f4")
        result = self.refused_without_a_trace(USAGE, ["gamma"], "run", path, self.path("out.h5"), "--preset", "w4")
        self.assertNotIn("--include", result.stderr)

    def test_file_without_floats_says_which_types_there_are(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["table"] = np.zeros(3, [("weight", "f4"), ("bias", "f8")])
            file["names"] = np.array([b"a", b"b"])
            file["steps"] = np.int64(3)
        self.refused_without_a_trace(USAGE, [r"compound \(/table\)", r"int64 \(/steps\)", r"string \(/names\)"],
                                     "run", path, self.path("out.h5"))

    def test_a_file_whose_writer_was_killed_says_how_to_clear_the_mark(self):
        path = self.path("in.h5")
        with h5py.File(path, "w", libver="latest") as file:
            file["layer/weight"] = np.ones((64, 64), "f4")
            file.flush()
            shutil.copyfile(path, self.path("left.h5"))
        self.refused_without_a_trace(INPUT, ["left.h5", "has not closed it", "h5clear -s", "hdf5-tools"],
                                     "run", self.path("left.h5"), self.path("out.h5"))

    def test_config_or_options_that_are_a_folder_or_without_end(self):
        path = self.checkpoint()
        with open(self.path("large"), "wb") as file:
            file.write(b"#" * ((4 << 20) + 1))
        for file, words in ((".", "is a folder"), ("/dev/zero", "more than 4 MiB"), ("large", "more than 4 MiB"),
                            ("absent", "cannot be read")):
            for option in (("--config", file), ("--options-file", file), ("@" + file,)):
                with self.subTest(option=option):
                    self.refused_without_a_trace(USAGE, [" ".join(option) + ": .*" + words], "plan", path, *option,
                                                 cwd=self.folder)

    def test_options_may_be_as_large_as_a_config(self):
        path = self.checkpoint()
        with open(self.path("large"), "wb") as file:
            file.write(b"#" * ((4 << 20) - 11) + b"\nn-bits = 2")
        self.assertIn("2 bit", self.program("plan", path, "--options-file", self.path("large")).stdout)

    # Palettized files that are not whole.

    def palettized(self):
        self.program("run", self.checkpoint(), self.path("out.h5"), "--preset", "w4")
        return self.path("out.h5")

    def test_a_palettized_file_is_not_palettized_again(self):
        self.refused_without_a_trace(INPUT, ["palettized"], "run", self.palettized(), self.path("twice.h5"),
                                     "--preset", "w4")

    def test_restore_of_a_dense_file(self):
        self.refused_without_a_trace(INPUT, ["in.h5"], "restore", self.checkpoint(), self.path("back.h5"))

    def test_unfinished_file_is_refused(self):
        path = self.palettized()
        with h5py.File(path, "r+") as file:
            del file.attrs["h5palettize_complete"]
        self.refused_without_a_trace(INPUT, ["out.h5"], "restore", path, self.path("back.h5"))

    def test_later_format_is_refused(self):
        path = self.palettized()
        with h5py.File(path, "r+") as file:
            file.attrs["h5palettize_format"] = 3
        self.refused_without_a_trace(INPUT, ["format", r"\b2\b"], "restore", path, self.path("back.h5"))

    def test_damaged_members_are_refused(self):
        def without(name):
            return lambda group: group.__delitem__(name)

        def reshaped(group):
            values = group["lut"][()]
            del group["lut"]
            group["lut"] = values.reshape(-1)

        def shape_attribute(value):
            return lambda group: group.attrs.__setitem__("palettized_shape", np.array(value, "i8"))

        damages = {"no indices": without("indices"), "no lut": without("lut"), "flat lut": reshaped,
                   "shape too large": shape_attribute([2 ** 40, 2 ** 40]), "negative shape": shape_attribute([-32, 8]),
                   "other rank": shape_attribute([256]),
                   "axis": lambda group: group.attrs.__setitem__("output_channel_axis", 9),
                   "dtype": lambda group: group.attrs.__setitem__("palettized_dtype", "float17"),
                   "group size": lambda group: group.attrs.__setitem__("group_size", 0)}
        whole = pathlib.Path(self.palettized()).read_bytes()
        for name, damage in damages.items():
            (self.folder / "bad.h5").write_bytes(whole)
            with h5py.File(self.path("bad.h5"), "r+") as file:
                damage(file["layer.weight"])
            with self.subTest(damage=name):
                self.refused_without_a_trace(INPUT, ["layer.weight"], "restore", self.path("bad.h5"),
                                             self.path("back.h5"))

    def test_verify_finds_a_changed_index_and_a_changed_bias(self):
        original = self.checkpoint()
        palettized = self.path("out.h5")
        self.program("run", original, palettized, "--n-bits", "2")
        self.program("verify", original, palettized, "--min-sqnr-db", "3")
        self.refused(CHECK_FAILED, ["layer.weight"], "verify", original, palettized, "--min-sqnr-db", "500")
        whole = pathlib.Path(palettized).read_bytes()
        with h5py.File(palettized, "r+") as file:
            file["layer.bias"][3] = 1
        self.refused(CHECK_FAILED, ["layer.bias"], "verify", original, palettized)
        pathlib.Path(palettized).write_bytes(whole)
        with h5py.File(palettized, "r+") as file:
            indices = file["layer.weight/indices"]
            indices[0, 0] = (indices[0, 0] + 1) % 4
        self.refused(CHECK_FAILED, ["layer.weight"], "verify", original, palettized)

    # The command line.

    def test_usage_errors(self):
        path = self.checkpoint()
        for arguments in ((), ("frobnicate",), ("run",), ("run", path), ("restore", path, "a", "b"),
                          ("plan", path, "--frobnicate"), ("plan", path, "--n-bits", "5"),
                          ("plan", path, "--n-bits", "four"), ("plan", path, "--preset", "w5"),
                          ("plan", path, "--engine", "slow"), ("plan", path, "--layout", "onnx"),
                          ("plan", path, "--on-nonfinite", "perhaps"), ("plan", path, "--memory", "lots"),
                          ("plan", path, "--threads", "-1"), ("plan", path, "--threads", "0"),
                          ("plan", path, "--threads", "2000"), ("plan", path, "--threads", "2x"),
                          ("plan", path, "--seed", "-1"), ("plan", path, "--seed", "1.5"),
                          ("plan", path, "--include", "("), ("plan", path, "--preset", "w4", "--config", "x.yaml"),
                          ("plan", path, "--granularity", "per_channel"), ("plan", path, "--cluster-dim", "0"),
                          ("plan", path, "--preset", "w4", "--group-size", "-3"),
                          ("plan", path, "--lut-dtype", "float8_e4m3fn", "--lut-qscheme", "asymmetric"),
                          ("plan", path, "--config", self.path("absent.yaml")),
                          *(("verify", path, path, "--min-sqnr-db", bound) for bound in ("nan", "inf", "-inf", "many"))):
            with self.subTest(arguments=arguments):
                result = self.refused_without_a_trace(USAGE, [], *arguments)
                self.assertTrue(result.stderr.strip())
                self.assertEqual(result.stdout, "")

    def test_offending_value_is_in_the_message(self):
        path = self.checkpoint()
        for option, value in (("--n-bits", "5"), ("--preset", "w5"), ("--engine", "slow"), ("--layout", "onnx"),
                              ("--memory", "lots"), ("--seed", "-1"), ("--threads", "-1")):
            self.refused(USAGE, [option.lstrip("-").replace("-", "[-_]"), value], "plan", path, option, value)

    def test_hostile_configs_end_in_a_message(self):
        path = self.checkpoint()
        bomb = "a0: &a0 [" + "1," * 10 + "]\n" + "".join(
            f"a{level}: &a{level} [{', '.join(f'*a{level - 1}' for _ in range(10))}]\n" for level in range(1, 12))
        texts = {nest: nest * 100000 for nest in ("[", "{", "? ", "- ", "[{a: ")}
        for name, text in {**texts, "aliases": bomb, "itself": "a: &a [*a]\n", "binary": "\x00\x01" * 5000,
                           "large": "# " + "x" * (5 << 20)}.items():
            config = self.write_text("hostile.yaml", text)
            with self.subTest(name):
                self.refused_without_a_trace(USAGE, ["hostile.yaml"], "run", path, self.path("out.h5"),
                                             "--config", config)

    def test_help_and_version(self):
        self.assertRegex(self.program("--version").stdout, r"\d+\.\d+\.\d+")
        self.assertIn("restore", self.program("--help").stdout)
        for command in ("run", "plan", "verify", "restore", "inspect"):
            text = self.program(command, "--help").stdout
            self.assertRegex(text, rf"h5palettize {command} .*\.h5", "help shows an example")


if __name__ == "__main__":
    unittest.main()
