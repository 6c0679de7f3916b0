"""`validate` says what the parser of configs says, without a checkpoint."""

import json
import unittest

import support
from support import USAGE


class Validate(support.Case):
    def test_each_file_is_ok_or_has_its_first_error_with_its_place(self):
        good = self.write_text("good.yaml", json.dumps(
            {"kmeans_palettization_config": {"module_name_configs": {"a": None, "b": None},
                                             "module_type_configs": {"Dense": None}}}))
        bad = self.write_text("bad.yaml", "kmeans_palettization_config:\n  globl_config: null\n")
        result = self.program("validate", good)
        self.assertEqual(result.stdout, f"{good}: ok (2 name rules, 1 type rules)\n")
        self.assertEqual(result.stderr, "")
        result = self.refused(USAGE, [r"bad\.yaml:2:3: .*did you mean 'global_config'",
                                      r"absent\.yaml: cannot be read"],
                              "validate", bad, good, self.path("absent.yaml"))
        self.assertEqual(result.stdout, f"{good}: ok (2 name rules, 1 type rules)\n")
        self.assertEqual(len(result.stderr.splitlines()), 2)
        self.refused(USAGE, ["CONFIG"], "validate")

    def test_json_says_the_same(self):
        good = self.write_text("good.yaml", "kmeans_palettization_config: {}")
        bad = self.write_text("bad.yaml", "a: [1\n")
        result = self.call("validate", good, bad, "--json")
        self.assertEqual(result.returncode, USAGE)
        ok, refused = json.loads(result.stdout)["configs"]
        self.assertEqual(ok, {"path": good, "ok": True, "name_rules": 0, "type_rules": 0, "warnings": []})
        self.assertFalse(refused["ok"])
        self.assertIn("bad.yaml:", refused["error"])

    def test_what_is_odd_in_every_file_is_a_warning(self):
        def warnings_of(config):
            file = self.write_text("odd.yaml", json.dumps({"kmeans_palettization_config": config}))
            return self.program("validate", file).stderr
        self.assertIn("selects no state at all", warnings_of({"global_config": None}))
        self.assertIn("'Linaer' is no type known here, did you mean 'Linear'?",
                      warnings_of({"module_type_configs": {"torch.nn.Linaer": None}}))
        self.assertIn("did you mean 'conv2d'?", warnings_of({"global_config": {"op_type_config": {"conv2q": None}}}))
        self.assertRegex(warnings_of({"module_name_configs": {r"enc\.0": {}, "enc": {}}}),
                         r"'enc\\\.0' .*: module enc\.0 is taken by the later module_name_configs 'enc' ")
        self.assertEqual(warnings_of({"module_type_configs": {"Block": None}, "module_name_configs": {
            "enc": {}, r"enc\.0": {}, ".*": {}}, "global_config": {}}).count("warning"), 2)
        self.assertEqual(warnings_of({"module_type_configs": {"Block": None}, "module_name_configs": {
            "enc": {}, "enc.0": {}, "dec.*": {}}}), "")


if __name__ == "__main__":
    unittest.main()
