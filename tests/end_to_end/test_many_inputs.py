"""Several checkpoints in one run: lists, folders, indexes. Each output is what a run of its file alone makes."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import h5py

import support

SLOW = ("--n-bits", "6", "--engine", "reference", "--memory", "1MiB")


class ManyInputs(support.Case):
    def checkpoint(self, name, *tensors, shape=(32, 64), seed=0):
        """A file of float32 tensors and a list of integers, of 40 bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with h5py.File(path, "w") as file:
            for number, tensor in enumerate(tensors):
                values = support.rng(seed + number).standard_normal(shape).astype("f4")
                file[tensor] = values.reshape(-1) if tensor.endswith("bias") else values
            file["steps"] = list(range(5))
        return str(path)

    def shards(self, shape=(32, 64)):
        names = ("model-00001-of-00002.h5", "model-00002-of-00002.h5")
        self.checkpoint(f"model/{names[0]}", "a/weight", "b/weight", shape=shape)
        self.checkpoint(f"model/{names[1]}", "c/weight", "c/bias", shape=shape, seed=7)
        return names

    def index(self, name, weight_map, total_size=12345, indent=2, **more):
        index = {"metadata": {"total_size": total_size, "format": "pt"}, "weight_map": weight_map, **more}
        return self.write_text(name, json.dumps(index, indent=indent) + "\n")

    def hugging_face(self, shape=(32, 64)):
        names = self.shards(shape)
        return self.index("model/model.index.json", {"a.weight": names[0], "b.weight": names[0], "c.weight": names[1]})

    def assert_as_alone(self, original, output, *options):
        alone = self.path("alone.h5")
        self.program("run", original, alone, "--force", "--quiet", *options)
        self.assertEqual(support.sha256(output), support.sha256(alone), output)

    def assert_holds(self, folder, *names):
        found = [str(path.relative_to(self.folder / folder)) for path in (self.folder / folder).rglob("*") if path.is_file()]
        self.assertEqual(sorted(found), sorted(names))

    # What is read and written.

    def test_a_list_of_files(self):
        first, second = self.checkpoint("a.h5", "x/weight"), self.checkpoint("below/b.hdf5", "x/weight", seed=3)
        result = self.program("run", first, second, self.path("out"), "--n-bits", "4")
        self.assert_holds("out", "a.h5", "b.hdf5")
        self.assert_as_alone(first, self.path("out/a.h5"), "--n-bits", "4")
        self.assert_as_alone(second, self.path("out/b.hdf5"), "--n-bits", "4")
        lines = result.stdout.splitlines()
        self.assertLess(lines.index("a.h5:"), lines.index("b.hdf5:"))
        self.assertRegex(result.stdout, r"\n2 files, 2 tensors: 2 palettized at \d\.\d\d bits per weight, 0 dense; tensors ")
        self.program("verify", second, self.path("out/b.hdf5"))

    def test_a_folder_with_what_is_below_it(self):
        for name in ("in/b.h5", "in/deep/er/a.h5", "in/c.HDF5", "in/.hidden.h5", "in/.git/d.h5"):
            self.checkpoint(name, "x/weight")
        self.write_text("in/readme.txt", "no checkpoint")
        # HDF5 by its content, whatever its name; behind a user block too.
        for name, block in (("in/data.mat", 512), ("in/deep/model", 0), ("in/deep/table.nc", 2048)):
            with h5py.File(self.path(name), "w", userblock_size=block) as file:
                file["x/weight"] = support.rng(1).standard_normal((16, 16)).astype("f4")
        os.mkfifo(self.path("in/pipe"))
        for _ in range(2):  # the second time the outputs lie in the folder, and are no inputs
            result = self.program("run", self.path("in"), self.path("in/out"), "--n-bits", "2", "--force")
            self.assert_holds("in/out", "b.h5", "deep/er/a.h5", "c.HDF5", "data.mat", "deep/model", "deep/table.nc")
            self.assertRegex(result.stderr, "left out, since they are no HDF5 files: .*/in/pipe, .*/in/readme.txt")
        self.assert_as_alone(self.path("in/b.h5"), self.path("in/out/deep/er/a.h5"), "--n-bits", "2")

    def test_an_index_of_hugging_face(self):
        index = self.hugging_face()
        self.program("run", index, self.path("out"), "--n-bits", "4")
        names = ["model-00001-of-00002.h5", "model-00002-of-00002.h5"]
        self.assert_holds("out", "model.index.json", *names)
        for name in names:
            self.assert_as_alone(self.path(f"model/{name}"), self.path(f"out/{name}"), "--n-bits", "4")
        stored = sum(tensor["bytes_out"] for name in names for tensor in self.plan(self.path(f"model/{name}"))["tensors"])
        before, after = (pathlib.Path(file).read_text() for file in (index, self.path("out/model.index.json")))
        self.assertEqual(after, before.replace("12345", str(stored + 2 * 40)))
        # The folder is the same as its index.
        self.program("run", self.path("model"), self.path("again"), "--n-bits", "4")
        for name in ("model.index.json", *names):
            self.assertEqual(support.sha256(self.path(f"again/{name}")), support.sha256(self.path(f"out/{name}")))

    def test_a_file_that_is_named_twice_is_read_once(self):
        index, folder = self.hugging_face(), self.path("model")
        file = self.path("model/model-00001-of-00002.h5")
        for number, words in enumerate(((index, file), (file, index), (folder, file), (file, folder), (folder, index), (file, file, index))):
            out = self.path(f"out{number}")
            self.program("run", *words, out, "--n-bits", "4", "--quiet")
            self.assert_holds(f"out{number}", "model.index.json", "model-00001-of-00002.h5", "model-00002-of-00002.h5")
        (self.folder / "other").mkdir()
        other = shutil.copy(file, self.path("other"))
        self.refused_untouched(support.USAGE, ["both would become model-00001-of-00002.h5"], "run", file, other, self.path("out"))
        # A file and a folder of one name, whichever comes first.
        self.checkpoint("one/a.h5", "x/weight")
        self.checkpoint("two/a.h5/b.h5", "x/weight")
        for words in (("one", "two"), ("two", "one")):
            self.refused_untouched(support.USAGE, ["both would become a.h5 in the output folder"], "run", *map(self.path, words),
                                   self.path("out"))

    def test_a_layer_may_lie_in_several_shards_of_keras(self):
        """Alone, vars/1 could be a kernel. It is the bias of vars/0, in the other file."""
        for name, variable, shape in (("k/a.weights.h5", "0", (64, 4, 16)), ("k/b.weights.h5", "1", (4, 16))):
            (self.folder / "k").mkdir(exist_ok=True)
            with h5py.File(self.path(name), "w") as file:
                file[f"layers/mine/vars/{variable}"] = support.rng(1).standard_normal(shape).astype("f4")
                file["layers/dense/vars/0" if variable == "0" else "layers/dense_1/vars/0"] = support.rng(2).standard_normal((8, 8)).astype("f4")
        index = self.index("k/model.weights.json", {"/layers/mine/vars": ["a.weights.h5", "b.weights.h5"]})
        plan = json.loads(self.program("plan", index, "--n-bits", "4", "--json").stdout)
        actions = {tensor["path"]: tensor["action"] for file in plan["files"] for tensor in file["tensors"] if "mine" in tensor["path"]}
        self.assertEqual(actions, {"/layers/mine/vars/0": "palettized", "/layers/mine/vars/1": "dense"})

    def test_the_shards_of_keras(self):
        # As ShardedH5IOStore writes them: the group of variables is what the map names; one that a shard had no room
        # for goes on in the next one, which the map does not say, or says with a list.
        names = ("model_00000.weights.h5", "model_00001.weights.h5")
        self.checkpoint("k/" + names[0], "layers/dense/vars/0", shape=(64, 32))
        self.checkpoint("k/" + names[1], "layers/dense/vars/1", "layers/dense_1/vars/0", shape=(64, 32), seed=5)
        index = self.index("k/model.weights.json", {"/layers/dense/vars": list(names), "/layers/dense_1/vars": names[1]},
                           total_size=24576.0, indent=4)
        self.program("run", index, self.path("out"), "--n-bits", "3")
        self.assert_holds("out", "model.weights.json", *names)
        copy = json.loads((self.folder / "out/model.weights.json").read_text())
        self.assertIsInstance(copy["metadata"]["total_size"], float)
        self.assertLess(copy["metadata"]["total_size"], 24576 * 0.6)
        self.assertEqual(copy["weight_map"], json.loads(pathlib.Path(index).read_text())["weight_map"])
        for name in names:
            self.assert_as_alone(self.path(f"k/{name}"), self.path(f"out/{name}"), "--n-bits", "3")

    def test_tensors_that_an_index_names_and_no_file_has_are_named(self):
        names = self.shards()
        index = self.index("model/model.index.json", {"a.weight": names[0], "b.weight": names[1], "c.weights": names[1],
                                                      "c.bias": names[1], "d\x1b[2J": names[0], "e": names[0]})
        warning = ("model.index.json: names tensors that are not in the output: 'b.weight' of {1}, 'c.weights' of {1}, "
                   r"'d\x1b[2J' of {0}, 1 more; its copy names them too").format(*names)
        for command in (("run", index, self.path("out"), "--report", self.path("r.json")), ("plan", index)):
            result = self.program(*command)
            self.assertIn(warning, result.stderr)
            self.assertEqual(result.stderr.count("warning"), 1)
        self.assertIn("'b.weight' of", json.loads((self.folder / "r.json").read_text())["warnings"][0])
        self.assertNotIn("warning", self.program("plan", self.hugging_face()).stderr)

    def test_an_index_of_other_files_is_left_in_its_folder(self):
        self.shards()
        self.index("model/model.safetensors.index.json", {"a.weight": "model.safetensors"})
        self.program("run", self.path("model"), self.path("out"))
        self.assert_holds("out", "model-00001-of-00002.h5", "model-00002-of-00002.h5")

    # Rules are judged over all files.

    def test_a_rule_may_match_in_one_file_only(self):
        self.shards()
        config = self.write_text("c.yaml", "kmeans_palettization_config: {global_config: null, module_name_configs: "
                                 "{a: {op_state_spec: {weight: {n_bits: 8}}}, c: {op_state_spec: {weight: {n_bits: 2}}}}}")
        self.program("run", self.path("model"), self.path("out"), "--config", config)
        result = self.program("plan", self.path("model"), "--config", config, "--json")
        bits = {tensor["path"]: tensor["spec"] and tensor["spec"]["n_bits"]
                for file in json.loads(result.stdout)["files"] for tensor in file["tensors"]}
        self.assertEqual(bits, {"/a/weight": 8, "/b/weight": None, "/c/bias": None, "/c/weight": 2})
        self.assertNotIn("warning", result.stderr)
        pathlib.Path(config).write_text(pathlib.Path(config).read_text().replace("{a:", "{d:"))
        self.refused(support.USAGE, ["'d'", "matches no module of these files"], "run", self.path("model"),
                     self.path("other"), "--config", config)
        self.assertFalse((self.folder / "other").exists())

    def test_filters_may_match_in_one_file_only(self):
        self.shards()
        documents = json.loads(self.program("plan", self.path("model"), "--include", "/c/bias", "--exclude", "a",
                                            "--json").stdout)["files"]
        actions = {tensor["path"]: tensor["action"] for file in documents for tensor in file["tensors"]}
        self.assertEqual(actions["/a/weight"], "dense")
        self.assertEqual(actions["/c/bias"], "palettized")
        self.refused(support.USAGE, ["--exclude 'z': matches nothing"], "plan", self.path("model"), "--exclude", "z")

    # Refusals come before anything is done.

    def refused_untouched(self, code, words, *arguments):
        before = sorted(self.folder.rglob("*"))
        self.refused(code, words, *arguments)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def test_outputs_of_one_name_are_refused(self):
        first, second = self.checkpoint("1/x.h5", "a/weight"), self.checkpoint("2/x.h5", "a/weight")
        self.refused_untouched(support.USAGE, ["1/x.h5 and .*2/x.h5", "x.h5 in the output folder"], "run", first, second,
                               self.path("out"))

    def test_outputs_that_exist_or_are_inputs_are_refused(self):
        index = self.hugging_face()
        (self.folder / "out").mkdir()
        self.write_text("out/model-00002-of-00002.h5", "precious")
        self.refused_untouched(support.OUTPUT, ["out/model-00002-of-00002.h5: exists", "--force"], "run", index,
                               self.path("out"))
        os.remove(self.path("out/model-00002-of-00002.h5"))
        self.write_text("out/model.index.json", "precious")
        self.refused_untouched(support.OUTPUT, ["out/model.index.json: exists"], "run", index, self.path("out"))
        for source in (index, self.path("model")):
            self.refused_untouched(support.OUTPUT, ["is the input"], "run", source, self.path("model"), "--force")
        # An output that is another input, under another name.
        os.remove(self.path("out/model.index.json"))
        os.link(self.path("model/model-00001-of-00002.h5"), self.path("out/model-00002-of-00002.h5"))
        self.refused_untouched(support.OUTPUT, ["is the input .*model-00001-of-00002.h5"], "run", index, self.path("out"),
                               "--force")

    def test_the_output_is_a_folder_in_a_folder_that_exists(self):
        index = self.hugging_face()
        self.refused_untouched(support.OUTPUT, ["no/out", "cannot use folder"], "run", index, self.path("no/out"))
        self.refused_untouched(support.OUTPUT, ["is no folder"], "run", index, self.write_text("file", "text"))
        files = [str(path) for path in sorted((self.folder / "model").glob("*.h5"))]
        self.refused_untouched(support.OUTPUT, ["is no folder"], "run", *files, files[0])
        self.refused_untouched(support.USAGE, ["third.h5", "not there", "a folder"], "run", *files, self.path("third.h5"))

    def test_one_bad_file_stops_before_the_first_output(self):
        index = self.hugging_face()
        self.checkpoint("model/model-00002-of-00002.h5", "c/weight", shape=(7, 64))
        self.refused_untouched(support.USAGE, ["model-00002-of-00002.h5: /c/weight", "--strict"], "run", index,
                               self.path("out"), "--axis", "0", "--group-size", "16", "--granularity",
                               "per_grouped_channel", "--strict")
        self.write_text("model/model-00002-of-00002.h5", "no checkpoint")
        self.refused_untouched(support.INPUT, ["model-00002-of-00002.h5"], "run", index, self.path("out"))

    def test_bad_indexes_are_refused(self):
        self.shards()
        name = "model-00001-of-00002.h5"
        for words, content in (
                (["no index"], "{"), (["weight_map"], "[]"), (["weight_map"], "{}"), (["weight_map"], '{"weight_map": 1}'),
                (["weight_map"], '{"weight_map": {}}'), (["names no file"], '{"weight_map": {"a": []}}'), (["found 1, wanted are names"], '{"weight_map": {"a": 1}}'),
                (["names gone.h5", "not there"], '{"weight_map": {"a": "gone.h5"}}'),
                (["its JSON names a twice"], '{"weight_map": {"a": "%s", "b": "x.h5", "a": "y.h5"}}' % name),
                (["leads out of the folder"], '{"weight_map": {"a": "../model/%s"}}' % name),
                (["leads out of the folder"], '{"weight_map": {"a": "%s"}}' % self.path("model/" + name)),
                (["levels"], '{"weight_map": ' + "[" * 100_000 + "]" * 100_000 + "}")):
            index = self.write_text("model/bad.index.json", content)
            for source in (index, self.path("model")):
                with self.subTest(content=content[:60], source=source):
                    self.refused_untouched(support.INPUT, ["bad.index.json", *words], "run", source, self.path("out"))
        self.refused_untouched(support.INPUT, ["gone.json: no such file"], "run", self.path("gone.json"), self.path("out"))
        (self.folder / "empty").mkdir()
        self.refused_untouched(support.INPUT, ["no HDF5 file is in this folder"], "run", self.path("empty"), self.path("out"))

    def test_options_of_one_input_are_refused_by_name(self):
        index = self.hugging_face()
        for option in ("--trace", "--report-html", "--shard"):
            self.refused_untouched(support.USAGE, [option, "one input"], "run", index, self.path("out"), option,
                                   self.path("file"))
        self.refused_untouched(support.USAGE, ["--n-bits|n_bits"], "run", index, self.path("out"), "--n-bits", "5")
        self.refused_untouched(support.USAGE, ["--report .*is an input"], "run", index, self.path("out"), "--force",
                               "--report", self.path("model/model-00002-of-00002.h5"))

    # Reports and plans.

    def test_the_report_holds_those_of_the_files(self):
        index = self.hugging_face()
        self.program("run", index, self.path("out"), "--report", self.path("out/report.json"), "--report-detail")
        report = json.loads((self.folder / "out/report.json").read_text())
        self.assertEqual([file["file"] for file in report["files"]], ["model-00001-of-00002.h5", "model-00002-of-00002.h5"])
        for key in ("tensors", "palettized", "dense", "bytes_in", "bytes_out"):
            self.assertEqual(report["totals"][key], sum(file["totals"][key] for file in report["files"]), key)
        self.assertEqual(report["totals"]["files"], 2)
        for file in report["files"]:
            alone = self.report(file["input"], self.path("alone.h5"))
            for mine, theirs in zip(file["tensors"], alone["tensors"], strict=True):
                self.assertEqual({**theirs, "seconds": 0}, {key: 0 if key == "seconds" else value
                                                            for key, value in mine.items() if key != "detail"})
            size = os.path.getsize(self.path(f"out/{file['file']}"))
            self.assertEqual(file["file_bytes_out"], size)
        self.refused(support.INPUT, ["several files", r"jq '\.files\[0\]'"], "report", self.path("out/report.json"),
                     self.path("page.html"))
        one = self.write_text("one.json", json.dumps(report["files"][1]))
        self.program("report", one, self.path("page.html"))

    def test_plan_takes_the_same_and_sums_up(self):
        index = self.hugging_face()
        files = [str(path) for path in sorted((self.folder / "model").glob("*.h5"))]
        self.checkpoint("third.h5", "x/weight")
        alone = [self.plan(file)["totals"] for file in files]
        before = sorted(self.folder.rglob("*"))
        for words in ([index], [self.path("model")], [index, self.path("out")], [*files, self.path("out")]):
            report = json.loads(self.program("plan", *words, "--json").stdout)
            self.assertEqual([file["totals"] for file in report["files"]], alone)
            self.assertEqual(report["totals"]["bytes_out"], sum(totals["bytes_out"] for totals in alone))
        self.assertRegex(self.program("plan", index).stdout, r"model-00002-of-00002.h5:\n(.*\n)*2 files, 4 tensors: 3 palet")
        three = json.loads(self.program("plan", *files, self.path("third.h5"), "--json").stdout)
        self.assertEqual(three["totals"]["files"], 3)
        self.assertEqual(sorted(self.folder.rglob("*")), before)

    def test_a_target_is_one_choice_over_all_files(self):
        index = self.hugging_face(shape=(128, 256))
        with h5py.File(self.path("model/model-00002-of-00002.h5"), "r+") as file:
            file["c/weight"][...] = support.rng(2).standard_normal((128, 256)).astype("f4") ** 3  # needs more bits
        chosen = self.path("chosen.yaml")
        report = json.loads(self.program("plan", index, "--target-bpw", "4", "--write-config", chosen, "--json").stdout)
        bits = {tensor["path"]: tensor["spec"]["n_bits"] for file in report["files"] for tensor in file["tensors"]
                if tensor["spec"]}
        self.assertGreater(len(set(bits.values())), 1, "one width for all: the test shows nothing")
        self.assertLessEqual(report["totals"]["bits_per_weight"], 4)
        self.assertEqual(report["widths"]["bits_per_weight"], report["totals"]["bits_per_weight"])
        self.program("run", index, self.path("out"), "--config", chosen, "--report", self.path("run.json"))
        run = json.loads((self.folder / "run.json").read_text())
        self.assertEqual(run["totals"]["bytes_out"], report["totals"]["bytes_out"])
        bias = 128 * 256 * 4
        self.program("plan", index, "--target-size", f"{bias + (90 << 10)}B", "--write-config", chosen, "--force")
        self.program("run", index, self.path("small"), "--config", chosen)
        self.assertLessEqual(sum(path.stat().st_size for path in (self.folder / "small").glob("*.h5")), bias + (90 << 10))

    def test_sensitivities_of_all_files_lie_in_one(self):
        self.shards()
        path = self.path("s.h5")
        with h5py.File(path, "w") as file:
            for tensor in ("a/weight", "b/weight", "c/weight", "c/bias"):
                file[tensor] = support.rng(1).random((32, 64))
        self.program("run", self.path("model"), self.path("out"), "--sensitivity", path)
        self.assert_as_alone(self.path("model/model-00002-of-00002.h5"), self.path("out/model-00002-of-00002.h5"),
                             "--sensitivity", path)

    # Interruptions.

    def slow_shards(self):
        for shard in range(3):
            layers = 16 if shard == 1 else 3
            self.checkpoint(f"in/{shard}.h5", *(f"layer{shard}{layer:02}/weight" for layer in range(layers)),
                            shape=(200, 256), seed=10 * shard)
        return self.index("in/m.index.json", {f"layer{shard}00": f"{shard}.h5" for shard in range(3)})

    def stopped_in_second(self, *arguments):
        """A run that stands still in the second file. With more tensors done all others may be in flight, which a run finishes before
        it stops."""
        def start():
            process = subprocess.Popen(support.command_line("run", *arguments, *SLOW), stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            return process

        return self.stopped_when(lambda: 2 <= self.journaled("out/.1.h5.h5palettize-journal") <= 8, start,
                                 lambda: shutil.rmtree(self.path("out")))

    def assert_resumed(self, index, *more):
        # As if the first run had been killed when the output had its name.
        self.write_text("out/.0.h5.h5palettize-journal", "")
        self.write_text("out/.0.h5.h5palettize-part.old", "")
        kept = os.stat(self.path("out/0.h5")).st_mtime_ns
        report = self.path("report.json")
        result = self.program("run", index, self.path("out"), *SLOW, "--resume", "--report", report, *more)
        self.assertRegex(result.stderr, "1 of 3 files were done by an earlier run")
        self.assertRegex(result.stderr, "[1-9] of 16 tensors were done by an earlier run")
        self.assertEqual(os.stat(self.path("out/0.h5")).st_mtime_ns, kept)
        self.assert_holds("out", "0.h5", "1.h5", "2.h5", "m.index.json")
        for shard in range(3):
            self.assert_as_alone(self.path(f"in/{shard}.h5"), self.path(f"out/{shard}.h5"), *SLOW)
        files = json.loads(pathlib.Path(report).read_text())["files"]
        self.assertEqual([file.get("kept", False) for file in files], [True, False, False])
        for file in files:
            self.assertTrue(all(tensor["sqnr_db"] > 20 for tensor in file["tensors"]))

    def test_killed_in_the_second_file_it_goes_on_there(self):
        index = self.slow_shards()
        process = self.stopped_in_second(index, self.path("out"), "--resume")
        process.kill()
        process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertFalse((self.folder / "out/m.index.json").exists())
        self.assert_resumed(index)

    @support.needs_prompt_signals  # in the second of three files
    def test_a_signal_ends_it_with_exit_5_and_what_is_done_stays(self):
        index = self.slow_shards()
        process = self.stopped_in_second(index, self.path("out"))
        self.send_and_continue(process, signal.SIGUSR1)
        _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, support.STOPPED, errors)
        self.assertRegex(errors, "out: interrupted; the same command with --resume")
        self.refused(support.OUTPUT, ["0.h5: exists"], "run", index, self.path("out"), *SLOW)
        self.assert_resumed(index)

    @support.needs_prompt_signals  # in the second of three files
    def test_another_run_into_the_folder_takes_nothing_from_what_is_resumed(self):
        index = self.slow_shards()
        other = self.checkpoint("other.h5", "x/weight"), self.checkpoint("more.h5", "x/weight")
        process = self.stopped_in_second(index, self.path("out"))
        self.program("run", *other, self.path("out"))
        self.send_and_continue(process, signal.SIGUSR1)
        process.communicate(timeout=support.DEADLINE_SECONDS)
        for name in ("other.h5", "more.h5"):
            os.remove(self.path(f"out/{name}"))
        self.program("run", *other, self.path("out"))
        for name in ("other.h5", "more.h5"):
            os.remove(self.path(f"out/{name}"))
        self.assert_resumed(index)

    def test_runs_that_make_one_folder_at_a_time_are_both_done(self):
        files = [self.checkpoint(f"{number}.h5", "x/weight") for number in range(4)]
        for _ in range(8):
            both = [subprocess.Popen(support.command_line("run", *words, self.path("out"), "--quiet"), stderr=subprocess.PIPE, text=True)
                    for words in (files[:2], files[2:])]
            for process in both:
                _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.DONE, errors)
            self.assert_holds("out", *(f"{number}.h5" for number in range(4)))
            shutil.rmtree(self.path("out"))

    def test_killed_at_the_end_it_is_done_with_resume(self):
        self.hugging_face()
        report = self.path("report.json")
        words = (self.path("model/model.index.json"), self.path("out"), "--report", report)
        for _ in range(5):
            process = subprocess.Popen(support.command_line("run", *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            end = time.monotonic() + support.DEADLINE_SECONDS
            while not os.path.exists(report):
                self.assertLess(time.monotonic(), end, "no report appeared")
            process.kill()
            process.wait()
            self.assertTrue((self.folder / "out/model.index.json").exists())
            if list((self.folder / "out").glob(".*")):  # notes; else it was done
                self.program("run", *words, "--resume")
            self.assert_holds("out", "model.index.json", "model-00001-of-00002.h5", "model-00002-of-00002.h5")
            self.assertEqual(len(json.loads(pathlib.Path(report).read_text())["files"]), 2)
            shutil.rmtree(self.path("out"))
            os.remove(report)

    def test_an_index_of_somebody_else_is_not_replaced(self):
        index = self.hugging_face()
        (self.folder / "out").mkdir()
        self.write_text("out/model.index.json", "precious")
        note = {"input": "1", "config": "1", "version": "1", "output": "1", "report": "{}"}
        self.write_text("out/.model-00001-of-00002.h5.h5palettize-finished", json.dumps(note))
        self.refused(support.OUTPUT, ["model.index.json: exists"], "run", index, self.path("out"), "--resume")
        self.assertEqual((self.folder / "out/model.index.json").read_text(), "precious")

    def test_what_was_made_of_other_weights_is_not_kept(self):
        index = self.slow_shards()
        process = self.stopped_in_second(index, self.path("out"))
        self.send_and_continue(process, signal.SIGTERM)
        process.communicate(timeout=support.DEADLINE_SECONDS)
        self.refused(support.OUTPUT, ["0.h5: exists"], "run", index, self.path("out"), "--resume", "--n-bits", "4")
        # The same structure, size and path, but a later state of the training.
        with h5py.File(self.path("in/0.h5"), "r+") as file:
            file["layer000/weight"][...] *= 2
        self.refused(support.OUTPUT, ["0.h5: exists"], "run", index, self.path("out"), *SLOW, "--resume")
        # Nor is what another program made in the place of an output.
        self.checkpoint("in/0.h5", *(f"layer0{layer:02}/weight" for layer in range(3)), shape=(200, 256))
        self.write_text("out/0.h5", "something else")
        self.refused(support.OUTPUT, ["0.h5: exists"], "run", index, self.path("out"), *SLOW, "--resume")

    def test_an_error_in_a_file_leaves_those_before_it(self):
        first = self.checkpoint("in/a.h5", "x/weight")
        second = self.checkpoint("in/b.h5", "x/weight")
        with h5py.File(second, "r+") as file:
            file["x/weight"][3, 4] = float("nan")
        result = self.refused(support.CHECK_FAILED, ["/x/weight", "b.h5: failed", "1 of 2 files are done"], "run",
                              self.path("in"), self.path("out"))
        self.assertNotIn("out/b.h5: interrupted", result.stderr)
        self.assert_as_alone(first, self.path("out/a.h5"))
        result = self.program("run", self.path("in"), self.path("out"), "--force", "--on-nonfinite", "skip")
        self.assert_holds("out", "a.h5", "b.h5")
        (self.folder / "in/a.h5").unlink()
        self.refused(support.CHECK_FAILED, ["b.h5: failed"], "run", self.path("in"), self.path("none"))
        self.assertFalse((self.folder / "none").exists())


if __name__ == "__main__":
    unittest.main()
