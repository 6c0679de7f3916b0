"""Which dimension is which axis: what --layout says, else what the file's attributes and names say."""

import json
import pathlib
import re
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

    def explained(self, path, tensor, *options):
        explained = self.program("explain", path, tensor, "--n-bits", "4", *options, "--json").stdout
        return json.loads(explained)

    def test_the_line_that_a_contradiction_names_decides(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"] = "2.14.0"
            file["enc/fc/kernel:0"] = support.rng(1).standard_normal((32, 16)).astype("f4")
            file["enc/fc/bias:0"] = np.zeros(32, "f4")
        planned = self.program("plan", path, "--n-bits", "4").stderr
        self.assertIn("The bias has precedence over keras_version attribute of /", planned)
        line = re.search(r"the line ('.*': Dense) in the file of --types", planned).group(1)
        axes = self.explained(path, "/enc/fc/kernel:0")["axes"]
        self.assertEqual((axes["output_dimension"], axes["input_dimension"]), (0, 1))
        types = self.path("types.yaml")
        pathlib.Path(types).write_text(line + "\n")
        self.assertNotIn("precedence", self.program("plan", path, "--n-bits", "4", "--types", types).stderr)
        told = self.explained(path, "/enc/fc/kernel:0", "--types", types)
        self.assertEqual(told["axes"]["output_dimension"], 1)
        self.assertIn("because: --types says Dense", told["paths"][0]["evidence"][-1])

    def test_wrappers_are_types(self):
        path = self.file("bi/forward_gru/gru_cell/kernel:0")
        types = self.path("types.yaml")
        pathlib.Path(types).write_text("'bi.*': Bidirectional\n")
        told = self.explained(path, "/bi/forward_gru/gru_cell/kernel:0", "--types", types)["paths"][0]
        self.assertTrue(told["evidence"][0].startswith("Bidirectional: --types says so of 'bi.*'"), told["evidence"])
        self.assertEqual((told["kind"], told["role"]), ("linear", "kernel"))

    def test_a_refuted_default_name_is_no_type_for_rules(self):
        path = self.file("embedding/embedding/kernel:0", [("/", "keras_version", "2.14.0")])
        with h5py.File(path, "a") as file:
            file["embedding/embedding/bias:0"] = np.zeros(16, "f4")
        config = self.path("config.yaml")
        rule = "kmeans_palettization_config: {{module_type_configs: {{{}: {{op_state_spec: {{weight: {{n_bits: 2}}}}}}}}}}"
        pathlib.Path(config).write_text(rule.format("Dense"))
        self.assertEqual(self.plan(path, "--config", config)["tensors"][1]["spec"]["n_bits"], 2)
        pathlib.Path(config).write_text(rule.format("Embedding"))
        self.refused(support.USAGE, ["Embedding"], "plan", path, "--config", config)

    def test_an_equation_of_model_config_decides(self):
        einsum = {"class_name": "EinsumDense", "config": {"name": "mix", "equation": "abc,dc->abd"}}
        wrapped = {"class_name": "TimeDistributed", "config": {"name": "td", "layer": {
            "class_name": "EinsumDense", "config": {"name": "inner", "equation": "ab,cb->ac"}}}}
        model = json.dumps({"class_name": "Sequential", "config": {"name": "m", "layers": [einsum, wrapped]}})
        for layer, equation in (("mix", "abc,dc->abd"), ("td", "ab,cb->ac")):
            path = self.file(f"model_weights/{layer}/{layer}/kernel:0",
                             [("/", "keras_version", "2.14.0"), ("/", "model_config", model)])
            self.assertEqual(self.axes(path), (0, 0))
            told = self.explained(path, f"/model_weights/{layer}/{layer}/kernel:0")["paths"][0]["evidence"]
            self.assertIn(f"model_config gives the equation {equation}", told[-1])

    def test_heads_before_the_input_are_said(self):
        """KerasHub's Gemma: a query kernel is (heads, in, size), and heads and size are outputs."""
        path, query = self.path("in.h5"), "/layers/gemma_decoder_block/attention/query_dense/vars/0"
        with h5py.File(path, "w") as file:
            file[query] = support.rng(1).standard_normal((4, 32, 16)).astype("f4")
        told = self.program("explain", path, query, "--n-bits", "4").stdout
        self.assertIn("axis 0, output channels, is dimension 2 (16); axis 1, input channels, is dimension 1 (32)", told)
        self.assertIn("the outputs are dimensions 0 and 2, and only adjacent ones can count as one", told)
        self.assertEqual(self.axes(path, "--per-channel-scale", "--cluster-dim", "2"), (2, 2))
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(file[query]["per_channel_scale"].shape, (1, 1, 16))
            self.assertEqual(file[query]["indices"].shape, (4, 32, 8))

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

    def test_a_layer_that_keras_quantized_stays_dense(self):
        random = support.rng(26)
        with h5py.File(self.path("in.weights.h5"), "w") as file:
            query = file.create_group("layers/multi_head_attention/query_dense/vars")
            query["0"] = random.integers(-127, 127, (96, 12, 64)).astype("i1")
            query["1"] = random.standard_normal((12, 64)).astype("f4")
            query["2"] = random.standard_normal((1, 12, 64)).astype("f4")
            file["layers/dense/vars/0"] = random.standard_normal((128, 256)).astype("f4")
        report = self.report(self.path("in.weights.h5"), self.path("out.h5"), "--n-bits", "4")
        palettized = [t["path"] for t in report["tensors"] if t["action"] == "palettized"]
        self.assertEqual(palettized, ["/layers/dense/vars/0"])

    def test_types_overrule_a_bias(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file["b/weight"] = support.rng(27).standard_normal((64, 32)).astype("f4")
            file["b/bias"] = np.zeros(32, "f4")
        for types, axis in ((None, 1), ("b: Linear", 0), ("b: Dense", 1)):
            with open(self.path("types.yaml"), "w") as file:
                file.write(types or "{}")
            options = ("--types", self.path("types.yaml")) if types else ()
            self.report(self.path("in.h5"), self.path("out.h5"), "--n-bits", "2", "--group-size", "8", *options)
            with h5py.File(self.path("out.h5")) as file:
                self.assertEqual(file["b/weight"].attrs["output_channel_axis"], axis, types)


if __name__ == "__main__":
    unittest.main()
