"""Which dimension is which axis: what --layout says, else what the file's attributes and names say."""

import pathlib
import unittest

import h5py
import numpy as np

import support

GROUPED = ("--granularity", "per_grouped_channel", "--axis", "0", "--group-size", "4")


class Layout(support.Case):
    def file(self, dataset, attributes=()):
        """A file with one matrix of weights; attributes: (path of the object, name, value)."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file[dataset] = support.rng(1).standard_normal((32, 16)).astype("f4")
            for place, name, value in attributes:
                file.require_group(place).attrs[name] = value
        return path

    def axes(self, path, *options):
        """group_axis and output_channel_axis as run stores them for the only palettized tensor."""
        self.program("run", path, self.path("out.h5"), "--force", *GROUPED, *options)
        with h5py.File(self.path("out.h5")) as file:
            group, = support.palettized_groups(file)
            attributes = file[group].attrs
            return int(attributes["group_axis"]), int(attributes["output_channel_axis"])

    def test_the_option_overrules_the_file(self):
        path = self.file("fc/weight")
        self.assertEqual(self.axes(path), (0, 0))
        self.assertEqual(self.axes(path, "--layout", "keras"), (1, 1))
        path = self.file("dense/dense/kernel:0", [("/", "keras_version", "2.14.0"), ("/", "backend", "tensorflow")])
        self.assertEqual(self.axes(path), (1, 1))
        self.assertEqual(self.axes(path, "--layout", "torch"), (0, 0))
        self.assertEqual(self.axes(path, "--layout", "auto"), (1, 1))

    def test_each_sign_of_keras_is_enough(self):
        cases = {
            "keras_version": ("dense/dense/kernel:0", [("/", "keras_version", "2.14.0")]),
            "backend": ("dense/dense/kernel:0", [("/", "backend", "tensorflow")]),
            "layer_names": ("dense/dense/kernel:0", [("/", "layer_names", np.array([b"dense"]))]),
            "weight_names": ("dense/dense/kernel:0", [("/dense", "weight_names", np.array([b"dense/kernel:0"]))]),
            "below model_weights": ("model_weights/dense/dense/kernel:0",
                                    [("/model_weights", "keras_version", "2.14.0")]),
            "Keras 3's vars": ("layers/dense/vars/0", []),
        }
        for name, (dataset, attributes) in cases.items():
            with self.subTest(name):
                self.assertEqual(self.axes(self.file(dataset, attributes)), (1, 1))

    def test_a_kernel_is_stored_as_flax_and_keras_do(self):
        self.assertEqual(self.axes(self.file("dense/dense/kernel:0", [])), (1, 1))

    def test_types_of_the_user_win(self):
        path = self.file("fc/weight")
        types = self.path("types.yaml")
        pathlib.Path(types).write_text("fc: Embedding\n")
        self.refused(support.USAGE, ["nothing is selected"], "plan", path, "--types", types)
        pathlib.Path(types).write_text("fc: Dens\n")
        self.refused(support.USAGE, [r"types.yaml:1:5: fc: 'Dens' is no type known here, did you mean 'Dense'"],
                     "plan", path, "--types", types)
        self.refused(support.USAGE, ["--types .*absent: cannot be read"], "plan", path, "--types", self.path("absent"))
        pathlib.Path(types).write_text("fc: Linear\n")
        explained = self.program("explain", path, "fc.weight", "--types", types).stdout
        self.assertIn("Linear: --types says so of 'fc'", explained)
        self.refused(support.OUTPUT, ["is the file with the types"], "run", path, types, "--types", types, "--force")

    def test_a_type_for_no_module_is_refused(self):
        path = self.file("fc/weight")
        types = self.path("types.yaml")
        pathlib.Path(types).write_text("fc: Linear\nfcc: Embedding\n")
        told = r"types.yaml:2:1: 'fcc' matches no module; .*the nearest are fc"
        for command in (("plan", path), ("explain", path), ("explain", path, "fc.weight"),
                        ("run", path, self.path("out.h5"))):
            self.refused(support.USAGE, [told, "--allow-unmatched-rules"], *command, "--types", types)
        passed = self.program("plan", path, "--types", types, "--allow-unmatched-rules")
        self.assertRegex(passed.stdout + passed.stderr, told)

    def test_everything_else_is_torch(self):
        cases = {
            "no attributes": ("dense/weight", []),
            "other attributes": ("fc/weight", [("/", "version", "2.14.0"), ("/fc", "names", np.array([b"weight"]))]),
            "numbers, but not below vars": ("data/ip1/0", []),
        }
        for name, (dataset, attributes) in cases.items():
            with self.subTest(name):
                self.assertEqual(self.axes(self.file(dataset, attributes)), (0, 0))


if __name__ == "__main__":
    unittest.main()
