"""Nothing grows and nothing is silent: tensors that would take more bytes, plans that palettize nothing, what stays dense."""

import json
import os
import unittest

import h5py
import numpy as np

import support
from support import USAGE

GROUPED = ("--granularity", "per_grouped_channel", "--group-size", "16")


class Growth(support.Case):
    def write(self, name="in.h5", **tensors):
        with h5py.File(self.path(name), "w") as file:
            for number, (tensor, shape) in enumerate(tensors.items()):
                file[tensor.replace("__", "/")] = support.rng(number).standard_normal(shape).astype("f4")
        return self.path(name)

    def plan(self, *arguments):
        plan = json.loads(self.program("plan", *arguments, "--json").stdout)
        return {tensor["path"]: tensor for tensor in plan["tensors"]}, plan

    def test_a_tensor_that_would_grow_stays_dense_with_both_sizes(self):
        path = self.write(small__weight=(16, 16), large__weight=(256, 256))
        tensors, _ = self.plan(path, "--n-bits", "4", "--if-larger", "dense")
        self.assertEqual(tensors["/large/weight"]["action"], "palettized")
        self.assertEqual(tensors["/small/weight"]["action"], "dense")
        self.assertRegex(tensors["/small/weight"]["reason"],
                         r"it would take \d+ bytes in the file, now 1168; --if-larger palettize takes it in")
        tensors, _ = self.plan(path, "--n-bits", "4", "--if-larger", "palettize")
        self.assertEqual(tensors["/small/weight"]["action"], "palettized")

    def test_what_is_asked_for_by_name_is_palettized_with_a_warning(self):
        path = self.write(small__weight=(16, 16), large__weight=(256, 256))
        config = self.write_text("c.yaml", "kmeans_palettization_config: {module_name_configs: {small: "
                                           "{op_state_spec: {weight: {n_bits: 4}}}}}")
        for options in (("--include", "/small.*", "--n-bits", "4"), ("--config", config)):
            result = self.program("run", path, self.path("out.h5"), "--force", "--if-larger", "dense", *options)
            self.assertRegex(result.stderr, r"1 of the tensors that were asked for grow; the first, /small/weight: it would")
            with h5py.File(self.path("out.h5")) as file:
                self.assertEqual(support.palettized_groups(file), ["/large/weight", "/small/weight"])

    def test_compressed_tensors_are_judged_by_what_they_take_now(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            file.create_dataset("zeros/weight", data=np.zeros((256, 256), "f4"), chunks=(256, 256), compression="gzip")
            file["dense/weight"] = np.zeros((256, 256), "f4")
            file.create_dataset("never/weight", (1024, 1024), "f4", chunks=(64, 64))
        tensors, _ = self.plan(self.path("in.h5"), "--n-bits", "4", "--if-larger", "dense")
        self.assertEqual([tensors[f"/{name}/weight"]["action"] for name in ("zeros", "dense", "never")],
                         ["dense", "palettized", "dense"])

    def test_no_output_is_larger_than_its_input(self):
        shapes = [(8, 8), (16, 40), (64, 64), (100, 30), (3, 3, 16, 16), (200, 200)]
        for number, shape in enumerate(shapes):
            for options in (("--n-bits", "8"), ("--preset", "w4"), ("--n-bits", "4", "--lut-dtype", "int8"),
                            ("--n-bits", "2", "--per-channel-scale")):
                path = self.write(f"{number}.h5", **{f"layer{layer}__weight": shape for layer in range(4)})
                with self.subTest(shape=shape, options=options):
                    result = self.call("run", path, self.path("out.h5"), "--force", "--if-larger", "dense", *options)
                    if result.returncode == USAGE:
                        self.assertIn("nothing would be palettized", result.stderr)
                        continue
                    self.assertEqual(result.returncode, support.DONE, result.stderr)
                    self.assertLess(os.path.getsize(self.path("out.h5")), os.path.getsize(path))

    def test_the_size_of_the_file_is_foreseen(self):
        for shape, count in (((64, 64), 20), ((512, 512), 4), ((3, 3, 64, 64), 8), ((2048, 1024), 1)):
            path = self.write(**{f"layer{layer}__weight": shape for layer in range(count)})
            for options in (("--n-bits", "4"), ("--n-bits", "8"), ("--preset", "w4"), ("--n-bits", "4", "--lut-dtype", "int8"),
                            ("--n-bits", "4", "--per-channel-scale")):
                with self.subTest(shape=shape, options=options):
                    _, plan = self.plan(path, *options)
                    self.program("run", path, self.path("out.h5"), "--force", *options)
                    written = os.path.getsize(self.path("out.h5"))
                    self.assertAlmostEqual(plan["totals"]["file_bytes_out"], written, delta=0.01 * written)
                    self.assertEqual(plan["totals"]["file_bytes_in"], os.path.getsize(path))

    def test_a_plan_that_palettizes_nothing_is_refused_with_the_reasons(self):
        path = self.write(odd__weight=(30, 8), bias__bias=(30,))
        result = self.refused(USAGE, ["nothing would be palettized, so nothing was written",
                                      "/odd/weight: group_size 16 does not divide the 30", "--partial-groups allow takes it in"],
                              "run", path, self.path("out.h5"), *GROUPED)
        self.assertEqual(len(result.stderr.splitlines()), 1)
        self.assertFalse(os.path.exists(self.path("out.h5")))
        self.refused(USAGE, ["nothing would be palettized"], "run", path, self.path("out.h5"), "--shard", "0/2", *GROUPED)

    def test_in_a_batch_a_file_without_work_is_copied_unless_all_are(self):
        odd = self.write("odd.h5", odd__weight=(30, 8))
        even = self.write("even.h5", even__weight=(32, 8))
        self.program("run", odd, even, self.path("out"), *GROUPED)
        with h5py.File(self.path("out/odd.h5")) as file:
            self.assertEqual(support.palettized_groups(file), [])
        other = self.write("other.h5", odd__weight=(30, 8))
        self.refused(USAGE, ["nothing would be palettized", "/odd/weight: group_size"], "run", odd, other, self.path("none"), *GROUPED)
        self.assertFalse(os.path.exists(self.path("none")))

    def test_where_most_weights_stay_dense_the_largest_are_named(self):
        path = self.write(odd__weight=(300, 8), even__weight=(32, 8), odder__weight=(30, 8), optimizer__m__weight=(500, 8))
        for command in (("plan", path), ("run", path, self.path("out.h5"))):
            said = self.program(*command, *GROUPED).stdout
            self.assertIn("most weights stay dense: 2640 of 2896; the largest:\n  /odd/weight (300, 8), 9.38 KiB: group_size", said)
            self.assertNotIn("/optimizer", said[said.index("most weights"):])
        self.assertNotIn("most weights", self.program("plan", path, "--n-bits", "4").stdout)

    def test_a_plan_that_leaves_all_dense_foresees_no_growth(self):
        path = self.write(odd__weight=(30, 8))
        self.assertEqual(self.plan(path, *GROUPED)[1]["totals"]["file_bytes_out"], os.path.getsize(path))

    def test_partial_groups_are_part_of_the_presets(self):
        tensors, _ = self.plan(self.write(odd__weight=(30, 8)), "--preset", "w4")
        self.assertEqual(tensors["/odd/weight"]["action"], "palettized")


if __name__ == "__main__":
    unittest.main()
