"""`explain` tells how the plan of a tensor comes about, and what the rules of a config come to in a file."""

import json
import unittest

import h5py
import numpy as np

import support
from support import CHECK_FAILED, INPUT, USAGE


def bits(n_bits, state="weight"):
    return {"op_state_spec": {state: {"n_bits": n_bits}}}


class Explain(support.Case):
    def torch(self):
        path = self.path("torch.h5")
        with h5py.File(path, "w") as file:
            for number, name in enumerate(("enc/0/fc/weight", "enc/1/fc/weight", "embed/weight", "optimizer/m/weight")):
                file[name] = support.rng(number).standard_normal((32, 24)).astype("f4")
            file["enc/0/fc/bias"] = np.zeros(32, "f4")
            file["head.weight"] = file["embed/weight"]
            file["enc/steps"] = np.arange(4)
        return path

    def config(self, **body):
        return self.write_text("config.yaml", json.dumps({"kmeans_palettization_config": body}))

    def explain(self, *arguments):
        return json.loads(self.program("explain", *arguments, "--json").stdout)

    def test_each_rule_is_listed_with_what_came_of_it(self):
        config = self.config(global_config=bits(4), module_name_configs={
            r"enc\.0\.fc": bits(8), "enc": {**bits(2), "op_name_config": {"fc": bits(3), "no": bits(1)},
                                            "module_state_spec": {"weight": None}}, "dec": None})
        path = self.torch()
        tensor = self.explain(path, "/enc/0/fc/weight", "--config", config, "--allow-unmatched-rules")
        [one] = tensor["paths"]
        verdicts = [(rule["rule"].split(" (")[0], rule["matches"], rule["decides"], rule["verdict"]) for rule in one["rules"]]
        enc = f"module_name_configs 'enc' ({config}:1)"
        self.assertEqual(verdicts, [
            ("module_name_configs 'dec'", False, False, "does not match"),
            ("module_name_configs 'enc'", True, True, "covers it from enc: wins"),
            (r"module_name_configs 'enc\.0\.fc'", True, False,
             f"matches enc.0.fc, the tensor's own module, but the later {enc} wins"),
            ("global_config", False, False, "a rule matches: has no say")])
        self.assertEqual([(entry["entry"], entry["decides"]) for entry in one["entries"]], [
            ("module_state_spec", False), ("op_name_config 'no'", False), ("op_name_config 'fc'", True),
            ("op_state_spec", False)])
        self.assertIn("for the module that the rule names", one["entries"][0]["verdict"])
        self.assertEqual(one["entries"][3]["verdict"], "would hold, but op_name_config 'fc' beats it")
        self.assertEqual((tensor["action"], tensor["spec"]["n_bits"]), ("palettized", 3))
        text = self.program("explain", path, "/enc/0/fc/weight", "--config", config).stdout
        self.assertIn("> module_name_configs 'enc'", text)
        self.assertIn("> op_name_config 'fc': matches: op_state_spec state 'weight' has the entry 'weight'", text)
        self.assertIn("dimension 1 (24)", text)

    def test_it_says_what_plan_says(self):
        path = self.torch()
        config = self.config(global_config={"op_state_spec": {"*": {"granularity": {
            "type": "per_grouped_channel", "axis": 1, "group_size": 8}}}}, module_name_configs={r"enc\.1": bits(2)})
        for options in ([], ["--exclude", r"/enc/1.*"], ["--layout", "keras"], ["--include", ".*/m/.*"]):
            for planned in self.plan(path, "--config", config, *options)["tensors"]:
                tensor = self.explain(path, planned["path"], "--config", config, *options)
                for key in ("action", "reason", "bytes_in", "bytes_out", "bits_per_weight"):
                    self.assertEqual(tensor[key], planned[key], planned["path"])
                if planned["action"] == "palettized":
                    self.assertEqual(tensor["spec"], planned["spec"])
                    self.assertEqual(tensor["groups"]["count"], planned["groups"])

    def test_why_a_tensor_stays_dense(self):
        path = self.torch()
        tensor = self.explain(path, "optimizer.m.weight")
        self.assertEqual(tensor["paths"][0]["outcome"], "optimizer state; --drop-optimizer leaves it out, --include takes it in")
        self.assertEqual(self.explain(path, "enc.steps")["reason"], "not floating point")
        tensor = self.explain(path, "enc.0.fc.bias")
        self.assertIn("none of those palettized by default", tensor["paths"][0]["entries"][-1]["verdict"])
        tensor = self.explain(path, "enc.1.fc.weight", "--exclude", "enc")
        self.assertEqual([(one["decides"], one["verdict"]) for one in tensor["filters"]], [(True, "matches: wins")])
        tensor = self.explain(path, "enc.1.fc.weight", "--group-size", "5", "--strict")
        self.assertIn("does not divide", tensor["reason"])
        self.assertIn("--strict", tensor["refused"])

    def test_any_path_of_a_tensor_names_it_and_each_is_judged_alone(self):
        path = self.torch()
        for name in ("/embed/weight", "embed.weight", "/head.weight", "head/weight", "head.weight"):
            tensor = self.explain(path, name)
            self.assertEqual(tensor["path"], "/embed/weight")
            self.assertEqual([(one["path"], one["decides"]) for one in tensor["paths"]],
                             [("/embed/weight", False), ("/head.weight", True)])
        self.assertIn("by the path /head.weight, whose word counts", self.program("explain", path, name).stdout)
        self.refused(USAGE, ["enc/0/fc/wieght", "nearest are /enc/0/fc/weight"], "explain", path, "enc/0/fc/wieght")

    def test_without_a_tensor_what_the_rules_come_to(self):
        path = self.torch()
        config = self.config(module_name_configs={
            r"enc\.0": bits(8), "enc": bits(2), "encc": bits(3), "emb": None, "head": bits(3, "bias")})
        result = self.call("explain", path, "--config", config, "--json")
        self.assertEqual(result.returncode, CHECK_FAILED, result.stderr)
        rules = json.loads(result.stdout)["rules"]
        self.assertEqual([rule["fate"] for rule in rules],
                         ["shadowed", "decides", "matches nothing", "matches nothing", "names no state", "decides"])
        self.assertEqual((rules[1]["tensors"], rules[1]["palettized"]), (3, 2))
        self.assertIn("the nearest are enc", rules[2]["text"])
        text = self.program("explain", path, "--config", config, "--allow-unmatched-rules").stdout
        for word in ("is shadowed", "matches no module", "names no state", "tensors decided 3, palettized 2"):
            self.assertIn(word, text)
        self.program("explain", path, "--config", self.config(module_name_configs={"enc": bits(2)}))
        by_type = self.config(module_type_configs={"Conv2D": bits(2)})
        result = self.call("explain", path, "--config", by_type)
        self.assertEqual(result.returncode, CHECK_FAILED)
        self.assertIn("its types are Linear", result.stdout)
        self.assertEqual(self.call("explain", path, "--exclude", "nothing").returncode, CHECK_FAILED)
        self.assertEqual(self.explain(path, "enc.0.fc.weight", "--config", by_type)["action"], "palettized")

    def test_a_palettized_file_is_refused(self):
        path = self.torch()
        self.program("run", path, self.path("out.h5"))
        self.refused(INPUT, ["palettized already"], "explain", self.path("out.h5"))
        self.refused(INPUT, ["palettized already"], "explain", self.path("out.h5"), "enc.0.fc.weight")


if __name__ == "__main__":
    unittest.main()
