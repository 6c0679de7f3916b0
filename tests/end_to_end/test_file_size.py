"""The size of the output is foreseen, for every way to store what is copied and what is palettized."""

import itertools
import json
import os
import unittest

import h5py
import numpy as np

import support
from support import USAGE

SPECS = (("--n-bits", "4"), ("--preset", "w8"), ("--n-bits", "3", "--per-channel-scale", "--lut-dtype", "int8"),
         ("--n-bits", "6", "--lut-dtype", "float8_e4m3fn"))
LIBVERS = (("earliest", "v108"), "v108", "latest")
COUNTS_AND_SHAPES = ((1, (8, 8)), (1, (700, 900)), (3, (3, 3, 20, 40)), (60, (24, 16)), (300, (40, 30)))


class FileSize(support.Case):
    def foreseen(self, path, *options):
        plan = json.loads(self.program("plan", path, "--if-larger", "palettize", "--json", *options).stdout)
        self.program("run", path, self.path("out.h5"), "--force", "--if-larger", "palettize", *options)
        return plan["totals"]["file_bytes_out"], os.path.getsize(self.path("out.h5"))

    def assert_foreseen(self, path, *options):
        foreseen, written = self.foreseen(path, *options)
        self.assertAlmostEqual(foreseen, written, delta=0.01 * written)

    def tensors(self, name, libver, count, shape, place="layer_{0}/layer_{0}/kernel:0"):
        file = h5py.File(self.path(name), "w", libver=libver)
        values = support.rng(count).standard_normal(shape).astype("f4")
        for number in range(count):
            file[place.format(number)] = values
        return file

    def test_many_and_few_tensors_of_every_version_of_the_format(self):
        for number, (libver, (count, shape)) in enumerate(itertools.product(LIBVERS, COUNTS_AND_SHAPES)):
            for place in ("layer_{0}/layer_{0}/kernel:0", "layers.{0}.weight"):
                options = SPECS[number % len(SPECS)]
                with self.subTest(libver=libver, count=count, shape=shape, options=options, place=place):
                    self.tensors("in.h5", libver, count, shape, place).close()
                    self.assert_foreseen(self.path("in.h5"), *options)

    def test_every_specification(self):
        for libver, options in itertools.product(LIBVERS, SPECS):
            with self.subTest(libver=libver, options=options):
                self.tensors("in.h5", libver, 5, (64, 48)).close()
                self.assert_foreseen(self.path("in.h5"), *options)

    def test_what_is_copied(self):
        def chunks(file):
            for number, compression in enumerate((None, "gzip", "lzf")):
                file.create_dataset(f"chunked_{number}", data=np.arange(40000).reshape(200, 200), chunks=(20, 20),
                                    compression=compression)
            file.create_dataset("grows", data=np.arange(4000), chunks=(100,), maxshape=(None,))

        def texts(file):
            file["words"] = np.array([f"word number {number}" for number in range(3000)], dtype=h5py.string_dtype())
            file["ragged"] = np.array([np.arange(number % 7) for number in range(500)] + [None], dtype=h5py.vlen_dtype("i4"))[:-1]

        def attributes(file):
            for number in range(12):
                file.attrs[f"text {number}"] = "long " * 40
                for tensor in range(5):
                    file[f"layer_{tensor}/layer_{tensor}/kernel:0"].attrs[f"text {number}"] = "unit"
                    if number < 6:
                        file[f"layer_{tensor}"].attrs[f"number {number}"] = np.arange(number)

        def unused_space(file):
            file["large"] = np.zeros(50000)
            del file["large"]

        def dense(file):
            for number in range(100):
                file[f"norm_{number}/gamma"] = np.zeros(30, "f4")
                file[f"step_{number}"] = number

        for libver, add in itertools.product(LIBVERS, (chunks, texts, attributes, unused_space, dense)):
            with self.subTest(libver=libver, add=add.__name__):
                with self.tensors("in.h5", libver, 5, (64, 48)) as file:
                    add(file)
                self.assert_foreseen(self.path("in.h5"), "--n-bits", "4")

    def test_weights_in_chunks_and_of_other_types(self):
        for libver, dtype in itertools.product(LIBVERS, ("<f2", ">f4", "<f8")):
            with self.subTest(libver=libver, dtype=dtype):
                with h5py.File(self.path("in.h5"), "w", libver=libver) as file:
                    values = support.rng(1).standard_normal((128, 96)).astype(dtype)
                    file.create_dataset("a/weight", data=values, chunks=(16, 16), compression="gzip", shuffle=True)
                    file.create_dataset("b/weight", data=values, chunks=(128, 96), fillvalue=1)
                    file["c/weight"] = values
                self.assert_foreseen(self.path("in.h5"), "--n-bits", "4")

    def test_a_user_block_counts(self):
        with h5py.File(self.path("in.h5"), "w", userblock_size=1 << 16) as file:
            file["a/weight"] = support.rng(1).standard_normal((64, 64)).astype("f4")
        self.assert_foreseen(self.path("in.h5"), "--n-bits", "4")

    def few_large_among_small(self):
        with self.tensors("in.h5", "earliest", 40, (3, 3, 8, 16), "conv_{0}/conv_{0}/kernel:0") as file:
            file.attrs["keras_version"] = b"2.4.0"
            file["optimizer_weights/m"] = support.rng(0).standard_normal((256, 256)).astype("f4")
        return self.path("in.h5")

    def test_a_target_that_four_bits_reach_is_accepted(self):
        path = self.few_large_among_small()
        self.program("run", path, self.path("out.h5"), "--n-bits", "4")
        written = os.path.getsize(self.path("out.h5"))
        self.assertLess(written, 463 << 10)
        for target in (written, 463 << 10):
            plan = json.loads(self.program("plan", path, "--target-size", str(target), "--json").stdout)
            self.assertLessEqual(plan["totals"]["file_bytes_out"], target)

    def test_a_target_includes_the_configuration_that_is_written(self):
        path, target, config = self.few_large_among_small(), 475 << 10, self.path("c.yaml")
        self.refused(USAGE, ["--target-size", "the smallest file takes about 46[56]"],
                     "plan", path, "--target-size", str(463 << 10), "--write-config", config)
        self.program("plan", path, "--target-size", str(target), "--write-config", config)
        self.program("run", path, self.path("out.h5"), "--config", config)
        self.assertLessEqual(os.path.getsize(self.path("out.h5")), target)
        self.assertGreater(os.path.getsize(self.path("out.h5")), 0.99 * target)

    def test_real_checkpoints(self):
        for path in support.checkpoints():
            with self.subTest(path=os.path.basename(path)):
                if self.call("plan", path, "--n-bits", "4").returncode == support.DONE:
                    self.assert_foreseen(path, "--n-bits", "4")


if __name__ == "__main__":
    unittest.main()
