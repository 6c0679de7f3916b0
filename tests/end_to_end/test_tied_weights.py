"""A dataset with several hard links is one tensor, and each of its paths may select it."""

import unittest

import h5py

import support
from support import USAGE


class TiedWeights(support.Case):
    def tied(self, first="embed_tokens/weight", second="lm_head/weight"):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file[first] = support.rng(1).standard_normal((32, 16)).astype("f4")
            file[second] = file[first]
            file["fc/weight"] = support.rng(2).standard_normal((32, 16)).astype("f4")
        return path

    def bits_of(self, path, *options):
        return [tensor["spec"]["n_bits"] if tensor["action"] == "palettized" else None
                for tensor in self.plan(path, *options)["tensors"]]

    def test_a_default_selection_by_any_path(self):
        path = self.tied()
        self.assertEqual(self.bits_of(path), [4, 4])
        palettized, restored = self.dense_again(path)
        for file in (palettized, restored):
            with h5py.File(file) as opened:
                self.assertEqual(opened["embed_tokens/weight"], opened["lm_head/weight"])

    def test_options_by_any_path(self):
        path = self.tied()
        for name in ("/lm_head/weight", "/embed_tokens/weight", "lm_head.weight", "lm_head", "embed_tokens"):
            with self.subTest(name):
                self.assertEqual(self.bits_of(path, "--exclude", name), [None, 4])
        path = self.tied("a/table", "b/matrix")
        for name in ("/a/table", "/b/matrix", "b"):
            with self.subTest(name):
                self.assertEqual(self.bits_of(path, "--include", name), [4, 4])

    def test_rules_by_any_path(self):
        path = self.tied()
        # No operation of coreai_opt palettizes an embedding: that is for a module_state_spec.
        for name, kind in (("lm_head", "op_state_spec"), ("embed_tokens", "module_state_spec")):
            config = self.write_text("c.yaml", "kmeans_palettization_config: {module_name_configs: {" + name +
                                     ": {" + kind + ": {weight: {n_bits: 2}}}}}")
            self.assertEqual(self.bits_of(path, "--config", config), [2, 4])
        config = self.write_text("c.yaml", "kmeans_palettization_config: {module_name_configs: {lm_haed: null}}")
        self.refused(USAGE, ["lm_haed", "nearest are lm_head"], "plan", path, "--config", config)


if __name__ == "__main__":
    unittest.main()
