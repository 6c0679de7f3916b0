"""Parts that are left out of an output: --drop and --drop-optimizer."""

import json
import pathlib
import unittest

import h5py
import numpy as np

import support


class Drop(support.Case):
    def setUp(self):
        super().setUp()
        self.original = self.path("model.h5")
        random = support.rng(8)
        with h5py.File(self.original, "w") as file:
            file.attrs["training_config"] = '{"optimizer_config": {}}'
            file.attrs["model_config"] = '{"config": {}}'
            for name in ("fc", "head"):
                layer = file.create_group(f"model_weights/{name}/{name}")
                layer["kernel:0"] = random.standard_normal((40, 24)).astype("f4")
                layer["bias:0"] = np.zeros(24, "f4")
            slots = file.create_group("optimizer_weights/Adam")
            slots.attrs["weight_names"] = [b"iter", b"m"]
            slots["iter:0"] = np.int64(3)
            slots["m/kernel:0"] = random.standard_normal((40, 24)).astype("f4")
            slots.create_group("empty")

    def dropped(self, *options):
        """run and verify; returns the links that the plan, the report and verify say are left out, and the open output."""
        output, report = self.path("out.h5"), self.path("report.json")
        plan = json.loads(self.program("plan", self.original, "--json", *options).stdout)
        self.program("run", self.original, output, "--report", report, "--force", *options)
        with open(report) as file:
            said = json.load(file)
        verified = json.loads(self.program("verify", self.original, output, "--json").stdout)
        self.assertEqual(plan.get("dropped"), said.get("dropped"))
        self.assertEqual(said.get("dropped"), verified.get("dropped"))
        self.assertTrue(verified["ok"])
        return said.get("dropped"), h5py.File(output)

    def test_the_optimizer_goes_and_its_configuration_stays(self):
        dropped, file = self.dropped("--drop-optimizer")
        with file:
            # The empty group belongs to no optimizer slot; it keeps its parents.
            self.assertEqual(dropped, {"datasets": 2, "bytes": 8 + 4 * 40 * 24,
                                       "links": ["/optimizer_weights/Adam/iter:0", "/optimizer_weights/Adam/m"]})
            self.assertEqual(list(file["optimizer_weights/Adam"]), ["empty"])
            self.assertEqual(file.attrs["training_config"], '{"optimizer_config": {}}')

    def test_a_group_of_which_nothing_stays_goes_as_a_whole(self):
        with h5py.File(self.original, "a") as file:
            del file["optimizer_weights/Adam/empty"]
        dropped, file = self.dropped("--drop-optimizer")
        with file:
            self.assertEqual(dropped["links"], ["/optimizer_weights"])
            self.assertEqual(set(file), {"model_weights", "h5palettize"})

    def test_a_pattern_reads_as_that_of_include(self):
        for pattern in ("/model_weights/head/.*", "head.*", "head"):
            with self.subTest(pattern):
                dropped, file = self.dropped("--drop", pattern)
                with file:
                    self.assertEqual(dropped["links"], ["/model_weights/head"])
                    self.assertIn("indices", file["model_weights/fc/fc/kernel:0"])

    def test_restore_gives_the_file_without_what_was_dropped(self):
        _, file = self.dropped("--drop", "head", "--drop-optimizer")
        file.close()
        restored = self.path("restored.h5")
        self.program("restore", self.path("out.h5"), restored)
        with h5py.File(restored) as file:
            self.assertEqual(sorted(file), ["model_weights", "optimizer_weights"])
            self.assertEqual(file["model_weights/fc/fc/kernel:0"].shape, (40, 24))

    def test_a_pattern_that_matches_nothing_is_refused(self):
        for command in ("run", "plan"):
            outputs = [self.path("out.h5")] if command == "run" else []
            self.refused(support.USAGE, ["--drop 'nothing'", "matches no dataset"], command, self.original, *outputs, "--drop", "nothing")

    def test_a_dataset_with_another_name_stays_under_that_name(self):
        with h5py.File(self.original, "a") as file:
            file["optimizer_weights/Adam/tied"] = file["model_weights/fc/fc/kernel:0"]
            file["a_alias"] = file["model_weights/head/head/kernel:0"]
        dropped, file = self.dropped("--drop-optimizer", "--drop", "/a_alias")
        with file:
            self.assertEqual(dropped["datasets"], 2)
            self.assertNotIn("tied", file["optimizer_weights/Adam"])
            for name in ("fc", "head"):
                self.assertIn("indices", file[f"model_weights/{name}/{name}/kernel:0"])

    def test_a_member_of_a_group_with_two_names_cannot_be_dropped_under_one(self):
        with h5py.File(self.original, "a") as file:
            file["again"] = file["model_weights/head"]
            file["optimizer/kept"] = file["model_weights/fc"]
        for options in (("--drop", "/model_weights/head/.*"), ("--drop", "/again/.*"), ("--drop", ".*head/kernel:0"), ("--drop-optimizer",)):
            self.refused(support.USAGE, ["lies in a group with two names", "--drop cannot"],
                         "run", self.original, self.path("out.h5"), *options)
        dropped, file = self.dropped("--drop", "/optimizer_weights/.*")  # another group
        file.close()
        self.assertEqual(dropped["datasets"], 2)

    def test_what_is_dropped_still_tells_what_the_rest_is(self):
        with h5py.File(self.original, "w") as file:
            file["fc/weight"] = support.rng(1).standard_normal((64, 256)).astype("f4")
            file["fc/bias"] = np.zeros(256, "f4")
        for options in ((), ("--drop", ".*bias")):
            self.program("run", self.original, self.path("out.h5"), "--preset", "w4", "--force", *options)
            with h5py.File(self.path("out.h5")) as file:
                self.assertEqual(file["fc/weight"].attrs["output_channel_axis"], 1, options)
        self.refused(support.USAGE, ["/fc/bias: --drop leaves it out"], "explain", self.original, "/fc/bias", "--drop", ".*bias")

    def test_a_dimension_scale_is_dropped_with_a_warning(self):
        with h5py.File(self.original, "a") as file:
            kernel = file["model_weights/fc/fc/kernel:0"]
            file["rows"] = np.arange(40.0)
            file["rows"].make_scale()
            kernel.dims[0].attach_scale(file["rows"])
        result = self.program("run", self.original, self.path("out.h5"), "--drop", "/rows")
        self.assertIn("/rows is left out, a dimension scale", result.stderr)
        with h5py.File(self.original, "a") as file:
            del file["rows"]
            file["rows"] = np.ones((40, 40))
            file["rows"].make_scale()
            file["model_weights/fc/fc/kernel:0"].dims[1].attach_scale(file["rows"])
        result = self.program("run", self.original, self.path("scale.h5"), "--include", "/rows")
        self.assertIn("/rows: is a dimension scale of other datasets", result.stderr)

    def test_words_without_effect_are_refused(self):
        for option in ("--include", "--exclude", "--drop"):
            self.refused(support.USAGE, [f"{option}: is empty"], "plan", self.original, option, "")
        self.program("run", self.original, self.path("out.h5"))
        self.refused(support.INPUT, ["is palettized already"], "run", self.path("out.h5"), self.path("again.h5"), "--drop", "head")

    def test_references_to_what_is_dropped_lead_nowhere(self):
        with h5py.File(self.original, "a") as file:
            file.attrs["refs"] = np.array([file["model_weights/head"].ref, file["model_weights/fc"].ref], h5py.ref_dtype)
            file["regions"] = np.array([file["optimizer_weights/Adam/m/kernel:0"].regionref[:2]], h5py.regionref_dtype)
        _, file = self.dropped("--drop", "head", "--drop-optimizer")
        with file:
            gone, kept = file.attrs["refs"]
            self.assertFalse(gone)
            self.assertEqual(file[kept].name, "/model_weights/fc")
            self.assertFalse(file["regions"][0])

    def test_what_a_virtual_dataset_reads_cannot_be_dropped_alone(self):
        with h5py.File(self.original, "a") as file:
            layout = h5py.VirtualLayout((40, 24), "f4")
            layout[:] = h5py.VirtualSource(".", "model_weights/head/head/kernel:0", (40, 24))
            file.create_virtual_dataset("reader", layout)
        self.refused(support.INPUT, ["virtual dataset /reader", "head/kernel:0, which --drop leaves out"],
                     "run", self.original, self.path("out.h5"), "--drop", ".*head/kernel:0")
        _, file = self.dropped("--drop", ".*head/kernel:0|/reader")
        file.close()

    def test_shards_and_their_merge_leave_the_same_out(self):
        options = ("--drop", "head", "--drop-optimizer")
        dropped, file = self.dropped(*options)
        file.close()
        parts = [self.path(f"part{i}.h5") for i in range(2)]
        for i, part in enumerate(parts):
            self.program("run", self.original, part, "--shard", f"{i}/2", "--report", part + ".json", *options)
            with open(part + ".json") as file:
                self.assertEqual(json.load(file)["dropped"], dropped)
        self.program("merge", self.path("merged.h5"), *parts)
        self.assertEqual(support.sha256(self.path("merged.h5")), support.sha256(self.path("out.h5")))

    def test_several_files_are_judged_together(self):
        with h5py.File(self.path("plain.h5"), "w") as file:
            file["layer/weight"] = np.ones((40, 40), "f4")
        outputs = self.path("outputs")
        self.program("run", self.original, self.path("plain.h5"), outputs, "--drop", "head", "--drop-optimizer")
        with h5py.File(outputs + "/model.h5") as file:
            self.assertEqual(list(file["model_weights"]), ["fc"])
        with h5py.File(outputs + "/plain.h5") as file:
            self.assertIn("indices", file["layer/weight"])

    def test_the_planned_size_counts_what_is_left_out(self):
        with h5py.File(self.original, "a") as file:
            for i in range(300):
                file[f"small/x{i}"] = np.ones(4, "f4")
        with h5py.File(self.path("latest.h5"), "w", libver="latest") as file:
            file["fc/weight"] = support.rng(1).standard_normal((40, 24)).astype("f4")
            file["optimizer/m"] = np.ones((40, 24), "f4")
            for i in range(300):
                file[f"small/x{i}"] = np.ones(4, "f4")
        for path in (self.original, self.path("latest.h5")):
            for options in (("--drop-optimizer",), ("--drop", "/small/.*"), ("--drop", "/small/x.*[0-7]")):
                plan = json.loads(self.program("plan", path, "--json", *options).stdout)
                self.program("run", path, self.path("out.h5"), "--force", *options)
                size = pathlib.Path(self.path("out.h5")).stat().st_size
                self.assertAlmostEqual(plan["totals"]["file_bytes_out"], size, delta=0.02 * size, msg=(path, options))


if __name__ == "__main__":
    unittest.main()
