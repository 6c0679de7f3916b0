"""merge --link: an index of external links to tensors that stay in their shards."""

import filecmp
import os
import pathlib
import shutil
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, DONE, INPUT, OUTPUT

GROUPS = ("--granularity", "per_grouped_channel", "--group-size", "64")
FOLLOW = ("--follow-external",)


class Linked(support.Case):
    def setUp(self):
        super().setUp()
        self.original, self.whole, self.index = (self.path(name) for name in ("in.h5", "whole.h5", "index.h5"))

    def checkpoint(self, references=False):
        """Layers of many sizes, one under two names, a large one that is cut into slabs, links, and what is not palettized."""
        with h5py.File(self.original, "w", track_order=True) as file:
            file.attrs["title"] = "kept"
            for layer in (2, 0, 1):
                file[f"layer{layer}/weight"] = (support.rng(layer).standard_normal((128, 64 * (layer + 1)))).astype("f4")
                file[f"layer{layer}/weight"].attrs["note"] = layer
                file[f"layer{layer}/bias"] = support.rng(layer).standard_normal(128)
            file["head/weight"] = support.rng(99).standard_normal((4096, 1024)).astype("f4")
            file["tied"] = file["layer1/weight"]
            file["soft"] = h5py.SoftLink("/layer2/weight")
            file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
            file["ids"] = np.arange(10)
            if references:
                file["layer0/weight"].attrs["head"] = file["head"].ref
        return self.original

    def shards(self, parts, *options):
        os.makedirs(self.path("parts"), exist_ok=True)
        names = [self.path(f"parts/part {part}.h5") for part in range(parts)]
        for part, name in enumerate(names):
            self.program("run", self.original, name, "--shard", f"{part}/{parts}", "--force", *options)
        return names

    def linked(self, parts=3, *options):
        """The checkpoint as one file and as an index of shards; what merge said."""
        self.checkpoint()
        self.program("run", self.original, self.whole, *GROUPS, *options)
        return self.program("merge", self.index, *self.shards(parts, *GROUPS, *options), "--link").stdout

    def assert_same_tensors(self, index):
        with h5py.File(self.whole) as whole, h5py.File(index) as linked:
            names = []
            whole.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
            self.assertGreater(len(names), 12)
            for name in names:
                np.testing.assert_array_equal(whole[name][()], linked[name][()], name)
            for layer in range(3):
                tensors = [file[f"layer{layer}/weight"] for file in (whole, linked)]
                self.assertEqual(*({name: np.asarray(tensor.attrs[name]).tolist() for name in tensor.attrs
                                    if name != "palettized_storage_type"} for tensor in tensors))

    def test_any_program_reads_the_tensors_through_the_index(self):
        said = self.linked()
        self.assertRegex(said, r"merged 3 shards: 4 tensors \(3 of them stay in the shards, 1 are cut among several and were copied\)")
        self.assert_same_tensors(self.index)
        with h5py.File(self.index) as file:
            link = file.get("layer1/weight", getlink=True)
            self.assertRegex(link.filename, r"^parts/part \d.h5$")
            self.assertEqual(link.path, "/layer1/weight")
            self.assertEqual(file.get("tied", getlink=True).path, "/layer1/weight")
            self.assertIsInstance(file.get("head/weight", getlink=True), h5py.HardLink)
            self.assertEqual(file.get("elsewhere", getlink=True).filename, "other.h5")
            self.assertEqual(file["h5palettize/config"][()], h5py.File(self.whole)["h5palettize/config"][()])

    def test_the_index_is_the_file_for_those_who_follow(self):
        self.linked(7, "--per-channel-scale", "--lut-dtype", "int8")
        self.program("verify", self.original, self.index, *FOLLOW)
        for name, source, options in (("a.h5", self.whole, ()), ("b.h5", self.index, FOLLOW)):
            self.program("restore", source, self.path(name), *options)
        self.assertTrue(filecmp.cmp(self.path("a.h5"), self.path("b.h5"), shallow=False))
        said = self.program("compare", self.whole, self.index, self.original, *FOLLOW).stdout
        self.assertIn("+0.00 dB over 4 tensors", said)
        self.assertRegex(self.program("inspect", self.index, *FOLLOW).stdout, r"palettized +float32 +\(128, 64\) .*/layer0/weight")

    def test_who_does_not_follow_is_told(self):
        self.linked()
        words = ["index.h5: 3 of its 4 tensors are not in this file, /layer0/weight first; ", "--follow-external reads"]
        self.refused(INPUT, words, "verify", self.original, self.index)
        self.refused(INPUT, words, "restore", self.index, self.path("out.h5"))
        self.refused(INPUT, words, "compare", self.whole, self.index)
        self.assertIn("5 external links, not followed, the first of /layer2/weight to /layer2/weight of parts/part ",
                      self.program("inspect", self.index).stdout)

    def test_files_that_are_moved_together_or_not(self):
        self.linked()
        os.makedirs(self.path("there"))
        for name in ("index.h5", "parts"):
            shutil.move(self.path(name), self.path("there"))
        self.assert_same_tensors(self.path("there/index.h5"))
        self.program("verify", self.original, self.path("there/index.h5"), *FOLLOW)
        shutil.rmtree(self.path("there/parts"))
        self.refused(INPUT, ["3 of its 4 tensors are not in this file", "where those files are"],
                     "verify", self.original, self.path("there/index.h5"), *FOLLOW)

    def test_a_shard_that_changed_is_found(self):
        self.linked()
        with h5py.File(self.index) as file:
            link = file.get("layer0/weight", getlink=True)
        with h5py.File(self.path(link.filename), "r+") as file:
            file["layer0/weight/lut"][0, 0, 3, 0] *= 1.5
        self.refused(CHECK_FAILED, ["/layer0/weight: "], "verify", self.original, self.index, *FOLLOW)
        self.refused(INPUT, ["/layer0/weight: LUT, .* are not those that were written"], "restore", self.index, self.path("a.h5"), *FOLLOW)

    def test_shards_that_are_damaged_are_not_linked(self):
        self.checkpoint()
        names = self.shards(2, *GROUPS, "--per-channel-scale")
        owner = next(name for name in names if "layer0" in h5py.File(name))
        whole = pathlib.Path(owner).read_bytes()
        for member in ("lut", "per_channel_scale"):
            with h5py.File(owner, "r+") as file:
                file["layer0/weight"][member][0] *= 1.5
            self.refused(INPUT, [f"{owner}: /layer0/weight: is damaged: LUT, "], "merge", self.index, *names, "--link")
            pathlib.Path(owner).write_bytes(whole)
        for attribute, value in (("group_size", 32), ("output_channel_axis", 1)):
            with h5py.File(owner, "r+") as file:
                file["layer0/weight"].attrs[attribute] = value
            self.refused(INPUT, [f"{owner}: /layer0/weight: "], "merge", self.index, *names, "--link")
            pathlib.Path(owner).write_bytes(whole)
        self.assertFalse(os.path.exists(self.index))
        self.program("merge", self.index, *names, "--link")

    def test_shards_of_other_weights_in_their_place(self):
        self.linked()
        os.rename(self.path("parts"), self.path("were"))
        with h5py.File(self.original, "r+") as file:
            for layer in range(3):
                file[f"layer{layer}/weight"][...] *= 2
        self.shards(3, *GROUPS)
        self.refused(INPUT, ["/layer0/weight: LUT, .* the file, or one that it links, was changed"],
                     "restore", self.index, self.path("a.h5"), *FOLLOW)

    def test_references_are_refused(self):
        self.checkpoint(references=True)
        names = self.shards(2, *GROUPS)
        self.refused(INPUT, ["/layer0/weight holds references, which do not lead into other files"],
                     "merge", self.index, *names, "--link")
        self.assertFalse(os.path.exists(self.index))
        self.program("merge", self.index, *names)
        self.program("verify", self.original, self.index)

    def test_shards_are_kept_from_being_the_index(self):
        self.checkpoint()
        names = self.shards(2, *GROUPS)
        before = pathlib.Path(names[0]).read_bytes()
        self.refused(OUTPUT, ["part 0.h5"], "merge", names[0], *names, "--link", "--force")
        self.assertEqual(pathlib.Path(names[0]).read_bytes(), before)

    def test_links_of_a_stranger(self):
        """To what is no tensor, no file, itself: they stay links, and what the file names is missing."""
        self.linked()
        pathlib.Path(self.path("text.h5")).write_text("no HDF5")
        for target in (("in.h5", "/ids"), ("in.h5", "/layer0"), ("text.h5", "/"), ("index.h5", "/layer0/weight"), ("index.h5", "/"),
                       ("absent.h5", "/x")):
            with h5py.File(self.index, "r+") as file:
                del file["layer0/weight"]
                file["layer0/weight"] = h5py.ExternalLink(*target)
            self.refused(INPUT, ["1 of its 4 tensors are not in this file, /layer0/weight first"],
                         "restore", self.index, self.path("out.h5"), *FOLLOW)
        with h5py.File(self.index, "r+") as file:  # a tensor, but another
            del file["layer0/weight"]
            file["layer0/weight"] = h5py.ExternalLink("whole.h5", "/layer2/weight")
        self.refused(CHECK_FAILED, ["/layer0/weight: "], "verify", self.original, self.index, *FOLLOW)
        self.assertEqual(self.program("inspect", self.index, *FOLLOW).returncode, DONE)


if __name__ == "__main__":
    unittest.main()
