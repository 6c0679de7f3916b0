"""Configurations: what coreai_opt users have is accepted unchanged, mistakes are named, rules win in the documented order."""

import json
import re
import unittest

import h5py
import numpy as np

import support
from support import USAGE

# All three levels, an anchor, the module settings, types by their torch names.
COREAI_OPT_YAML = r"""
palettization_spec:
  fine: &fine
    n_bits: 6
    granularity: {type: per_grouped_channel, axis: 0, group_size: 4}
    lut_qspec:
      dtype: int8
      qscheme: symmetric

kmeans_palettization_config:
  global_config:
    op_state_spec:
      weight:
        n_bits: 4
        granularity: {type: per_tensor}
      bias: null
    enable_fast_kmeans_mode: true
    rounding_precision: 4
  module_type_configs:
    torch.nn.modules.linear.Linear:
      op_state_spec:
        weight:
          n_bits: 8
          granularity: {type: per_tensor}
  module_name_configs:
    .*conv2d_2:
      op_state_spec:
        weight: *fine
    (?!.*dense_2).*dense_\d+:
      op_state_spec:
        weight:
          n_bits: 3
          cluster_dim: 2
          enable_per_channel_scale: true
          granularity: {type: per_grouped_channel, axis: 1, group_size: 8}
      enable_fast_kmeans_mode: false
    .*conv2d_1: null
"""


class Configurations(support.Case):
    def keras(self):
        path = self.path("keras.h5")
        layers = {"conv2d_1": ("Conv2D", (3, 3, 4, 8)), "conv2d_2": ("Conv2D", (3, 3, 8, 16)),
                  "conv2d_3": ("Conv2D", (3, 3, 16, 16)), "dense_1": ("Dense", (64, 32)), "dense_2": ("Dense", (32, 16))}
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"], file.attrs["backend"] = "2.14.0", "tensorflow"
            file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": [
                {"class_name": kind, "config": {"name": name}} for name, (kind, _) in layers.items()]}})
            for number, (name, (_, shape)) in enumerate(layers.items()):
                file[f"model_weights/{name}/{name}/kernel:0"] = support.rng(number).standard_normal(shape).astype("f4")
                file[f"model_weights/{name}/{name}/bias:0"] = np.zeros(shape[-1], "f4")
        return path

    def torch(self, *names):
        path = self.path("torch.h5")
        with h5py.File(path, "w") as file:
            for number, name in enumerate(names or ("layers.0.q_proj.weight", "layers.1.q_proj.weight", "head.weight")):
                file[name] = support.rng(number).standard_normal((32, 16)).astype("f4")
        return path

    def config(self, body, name="config.yaml"):
        return self.write_text(name, body if isinstance(body, str) else
                               json.dumps({"kmeans_palettization_config": body}))

    def bits_of(self, path, *options):
        """Tensor -> n_bits, or None where it stays dense."""
        plan = self.plan(path, *options)
        return {tensor["path"].strip("/"): tensor["spec"]["n_bits"] if tensor["action"] == "palettized" else None
                for tensor in plan["tensors"]}

    def test_file_with_all_three_levels_is_accepted_unchanged(self):
        path = self.keras()
        plan = self.plan(path, "--config", self.config(COREAI_OPT_YAML))
        specs = {tensor["path"]: tensor["spec"] for tensor in plan["tensors"] if tensor["action"] == "palettized"}
        kernels = {name: specs.get(f"/model_weights/{name}/{name}/kernel:0") for name in
                   ("conv2d_1", "conv2d_2", "conv2d_3", "dense_1", "dense_2")}
        self.assertIsNone(kernels["conv2d_1"])
        self.assertEqual(kernels["conv2d_2"]["n_bits"], 6)
        self.assertEqual(kernels["conv2d_2"]["lut_qspec"]["dtype"], "int8")
        self.assertEqual(kernels["conv2d_3"]["n_bits"], 4)
        self.assertEqual(kernels["dense_1"]["n_bits"], 3)
        self.assertEqual(kernels["dense_1"]["cluster_dim"], 2)
        self.assertTrue(kernels["dense_1"]["enable_per_channel_scale"])
        self.assertEqual(kernels["dense_2"]["n_bits"], 8)
        self.dense_again(path, "--config", self.path("config.yaml"))

    def test_keras_class_names_work_as_types(self):
        bits = self.bits_of(self.keras(), "--config", self.config({
            "global_config": None, "module_type_configs": {"Dense": {"op_state_spec": {"weight": {"n_bits": 2}}}}}))
        self.assertEqual({name for name, value in bits.items() if value == 2},
                         {f"model_weights/{name}/{name}/kernel:0" for name in ("dense_1", "dense_2")})
        self.assertEqual({value for value in bits.values()}, {2, None})

    def test_a_type_rule_matches_wrapped_layers(self):
        path = self.path("wrapped.h5")
        kernels = {"bi": "model_weights/bi/bi/forward_gru/gru_cell/kernel:0", "td": "model_weights/td/td/kernel:0",
                   "dense": "model_weights/dense/dense/kernel:0"}

        def layer(kind, name, **config):
            return {"class_name": kind, "config": {"name": name, **config}}
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"] = "2.14.0"
            file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": [
                layer("Bidirectional", "bi", layer=layer("GRU", "gru")),
                layer("TimeDistributed", "td", layer=layer("Conv2DTranspose", "inner")),
                layer("Dense", "dense"), layer("LSTM", "lost")]}})
            for number, (name, kernel) in enumerate(kernels.items()):
                shape = (3, 3, 8, 4) if name == "td" else (16, 48)
                file[kernel] = support.rng(number).standard_normal(shape).astype("f4")

        def selected_by(kind):
            bits = self.bits_of(path, "--config", self.config({
                "global_config": None, "module_type_configs": {kind: {"op_state_spec": {"weight": {"n_bits": 2}}}}}))
            return {name for name, kernel in kernels.items() if bits[kernel] == 2}
        for kind, names in (("GRU", {"bi"}), ("Bidirectional", {"bi"}), ("torch.nn.GRU", {"bi"}),
                            ("TimeDistributed", {"td"}), ("torch.nn.ConvTranspose2d", {"td"}), ("Dense", {"dense"})):
            with self.subTest(kind):
                self.assertEqual(selected_by(kind), names)
        result = self.refused(USAGE, ["LSTM", "layer 'lost' .* no tensors"], "plan", path, "--config", self.config({
            "module_type_configs": {"LSTM": {"op_state_spec": {"weight": {"n_bits": 2}}}}}))
        self.assertIn("its types are Bidirectional, Conv2DTranspose, Dense, GRU, GRUCell, TimeDistributed;", result.stderr)
        # The wrapped layer is (rows, columns, out, in); axis 0 of a transposed convolution is its input, as in torch.
        self.program("run", path, self.path("out.h5"), "--preset", "w8")
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual(file[kernels["td"]].attrs["output_channel_axis"], 3)

    def test_dots_and_slashes_are_the_same_module(self):
        path = self.path("mixed.h5")
        with h5py.File(path, "w") as file:
            file["layers.0.q_proj.weight"] = support.rng(0).standard_normal((32, 16)).astype("f4")
            file["layers/1/q_proj/weight"] = support.rng(1).standard_normal((32, 16)).astype("f4")
        bits = self.bits_of(path, "--config", self.config({"module_name_configs": {
            r"layers\.\d+\.q_proj": {"op_state_spec": {"weight": {"n_bits": 2}}}}}))
        self.assertEqual(set(bits.values()), {2})

    def test_patterns_match_the_whole_path(self):
        self.refused(USAGE, ["q_proj"], "plan", self.torch(), "--config", self.config({
            "module_name_configs": {"q_proj": {"op_state_spec": {"weight": {"n_bits": 2}}}}}))

    def test_a_later_name_rule_wins_and_a_rule_covers_what_is_below(self):
        rules = {"layers": {"op_state_spec": {"weight": {"n_bits": 2}}},
                 r"layers\.1\.q_proj": {"op_state_spec": {"weight": {"n_bits": 3}}}}
        path = self.torch()
        bits = self.bits_of(path, "--config", self.config({"module_name_configs": rules}))
        self.assertEqual(bits, {"layers.0.q_proj.weight": 2, "layers.1.q_proj.weight": 3, "head.weight": 4})
        backwards = dict(reversed(rules.items()))
        result = self.call("plan", path, "--json", "--config", self.config({"module_name_configs": backwards}),
                           "--allow-unmatched-rules")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("shadowed", result.stderr)
        self.assertIn("q_proj", result.stderr)

    def test_global_null_turns_the_default_off(self):
        rules = {r"head": {"op_state_spec": {"weight": {"n_bits": 8}}}}
        path = self.torch()
        self.assertEqual(self.bits_of(path, "--config", self.config({"module_name_configs": rules}))[
            "layers.0.q_proj.weight"], 4)
        self.assertIsNone(self.bits_of(path, "--config", self.config(
            {"global_config": None, "module_name_configs": rules}))["layers.0.q_proj.weight"])

    def test_optimizer_state_needs_a_rule_that_names_it(self):
        path = self.torch("layer.weight", "optimizer.state.layer.weight")
        self.assertEqual(self.bits_of(path, "--preset", "w8"),
                         {"layer.weight": 8, "optimizer.state.layer.weight": None})
        every = {"global_config": {"op_state_spec": {"*": {"n_bits": 8}}}}
        self.assertIsNone(self.bits_of(path, "--config", self.config(every))["optimizer.state.layer.weight"])
        self.assertEqual(self.bits_of(path, "--preset", "w8", "--include", "/optimizer.*")[
            "optimizer.state.layer.weight"], 8)

    def test_include_and_exclude(self):
        path = self.torch("layer.weight", "layer.table", "other.weight")
        self.assertEqual(self.bits_of(path, "--preset", "w8", "--include", ".*table", "--exclude", ".*other.*"),
                         {"layer.weight": 8, "layer.table": 8, "other.weight": None})
        self.assertEqual(self.bits_of(path, "--preset", "w8", "--include", ".*", "--exclude", r"/layer\.(?=t).*"),
                         {"layer.weight": 8, "layer.table": None, "other.weight": 8})

    def test_include_and_exclude_by_module(self):
        path = self.torch("layers.0.fc.weight", "layers.0.fc.table", "layers.1.fc.weight")
        self.assertEqual(self.bits_of(path, "--preset", "w8", "--include", r"layers\.0", "--exclude",
                                      r"layers\.1\.fc\.weight"),
                         {"layers.0.fc.weight": 8, "layers.0.fc.table": 8, "layers.1.fc.weight": None})
        self.refused(USAGE, ["matches nothing", "layers.0.fc"], "plan", path, "--exclude", "layer")

    def test_exclude_of_what_is_dense_anyway_is_a_warning(self):
        path = self.torch("fc.weight")
        with h5py.File(path, "r+") as file:
            file["fc.steps"] = np.arange(8)
        result = self.program("plan", path, "--exclude", "fc.steps")
        self.assertIn("nothing that could be palettized", result.stderr)

    def test_unknown_keys_are_named_with_line_and_suggestion(self):
        cases = {
            "kmeans_palettization_config:\n  globl_config: null\n": ["globl_config", "global_config"],
            "kmeans_palettization_config:\n  global_config:\n    op_state_spec:\n      weight:\n        n_bit: 4\n":
                ["n_bit", "n_bits", ":5:"],
            "kmeans_palettization_config:\n  global_config:\n    op_state_spec:\n      weight:\n        lut_qspec:\n"
            "          dtype: int8\n          qsheme: symmetric\n": ["qsheme", "qscheme", ":7:"],
            "quantization_config: {}\n": ["quantization_config", "kmeans_palettization_config"],
        }
        for text, words in cases.items():
            with self.subTest(text=text):
                self.refused(USAGE, [r"config\.yaml", *words], "plan", self.torch(), "--config", self.config(text))

    def test_values_out_of_range_are_named_with_what_is_allowed(self):
        cases = {
            "n_bits": ({"n_bits": 5}, ["5", "1, 2, 3, 4, 6"]),
            "n_bits type": ({"n_bits": "four"}, ["four"]),
            "axis": ({"granularity": {"type": "per_grouped_channel", "axis": 2, "group_size": 4}}, ["axis", "2"]),
            "group_size": ({"granularity": {"type": "per_grouped_channel", "axis": 0, "group_size": 0}},
                           ["group_size", "0"]),
            "granularity": ({"granularity": {"type": "per_channel"}}, ["per_channel", "per_grouped_channel"]),
            "cluster_dim": ({"cluster_dim": 0}, ["cluster_dim", "0"]),
            "scale": ({"enable_per_channel_scale": "maybe"}, ["enable_per_channel_scale", "maybe"]),
            "lut dtype": ({"lut_qspec": {"dtype": "int4"}}, ["int4", "int8"]),
            "fp8 scheme": ({"lut_qspec": {"dtype": "float8_e4m3fn", "qscheme": "asymmetric"}}, ["symmetric"]),
            "lut granularity": ({"lut_qspec": {"dtype": "int8", "granularity": {"type": "per_channel"}}},
                                ["per_channel", "per_tensor"]),
            "formulation": ({"lut_qspec": {"dtype": "int8", "qformulation": "minval"}}, ["minval", "zp"]),
            "float_range": ({"lut_qspec": {"dtype": "int8", "float_range": [1, 2]}}, ["float_range"]),
        }
        for name, (spec, words) in cases.items():
            with self.subTest(name):
                self.refused(USAGE, [r"config\.yaml", *words], "plan", self.torch(), "--config", self.config(
                    {"global_config": {"op_state_spec": {"weight": spec}}}))

    def test_aliases_and_null_axis(self):
        plan = self.plan(self.torch(), "--config", self.config({"global_config": {"op_state_spec": {"weight": {
            "granularity": {"type": "per_grouped_channel", "axis": None, "group_size": 4},
            "lut_qspec": {"dtype": "float8_e4m3", "qscheme": "symmetric", "scale_dtype": "float8_e8m0"}}}}}))
        spec = plan["tensors"][0]["spec"]
        self.assertEqual(spec["granularity"]["axis"], 0)
        self.assertEqual(spec["lut_qspec"]["dtype"], "float8_e4m3fn")
        self.assertEqual(spec["lut_qspec"]["scale_dtype"], "float8_e8m0fnu")

    def test_unmatched_rule_is_an_error_unless_allowed(self):
        path = self.torch()
        config = self.config({"module_name_configs": {r"layers\.7\.q_proj": {"op_state_spec": {"weight": {"n_bits": 2}}}}})
        self.refused(USAGE, [re.escape(r"layers\.7\.q_proj"), "layers.0.q_proj"], "plan", path, "--config", config)
        result = self.program("plan", path, "--config", config, "--allow-unmatched-rules")
        self.assertIn(r"layers\.7\.q_proj", result.stderr)

    def test_type_rules_hold_for_types_that_the_shapes_tell(self):
        def rule(kind):
            return self.config({"module_type_configs": {kind: {"op_state_spec": {"weight": {"n_bits": 2}}}}})
        path = self.torch()
        for kind in ("torch.nn.modules.linear.Linear", "torch.nn.Linear", "Dense"):
            plan = json.loads(self.program("plan", path, "--config", rule(kind), "--json").stdout)
            self.assertEqual({tensor["spec"]["n_bits"] for tensor in plan["tensors"] if tensor["spec"]}, {2}, kind)
        self.refused(USAGE, ["LSTM", "its types are Linear"], "plan", path, "--config", rule("torch.nn.LSTM"))

    def test_bad_yaml_and_bad_pattern(self):
        self.refused(USAGE, [r"config\.yaml:\d+:\d+"], "plan", self.torch(), "--config",
                     self.config("kmeans_palettization_config:\n  global_config: [unclosed\n"))
        self.refused(USAGE, [re.escape("layers.(")], "plan", self.torch(), "--config",
                     self.config({"module_name_configs": {"layers.(": None}}))

    def test_presets(self):
        path = self.torch()
        for preset, n_bits, kind in (("w4", 4, "per_grouped_channel"), ("w6", 6, "per_grouped_channel"),
                                     ("w8", 8, "per_tensor")):
            for tensor in self.plan(path, "--preset", preset)["tensors"]:
                self.assertEqual(tensor["spec"]["n_bits"], n_bits)
                self.assertEqual(tensor["spec"]["granularity"]["type"], kind)
                if kind == "per_grouped_channel":
                    self.assertEqual(tensor["spec"]["granularity"]["axis"], 0)
                    self.assertEqual(tensor["spec"]["granularity"]["group_size"], 16)
            shipped = str(support.SOURCE_DIR / f"configs/presets/{preset}.yaml")
            self.assertEqual(self.bits_of(path, "--preset", preset), self.bits_of(path, "--config", shipped))

    def test_partial_groups(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["odd.weight"] = support.rng(1).standard_normal((30, 8)).astype("f4")
            file["even.weight"] = support.rng(1).standard_normal((32, 8)).astype("f4")
        spec = ["--granularity", "per_grouped_channel", "--group-size", "16"]
        self.assertIsNone(self.bits_of(path, *spec)["odd.weight"])
        palettized, restored = self.dense_again(path, *spec, "--partial-groups", "allow")
        with h5py.File(palettized) as packed, h5py.File(restored) as dense:
            self.assertEqual(packed["odd.weight/lut"].shape, (2, 1, 16, 1))
            np.testing.assert_array_equal(support.bits(support.decode(packed["odd.weight"])),
                                          support.bits(dense["odd.weight"][()]))
        config = self.config({"global_config": {"op_state_spec": {"weight": {"granularity": {
            "type": "per_grouped_channel", "axis": 0, "group_size": 16, "partial_groups": "allow"}}}}})
        self.assertEqual(self.bits_of(path, "--config", config)["odd.weight"], 4)

    def test_options_from_files(self):
        path = self.torch()
        words = self.write_text("words.txt", "# a comment\n--n-bits 2\n--granularity per_grouped_channel\n"
                                             "--group-size '4'\n")
        expected = self.bits_of(path, "--n-bits", "2", "--granularity", "per_grouped_channel", "--group-size", "4")
        self.assertEqual(self.bits_of(path, f"@{words}"), expected)
        options = self.write_text("options.cfg", "n-bits=2\ngranularity=per_grouped_channel\ngroup-size=4\n")
        self.assertEqual(self.bits_of(path, "--options-file", options), expected)
        self.assertEqual(set(self.bits_of(path, "--options-file", options, "--n-bits", "3").values()), {3})
        self.refused(USAGE, ["absent"], "plan", path, "@" + self.path("absent.txt"))
        self.refused(USAGE, ["absent"], "plan", path, "--options-file", self.path("absent.cfg"))
        self.refused(USAGE, ["n-bitz"], "plan", path, "--options-file", self.write_text("bad.cfg", "n-bitz=2\n"))


if __name__ == "__main__":
    unittest.main()
