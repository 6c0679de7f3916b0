"""What stands under the names that a palettized file needs is never lost: such a file is refused."""

import unittest

import h5py
import numpy as np

import support
from support import INPUT


class ReservedNames(support.Case):
    def checkpoint(self, change):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["l/weight"] = support.rng(1).standard_normal((8, 8)).astype("f4")
            change(file)
        return path

    def refused_by_plan_and_run(self, change, *words):
        path = self.checkpoint(change)
        self.refused(INPUT, [r"in\.h5", *words], "plan", path)
        self.refused(INPUT, [r"in\.h5", *words], "run", path, self.path("out.h5"))
        self.assert_folder_holds("in.h5")

    def test_objects_at_the_document_group(self):
        changes = {"member": lambda file: file.__setitem__("h5palettize/notes", "important"),
                   "tensor": lambda file: file.__setitem__("h5palettize/weight", np.ones((8, 8), "f4")),
                   "dataset": lambda file: file.__setitem__("h5palettize", np.arange(4)),
                   "group": lambda file: file.create_group("h5palettize"),
                   "link": lambda file: file.__setitem__("h5palettize", h5py.SoftLink("/l"))}
        for name, change in changes.items():
            with self.subTest(name):
                self.refused_by_plan_and_run(change, "/h5palettize", "rename")

    def test_the_name_is_free_below_the_root(self):
        path = self.checkpoint(lambda file: file.__setitem__("l/h5palettize/notes", "important"))
        _, restored = self.dense_again(path)
        self.assertEqual(self.h5diff(path, restored, "/l/weight"), "")

    def test_root_attributes(self):
        for name, value in (("h5palettize_version", "mine"), ("h5palettize_complete", 1), ("h5palettize_format", "mine"),
                            ("h5palettize_format", 1.5)):
            with self.subTest(name=name, value=value):
                self.refused_by_plan_and_run(lambda file: file.attrs.__setitem__(name, value), name, "rename")

    def test_attributes_of_a_tensor(self):
        for name in ("palettized_shape", "palettized_spec", "group_size", "palettized_storage"):
            with self.subTest(name):
                def change(file):
                    file["l/weight"].attrs["note"] = "free"
                    file["l/weight"].attrs[name] = 16
                    file["m/weight"] = np.ones((8, 8), "f4")
                self.refused_by_plan_and_run(change, "/l/weight", name, "rename it or exclude")
                self.plan(self.path("in.h5"), "--exclude", "l")
                self.program("run", self.path("in.h5"), self.path("out.h5"), "--exclude", "l", "--force")
                self.assertEqual(h5py.File(self.path("out.h5"))["l/weight"].attrs[name], 16)
                (self.folder / "out.h5").unlink()

    def test_unfinished_palettized_file(self):
        for complete in (None, 0):
            with self.subTest(complete=complete):
                def change(file):
                    file.attrs["h5palettize_format"] = 1
                    if complete is not None:
                        file.attrs["h5palettize_complete"] = complete
                self.refused_by_plan_and_run(change, "unfinished palettized file")

    def test_inspect_shows_such_files(self):
        path = self.checkpoint(lambda file: file.__setitem__("h5palettize/notes", "important"))
        self.assertIn("/h5palettize/notes", self.program("inspect", path).stdout)


if __name__ == "__main__":
    unittest.main()
