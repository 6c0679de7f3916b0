"""`schema` and the parser of configs say the same of every config."""

import ast
import json
import re
import unittest

import jsonschema
import yaml

import support
from support import DONE, USAGE

SPEC = {
    "n_bits": 6,
    "granularity": {"type": "per_grouped_channel", "axis": 1, "group_size": 8, "partial_groups": "allow"},
    "cluster_dim": 1,
    "enable_per_channel_scale": True,
    "training_strategy_config": {"type": "default"},
    "lut_qspec": {
        "dtype": "torch.int8", "qscheme": "asymmetric", "qformulation": "zp", "scale_dtype": None,
        "granularity": {"type": "per_tensor", "axis": None}, "float_range": [-1.5, None],
        "fake_quantize_cls": "default", "qparam_calculator_cls": "static", "range_calculator_cls": "minmax"}}
FLOAT8_SPEC = {"granularity": {"type": "per_tensor", "axis": None},
               "lut_qspec": {"dtype": "float8_e5m2", "qscheme": "symmetric", "scale_dtype": "torch.float8_e8m0fnu"}}
STATES = {"weight": {"cluster_dim": 1}, "bias": None}
OP = {"op_state_spec": STATES, "op_input_spec": {"*": None}, "op_output_spec": None}
MODULE = {"op_state_spec": STATES, "op_type_config": {"linear": OP}, "op_name_config": {"fc.*": OP},
          "module_state_spec": STATES, "enable_fast_kmeans_mode": True, "rounding_precision": 4,
          "op_input_spec": None, "op_output_spec": {}, "module_input_spec": {"*": None}, "module_output_spec": None,
          "pat_schedule": None}
GLOBAL = {"op_state_spec": STATES, "module_state_spec": {}}
VALUES = [None, True, 0, 1, 2, 5, -1, 1.5, "text", "1", " +02.0 ", "0", "true", "int8", "uint8", "float8_e4m3", "torch.float8_e4m3fn",
          "torch.int4", "float8_e8m0", "symmetric", "symmetric_with_clipping", "asymmetric", "per_tensor",
          "torch.per_tensor", "per_grouped_channel", "allow", "refuse", "default", "static", {}, [], [0, 0], [None, 1],
          [1, 2], [-1, 0], {"type": "per_tensor"}, {"type": "default"}, {"*": None}, {"cluster_dim": 2}]


def with_spec(spec):
    return {"kmeans_palettization_config": {"global_config": {"op_state_spec": {"weight": spec}}}}


def with_rule(module):
    return {"kmeans_palettization_config": {"module_name_configs": {"a": module}}}


def changed(config):
    """A config as it is, with each value replaced, each key left out, and an unknown key in each map."""
    yield config
    for key in config if isinstance(config, dict) else range(len(config)) if isinstance(config, list) else []:
        for value in changed(config[key]):
            yield {**config, key: value} if isinstance(config, dict) else [*config[:key], value, *config[key + 1:]]
    if isinstance(config, dict):
        yield {**config, "unknown": None}
        for key in config:
            yield {name: value for name, value in config.items() if name != key}
    yield from VALUES


def texts_of_unit_tests():
    """The configs that tests/unit/configs/text/test_config.cpp reads, as far as they stand there."""
    source = (support.SOURCE_DIR / "tests/unit/configs/text/test_config.cpp").read_text()
    texts = re.findall(r'R"\((.*?)\)"', source, re.DOTALL)
    literals = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    head = "kmeans_palettization_config:\n  global_config:\n    op_state_spec:\n      weight: "
    for function, before in (("with_spec", head), ("spec_of", head), ("check_message", ""), ("parse_config", "")):
        for found in re.findall(function + r"\(\s*" + literals + r"[,)]", source):
            texts.append(before + "".join(ast.literal_eval(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', found)) + "\n")
    return texts


# What a schema cannot say, or YAML's reader of Python reads in another way.
BEYOND_SCHEMA = ("stands here again", "not a regular expression", "'.nan'", "is empty", "not YAML", "several documents",
                 "nested deeper")


class Schema(support.Case):
    def setUp(self):
        super().setUp()
        self.schema = json.loads(self.program("schema").stdout)
        self.validator = jsonschema.Draft202012Validator(self.schema)

    def validate(self, *files):
        result = self.call("validate", "--json", *files)
        self.assertIn(result.returncode, (DONE, USAGE), result.stderr)
        return json.loads(result.stdout)["configs"]

    def assert_agreed(self, texts, read):
        """The parser and the schema accept the same; returns how many they accept and refuse."""
        files = [self.write_text(f"{number}.yaml", text) for number, text in enumerate(texts)]
        counts = {True: 0, False: 0}
        for text, verdict in zip(texts, self.validate(*files)):
            error = verdict.get("error", "")
            if any(reason in error for reason in BEYOND_SCHEMA):
                continue
            try:
                valid = self.validator.is_valid(read(text))
            except yaml.YAMLError:  # a merge key of what is no map
                valid = False
            self.assertEqual(valid, verdict["ok"], f"{text}\n{error}")
            counts[verdict["ok"]] += 1
        return counts[True], counts[False]

    def test_it_is_a_schema_that_describes_every_key(self):
        jsonschema.Draft202012Validator.check_schema(self.schema)
        for name, definition in {"document": self.schema, **self.schema["$defs"]}.items():
            self.assertIs(definition["additionalProperties"], False, name)
            for key, value in definition["properties"].items():
                self.assertTrue(value["description"], f"{name}.{key}")

    def test_parser_and_schema_agree_on_each_change_of_a_full_config(self):
        configs = [*changed(with_spec(SPEC)), *map(with_spec, changed(FLOAT8_SPEC)), *map(with_rule, changed(MODULE))]
        configs += [{"kmeans_palettization_config": config} for config in changed(
            {"global_config": GLOBAL, "module_type_configs": {"Dense": {}}, "module_name_configs": {"a": {}}})]
        configs += [{**with_spec({}), "palettization_spec": value} for value in VALUES]
        texts = sorted({json.dumps(config) for config in configs})
        accepted, refused = self.assert_agreed(texts, json.loads)
        self.assertGreater(accepted, 200)
        self.assertGreater(refused, 1000)

    def test_parser_and_schema_agree_on_the_configs_of_the_parsers_tests(self):
        presets = [path.read_text() for path in (support.SOURCE_DIR / "configs/presets").iterdir()]
        accepted, refused = self.assert_agreed(texts_of_unit_tests() + presets, yaml.safe_load)
        self.assertGreater(accepted, 10)
        self.assertGreater(refused, 30)


if __name__ == "__main__":
    unittest.main()
