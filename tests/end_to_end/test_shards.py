"""Shards: parts of the work that are done apart, and merged to the bytes of a run that was not divided."""

import filecmp
import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import support
from support import DONE, INPUT, OUTPUT, STOPPED, USAGE

GROUPS = ("--granularity", "per_grouped_channel", "--group-size", "64")
DEADLINE_SECONDS = 60


class Shards(support.Case):
    def checkpoint(self, layers=10, keras=False):
        """Layers of many sizes, one that is cut into slabs, one under two names, and what is not palettized."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.attrs["title"] = "kept"
            if keras:
                file.attrs["keras_version"] = "2.14.0"
                file.attrs["backend"] = "tensorflow"
            for layer in range(layers):
                values = support.rng(layer).standard_normal((128, 64 * (layer + 1))) * 0.1
                file[f"layer{layer}/weight"] = values.astype("f2" if layer % 3 == 0 else "f4")
                file[f"layer{layer}/bias"] = support.rng(layer).standard_normal(128)
            file["head/weight"] = support.rng(99).standard_normal((4096, 1024)).astype("f4")
            file["tied"] = file["head/weight"]
            file["layer0/weight"].attrs["head"] = file["head"].ref
            file["ids"] = np.arange(10)
        return path

    def run_shards(self, original, parts, *options):
        names = [self.path(f"part-{part}.h5") for part in range(parts)]
        for part, name in enumerate(names):
            self.program("run", original, name, "--shard", f"{part}/{parts}", "--force", *options)
        return names

    def assert_merges_to_a_run(self, original, counts, *options):
        """The names of the last shards."""
        whole, merged = self.path("whole.h5"), self.path("merged.h5")
        self.program("run", original, whole, "--force", *options)
        for parts in counts:
            names = self.run_shards(original, parts, *options)
            self.program("merge", merged, *reversed(names), "--force")
            self.assertTrue(filecmp.cmp(whole, merged, shallow=False), (parts, options))
        self.program("verify", original, merged)
        return names

    def test_merged_shards_are_the_file_of_one_run(self):
        original = self.checkpoint()
        names = self.assert_merges_to_a_run(original, (1, 2, 3, 7), *GROUPS)
        rows = []
        for name in names:
            with h5py.File(name) as file:
                rows.append(file["head/weight"].attrs["palettized_shape"][0] if "head" in file else 0)
                self.assertNotIn("ids", file)
                self.assertNotIn("title", file.attrs)
        self.assertEqual(sum(rows), 4096)
        self.assertGreater(sum(row > 0 for row in rows), 1)  # the large one was cut

    def test_every_kind_of_palette_is_merged(self):
        original = self.checkpoint(layers=4)
        for options in (("--n-bits", "2"), (*GROUPS, "--per-channel-scale"), (*GROUPS, "--lut-dtype", "int8"),
                        (*GROUPS, "--lut-dtype", "float8_e4m3fn", "--n-bits", "6"),
                        ("--cluster-dim", "2", "--n-bits", "3", *GROUPS[:3], "1024"),
                        ("--engine", "exact", *GROUPS), ("--engine", "reference", "--n-bits", "2", *GROUPS)):
            self.assert_merges_to_a_run(original, (3,), *options)

    def test_more_parts_than_work(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["a/weight"] = support.rng(1).standard_normal((64, 64)).astype("f4")
        names = self.assert_merges_to_a_run(path, (64,), "--n-bits", "4")
        self.assertEqual(sum(len(h5py.File(name).keys() - {"h5palettize"}) for name in names), 1)

    def test_keras_layout_and_sensitivities(self):
        original = self.checkpoint(layers=3, keras=True)
        self.assert_merges_to_a_run(original, (4,), *GROUPS, "--axis", "1")
        sensitivities = self.path("sens.h5")
        with h5py.File(original) as source, h5py.File(sensitivities, "w") as file:
            for name in ("layer0/weight", "layer1/weight", "layer2/weight", "head/weight"):
                file[name] = support.rng(7).random(source[name].shape).astype("f4")
            file["tied"] = file["head/weight"]
        self.assert_merges_to_a_run(original, (2,), "--sensitivity", sensitivities)
        self.assert_merges_to_a_run(original, (2,), "--sensitivity", sensitivities, *GROUPS, "--layout", "torch")  # would be cut

    @unittest.skipUnless(support.CHECKPOINTS.is_dir(), f"no checkpoints at {support.CHECKPOINTS}")
    def test_real_checkpoints(self):
        for name in ("face_xception_big_k205.hdf5", "deepsqueak_mouse_v73.mat", "imitation_hopper_pytables.h5"):
            with self.subTest(name=name):
                self.assert_merges_to_a_run(str(support.CHECKPOINTS / name), (3, 8), "--include", ".*", "--n-bits", "8")

    def test_a_shard_of_another_specification_is_damaged(self):
        original = self.checkpoint(layers=2)
        names = self.run_shards(original, 2, *GROUPS, "--lut-dtype", "int8")
        owner = next(name for name in names if "layer1" in h5py.File(name))
        whole = pathlib.Path(owner).read_bytes()
        for old, new in (("symmetric", "symmetriX"), ('"symmetric"', '"asymmetric"'), ('"int8"', '"uint8"')):
            with h5py.File(owner, "r+") as file:
                attributes = file["layer1/weight"].attrs
                self.assertIn(old, attributes["palettized_spec"])
                attributes["palettized_spec"] = attributes["palettized_spec"].replace(old, new)
            self.refused(INPUT, [f"{owner}: /layer1/weight: .*damaged"], "merge", self.path("merged.h5"), *names)
            pathlib.Path(owner).write_bytes(whole)

    def test_a_shard_is_no_checkpoint(self):
        original = self.checkpoint(layers=2)
        name = self.run_shards(original, 1, *GROUPS)[0]
        for command in (("restore", name, self.path("a.h5")), ("verify", original, name), ("compare", name, name)):
            self.refused(INPUT, ["part-0.h5: is a shard of a palettized checkpoint; merge"], *command)
        self.assertIn("part-0.h5: shard of a palettized checkpoint", self.program("inspect", name).stdout)
        self.assertTrue(json.loads(self.program("inspect", name, "--json").stdout)["shard"])

    def test_parts_that_are_missing_or_foreign_are_named(self):
        original = self.checkpoint(layers=4)
        names = self.run_shards(original, 4, *GROUPS)
        merged = self.path("merged.h5")
        self.refused(INPUT, ["parts 1, 2 of 4 are missing; the run with --shard 1/4 makes the first"], "merge", merged, names[0], names[3])
        self.refused(INPUT, ["part-1.h5: is part 1 of 4, and so is .*again.h5"], "merge", merged,
                     shutil.copy(names[1], self.path("again.h5")), *names)
        self.program("run", original, self.path("whole.h5"), *GROUPS)
        self.refused(INPUT, ["whole.h5: is no shard"], "merge", merged, self.path("whole.h5"), *names)
        self.refused(INPUT, ["in.h5: is no shard"], "merge", merged, original, *names)
        other = self.path("other.h5")
        for options, words in ((("--shard", "1/5", *GROUPS), "one of 5 parts, not 4"),
                               (("--shard", "1/4", *GROUPS, "--n-bits", "3"), "another configuration"),
                               (("--shard", "1/4", *GROUPS, "--seed", "3"), "another configuration")):
            self.program("run", original, other, "--force", *options)
            self.refused(INPUT, [f"other.h5: was made .*{words}"], "merge", merged, names[0], other, *names[2:])
        with h5py.File(original, "r+") as file:
            file["ids"][0] = 7
        self.refused(INPUT, ["in.h5: is not, or no longer, the file"], "merge", merged, *names)
        self.program("run", original, other, "--force", "--shard", "1/4", *GROUPS)
        self.refused(INPUT, ["other.h5: was made from another input, with other sensitivities, or with another --drop"], "merge", merged, names[0], other, *names[2:])
        self.assertFalse(os.path.exists(merged))

    def test_the_input_may_lie_elsewhere(self):
        original = self.checkpoint(layers=2)
        names = self.run_shards(original, 2, *GROUPS)
        moved = self.path("moved.h5")
        os.rename(original, moved)
        self.refused(INPUT, ["in.h5: the file that the shards were made from is not there; --input names it"], "merge", self.path("merged.h5"), *names)
        self.program("merge", self.path("merged.h5"), *names, "--input", moved)
        self.program("verify", moved, self.path("merged.h5"))

    def test_more_shards_than_files_may_be_open(self):
        original = self.checkpoint(layers=2)
        names = self.run_shards(original, 40, *GROUPS)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        subprocess.run([support.PROGRAM, "merge", self.path("merged.h5"), *names, "--quiet"], check=True,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, most)))
        self.program("verify", original, self.path("merged.h5"))

    def test_a_shape_that_is_not_that_of_the_input(self):
        """A shard that is whole in itself, but of other weights."""
        original = self.checkpoint(layers=1)
        (name,) = self.run_shards(original, 1, *GROUPS)
        with h5py.File(name, "r+") as file:
            group = file["layer0/weight"]
            rows, columns = group.attrs["palettized_shape"]
            narrow = (int(rows), int(columns) // 2)
            values, stored = group["indices"][:, :narrow[1]], group["indices"].id.get_type()
            del group["indices"]
            chunks = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            chunks.set_chunk(narrow)
            chunks.set_filter(h5py.h5z.FILTER_NBIT)
            indices = h5py.h5d.create(group.id, b"indices", stored, h5py.h5s.create_simple(narrow), chunks)
            indices.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values))
            group.attrs["palettized_shape"] = np.array(narrow)
        self.refused(INPUT, [r"part-0.h5: /layer0/weight: is damaged: float16 \(128, 32\) is not what the input has"],
                     "merge", self.path("merged.h5"), name)

    def test_shards_that_claim_anything_are_named_at_once(self):
        original = self.checkpoint(layers=2)
        names, evil = self.run_shards(original, 2), self.path("evil.h5")

        def shard(**keys):
            return lambda document: document["shard"].update(keys)

        def tensor(**keys):
            return lambda document: document["tensors"][0].update(keys)

        for edit, words in ((shard(parts=10**18), "parts 1, 2, .* 20 and 999999999999999979 more of 1000000000000000000 are missing"),
                            (shard(part=7), "names a part that is none"), (shard(parts=0), "names a part that is none"),
                            (shard(parts=1e300), "no whole number"), (shard(part=-1), "no whole number"), (shard(tensors="4"), "no whole number"),
                            (tensor(indices_fingerprint=16), "is damaged"), (tensor(slab=[0, 1e300], chunk_errors=[]), "no whole number"),
                            (tensor(slab=0), "is damaged"), (lambda document: document.update(tensors={}), "is damaged"),
                            (lambda document: document.update(shard=[]), "is damaged")):
            shutil.copy(names[0], evil)
            support.rewrite_document(evil, support.edited_keys(edit))
            with self.subTest(words=words):
                self.refused(INPUT, [rf"evil\.h5: .*({words})"], "merge", self.path("merged.h5"), evil)
                self.refused(INPUT, [r"evil\.h5"], "merge", self.path("merged.h5"), evil, names[1])

    def test_a_damaged_shard_is_found(self):
        original = self.checkpoint(layers=4)
        names = self.run_shards(original, 2, *GROUPS)
        merged = self.path("merged.h5")
        with h5py.File(names[0]) as file:
            paths = []
            file.visititems(lambda path, item: paths.append(path) if "palettized_spec" in item.attrs else None)
            indices = file[paths[-1]]["indices"]
            places = {"indices": indices.id.get_chunk_info(0).byte_offset + 5,
                      "LUT, scales": pathlib.Path(names[0]).read_bytes().index(file[paths[-1]]["lut"][()].tobytes()) + 1}
        for words, place in places.items():
            damaged = shutil.copy(names[0], self.path("damaged.h5"))
            with open(damaged, "r+b") as file:
                file.seek(place)
                byte = file.read(1)[0]
                file.seek(place)
                file.write(bytes([byte ^ 16]))
            self.refused(INPUT, [f"damaged.h5: .*{words}"], "merge", merged, damaged, names[1])
            self.assertFalse(os.path.exists(merged))
        self.assert_folder_holds("damaged.h5", "in.h5", *(os.path.basename(name) for name in names))

    def test_a_shard_is_no_palettized_checkpoint(self):
        original = self.checkpoint(layers=2)
        names = self.run_shards(original, 2, *GROUPS)
        self.refused(INPUT, ["part-0.h5: is a shard"], "verify", original, names[0])
        self.refused(INPUT, ["part-0.h5"], "run", names[0], self.path("out.h5"))
        self.refused(OUTPUT, ["part-0.h5"], "merge", names[0], *names, "--force")
        self.refused(OUTPUT, ["in.h5"], "merge", original, *names, "--force")
        self.refused(OUTPUT, ["taken"], "merge", self.write_text("taken", "precious"), *names)
        for text in ("2/2", "a/2", "0", "-1/2", "0/0", "0/2x", ""):
            self.refused(USAGE, ["--shard"], "run", original, self.path("out.h5"), f"--shard={text}")

    def test_reports_of_a_shard_are_about_its_part(self):
        original = self.checkpoint(layers=2)
        weights, slabs = 0, []
        for part in range(4):
            report = self.report(original, self.path("part.h5"), "--shard", f"{part}/4", *GROUPS)
            for tensor in report["tensors"]:
                self.assertEqual(tensor["action"], "palettized")
                self.assertAlmostEqual(tensor["bits_per_weight"], 4, delta=0.2)
                weights += tensor["bytes_in"] // (2 if tensor["dtype"] == "float16" else 4)
                slabs += [tensor["slab"]] if "slab" in tensor else []
        self.assertEqual(weights, 128 * 64 + 128 * 128 + 4096 * 1024)
        self.assertEqual(sum(rows for _, rows in slabs), 4096)

    def test_a_part_that_is_done_stays_where_work_is_resumed(self):
        original, part = self.checkpoint(), self.path("part.h5")
        words = ("run", original, part, *GROUPS, "--shard", "1/3")
        state = lambda: (os.stat(part).st_ino, os.stat(part).st_mtime_ns)
        self.program(*words)
        made = state()
        for force in ((), ("--force",)):
            self.assertIn("is part 1 of 3 of the same run; it stays", self.program(*words, "--resume", *force).stderr)
            self.assertEqual(state(), made)
        self.refused(OUTPUT, ["exists; pass --force"], *words)
        self.refused(OUTPUT, ["exists; pass --force"], *words, "--resume", "--report", self.path("r.json"))
        for other in (("--n-bits", "3"), ("--seed", "4"), ("--shard", "2/3"), ("--shard", "1/4")):
            changed = [*words[:-2], *other, *(() if other[0] == "--shard" else words[-2:]), "--resume"]
            self.refused(OUTPUT, ["exists; pass --force"], *changed)
            self.assertEqual(state(), made)
            self.program(*changed, "--force")
            self.assertNotEqual(state(), made)
            self.program(*words, "--force")
            made = state()
        with h5py.File(original, "r+") as file:
            file["layer3/weight"][...] *= 2
        self.refused(OUTPUT, ["exists; pass --force"], *words, "--resume")
        self.program(*words, "--force")
        whole = pathlib.Path(part).read_bytes()
        for damaged in (whole[:1000], whole[: len(whole) // 2] + bytes(64) + whole[len(whole) // 2 + 64:]):
            pathlib.Path(part).write_bytes(damaged)
            self.program(*words, "--resume", "--force")
            self.assertEqual(pathlib.Path(part).read_bytes(), whole)
        # As if the run had been killed when the part had its name.
        self.write_text(".part.h5.h5palettize-journal", "")
        self.program(*words, "--resume")
        self.assert_folder_holds("in.h5", "part.h5")

    def test_a_shard_that_was_stopped_goes_on(self):
        original = self.path("in.h5")
        with h5py.File(original, "w") as file:
            for layer in range(16):
                file[f"layer{layer:02}/weight"] = support.rng(layer).standard_normal((128, 256)).astype("f4")
        options = ("--n-bits", "6", "--engine", "reference", "--memory", "1MiB", "--shard", "0/2")
        self.program("run", original, self.path("whole.h5"), *options)
        words = support.command_line("run", original, self.path("out.h5"), *options, "--resume")
        journal = self.folder / ".out.h5.h5palettize-journal"
        for kill in (signal.SIGUSR1, signal.SIGKILL):
            process = subprocess.Popen(words, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            before, deadline = 0, time.monotonic() + DEADLINE_SECONDS
            while time.monotonic() < deadline and process.poll() is None:
                size = journal.stat().st_size if journal.exists() else 0
                if size > max(before, 4096):
                    break
                time.sleep(0.002)
            process.send_signal(kill)
            code = process.wait()
            self.assertIn(code, (STOPPED, DONE) if kill == signal.SIGUSR1 else (-kill, DONE))
            if code == DONE:
                break
        self.refused(USAGE, ["resume"], "run", original, self.path("out.h5"), *options[:-1], "1/2", "--resume") \
            if journal.exists() else None
        self.program("run", original, self.path("out.h5"), *options, "--resume", "--force")
        self.assertTrue(filecmp.cmp(self.path("whole.h5"), self.path("out.h5"), shallow=False))


if __name__ == "__main__":
    unittest.main()
