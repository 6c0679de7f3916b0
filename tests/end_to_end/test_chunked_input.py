"""How a checkpoint stores its tensors makes no difference to what becomes of them, and a damaged chunk is named."""

import itertools
import unittest

import h5py
import numpy as np

import support
from support import INPUT

STORAGES = {"contiguous": {}, "chunks": {"chunks": (30, 50)}, "rows": {"chunks": (7, 192)}, "small": {"chunks": (3, 5)},
            "gzip": {"chunks": (30, 50), "compression": "gzip", "compression_opts": 9},
            "shuffled": {"chunks": (30, 192), "compression": "gzip", "compression_opts": 1, "shuffle": True},
            "checked": {"chunks": (64, 64), "compression": "gzip", "shuffle": True, "fletcher32": True},
            "szip": {"chunks": (32, 64), "compression": "szip"}}  # left to the library


class ChunkedInput(support.Case):
    def test_every_storage_gives_the_same_indices_and_luts(self):
        path = self.path("in.h5")
        values = support.rng(3).standard_normal((128, 192)) * 0.1
        types = ("<f2", ">f2", "<f4", ">f4", "<f8", ">f8")
        with h5py.File(path, "w") as file:
            for dtype, (name, storage) in itertools.product(types, STORAGES.items()):
                file.create_dataset(f"{name}{dtype}/weight", data=values.astype(dtype), **storage)
        palettized, restored = self.dense_again(path, "--preset", "w4")
        with h5py.File(palettized) as file, h5py.File(path) as original, h5py.File(restored) as dense:
            self.assertEqual(len(support.palettized_groups(file)), len(types) * len(STORAGES))
            for dtype in types:
                expected = file[f"contiguous<{dtype[1:]}/weight"]
                for name in STORAGES:
                    with self.subTest(storage=name, dtype=dtype):
                        path = f"{name}{dtype}/weight"
                        np.testing.assert_array_equal(file[path]["indices"][()], expected["indices"][()])
                        np.testing.assert_array_equal(file[path]["lut"][()], expected["lut"][()])
                        np.testing.assert_array_equal(dense[path][()], support.decode(expected).astype(dtype))
                        self.assertEqual(dense[path].chunks, original[path].chunks)

    def test_threads_and_memory_make_no_difference(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for name, storage in STORAGES.items():
                file.create_dataset(f"{name}/weight", data=support.rng(4).standard_normal((128, 192)).astype("f4"),
                                    **storage)
        digests = set()
        for threads, memory in itertools.product((1, 2, 7), ("1MiB", "4GiB")):
            self.program("run", path, self.path("out.h5"), "--preset", "w4", "--force", "--threads", threads,
                         "--memory", memory)
            digests.add(support.sha256(self.path("out.h5")))
        self.assertEqual(len(digests), 1)

    def damaged(self, offset_in_chunk, **storage):
        """A file whose third chunk has another byte at an offset."""
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset("good/weight", data=np.ones((32, 32), "f4"), chunks=(16, 16), **storage)
            data = support.rng(5).standard_normal((64, 64)).astype("f4")
            file.create_dataset("bad/weight", data=data, chunks=(32, 32), **storage)
            chunk = file["bad/weight"].id.get_chunk_info(2)
            self.assertEqual(chunk.chunk_offset, (32, 0))
        with open(path, "r+b") as file:
            file.seek(chunk.byte_offset + offset_in_chunk)
            byte = file.read(1)[0]
            file.seek(-1, 1)
            file.write(bytes([byte ^ 1]))
        return path

    def test_a_damaged_chunk_is_named_and_nothing_is_left(self):
        for storage in ({"fletcher32": True}, {"compression": "gzip"}, {"compression": "gzip", "fletcher32": True}):
            with self.subTest(**storage):
                path = self.damaged(100, **storage)
                for memory in ("1MiB", "4GiB"):
                    self.refused(INPUT, ["in.h5: /bad/weight: chunk at \\(32, 0\\): ", "checksum|gzip"], "run", path,
                                 self.path("out.h5"), "--preset", "w4", "--memory", memory)
                self.assert_folder_holds("in.h5")

    def test_a_damaged_chunk_of_a_tensor_that_stays_dense_is_not_read(self):
        path = self.damaged(100, fletcher32=True)
        self.program("run", path, self.path("out.h5"), "--preset", "w4", "--exclude", "bad")
        self.assertIn("/good/weight", support.palettized_groups(h5py.File(self.path("out.h5"))))


if __name__ == "__main__":
    unittest.main()
