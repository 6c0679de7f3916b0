"""Valid files of many features and few KiB each, for tests/fuzz/mutate.py and for the corpus of the fuzzers."""

import pathlib
import subprocess
import tempfile

import h5py
import numpy as np


def weights(seed, shape):
    return np.random.default_rng(seed).standard_normal(shape).astype("f4")


def tiny(path):
    """The smallest checkpoint."""
    with h5py.File(path, "w") as file:
        file["fc.weight"] = weights(1, (4, 8))


def many(path):
    """Enough weights for indices in chunks."""
    with h5py.File(path, "w") as file:
        file["fc.weight"] = weights(1, (48, 48))


def plain(path, **options):
    """Groups, links of each kind, attributes of many types, layouts, filters."""
    with h5py.File(path, "w", **options) as file:
        layer = file.create_group("layer")
        layer["weight"] = weights(2, (16, 8))
        layer["bias"] = np.zeros(16, "f4")
        layer.create_dataset("half.weight", data=weights(3, (8, 16)).astype("f2"))
        layer.create_dataset("big.weight", data=weights(4, (8, 8)).astype(">f8"))
        packed = layer.create_dataset("packed.weight", data=weights(5, (32, 16)), chunks=(8, 8), compression="gzip",
                                      shuffle=True, fletcher32=True)
        packed.attrs["scale"] = 0.5
        packed.attrs["names"] = np.array(["a", "bc"], h5py.string_dtype())
        layer.create_dataset("grown.weight", data=weights(6, (12, 8)), chunks=(4, 8), maxshape=(None, 8))
        layer.create_dataset("unwritten.weight", (8, 8), "f4", chunks=(4, 4), fillvalue=0.25)
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        small = h5py.h5d.create(layer.id, b"compact.weight", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple((4, 4)), compact)
        small.write(h5py.h5s.ALL, h5py.h5s.ALL, weights(7, (4, 4)))
        layer["again"] = layer["weight"]
        layer["soft"] = h5py.SoftLink("/layer/weight")
        layer["dangling"] = h5py.SoftLink("/nowhere")


def others(path, **options):
    """What is no weight: strings, compounds, enumerations, committed types, null and scalar dataspaces, N-bit, scale-offset."""
    with h5py.File(path, "w", **options) as file:
        file["fc.weight"] = weights(1, (8, 8))
        file["names"] = np.array(["one", "three"], h5py.string_dtype())
        file["fixed"] = np.array([b"one", b"three"])
        file["pairs"] = np.array([(1, 2.5)], [("a", "i2"), ("b", "f8")])
        file["type"] = np.dtype([("x", "i4"), ("y", "f4", (3,))])
        file.create_dataset("typed", (2,), file["type"])
        file["kinds"] = np.zeros(3, h5py.enum_dtype({"red": 0, "green": 1}, "u1"))
        file["ragged"] = np.array([np.arange(3), np.arange(2)], h5py.vlen_dtype("i4"))
        file["null"] = h5py.Empty("f4")
        file["scalar"] = 3.5
        file.create_dataset("rounded", data=np.arange(64, dtype="i4"), chunks=(16,), scaleoffset=0)
        nbit = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        nbit.set_chunk((4, 8))
        nbit.set_filter(h5py.h5z.FILTER_NBIT)
        narrow = h5py.h5t.STD_U16LE.copy()
        narrow.set_precision(5)
        h5py.h5d.create(file.id, b"narrow", narrow, h5py.h5s.create_simple((8, 8)), nbit)
        file["narrow"][...] = np.arange(64).reshape(8, 8) % 32
        file.attrs["keras_version"] = "2.1"
        file.attrs["table"] = np.array([(1, 2.5)], [("a", "i2"), ("b", "f8")])


def dense(path):
    """What only libver=latest has: fractal heaps of links and attributes, v2 B-trees, each kind of chunk index."""
    with h5py.File(path, "w", libver="latest", track_order=True) as file:
        layer = file.create_group("layer", track_order=True)
        for number in range(10):
            layer[f"{number}.weight"] = weights(number, (4, 4))
        for number in range(10):
            layer.attrs[f"attribute {number}"] = number
        layer.create_dataset("fixed.weight", data=weights(1, (16, 8)), chunks=(4, 8), compression="gzip")
        layer.create_dataset("single.weight", data=weights(2, (8, 8)), chunks=(8, 8), compression="gzip")
        layer.create_dataset("extensible.weight", data=weights(3, (16, 8)), chunks=(4, 8), maxshape=(None, 8))
        layer.create_dataset("tree.weight", data=weights(4, (16, 8)), chunks=(8, 4), maxshape=(None, None))


def user_block(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        file["fc.weight"] = weights(1, (8, 8))
        file.create_dataset("packed.weight", data=weights(2, (16, 8)), chunks=(4, 8), compression="gzip")


PALETTIZED = {
    "w2": (plain, ("--n-bits", "2")),
    "w4-grouped": (dense, ("--n-bits", "4", "--granularity", "per_grouped_channel", "--group-size", "2", "--axis", "0")),
    "w2-chunks": (many, ("--n-bits", "2")),
    "w3-scaled": (tiny, ("--n-bits", "3", "--per-channel-scale")),
    "w2-int8": (user_block, ("--n-bits", "2", "--lut-dtype", "int8")),
    "w1-fp8": (tiny, ("--n-bits", "1", "--lut-dtype", "float8_e4m3fn", "--lut-scale-dtype", "float8_e8m0fnu")),
    "w8-vectors": (tiny, ("--n-bits", "8", "--cluster-dim", "2")),
}


def make_seeds(program):
    """name -> (bytes, bytes of the original where it is palettized, else None)."""
    seeds = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "seed.h5"
        makers = {"tiny": (tiny, {}), "plain-old": (plain, {}), "plain-latest": (plain, {"libver": "latest"}),
                  "others-old": (others, {}), "others-latest": (others, {"libver": "latest"}), "dense": (dense, {}),
                  "user-block": (user_block, {})}
        for name, (make, options) in makers.items():
            make(path, **options)
            seeds[name] = (path.read_bytes(), None)
        for name, (make, options) in PALETTIZED.items():
            make(path)
            output = pathlib.Path(folder) / "out.h5"
            subprocess.run([program, "run", path, output, "--force", "--if-larger", "palettize", *options], check=True, capture_output=True)
            seeds[name] = (output.read_bytes(), path.read_bytes())
    return seeds
