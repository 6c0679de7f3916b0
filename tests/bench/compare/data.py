"""The files that are compared on: weights from N(0, 0.02^2) as f32 tensors of 4096 x 4096, and others of the same kind.
Each is made once a folder: what it depends on is in its name."""

import pathlib

import h5py
import numpy as np

SIDE = 4096
TENSOR_BYTES = SIDE * SIDE * 4
SIGMA = np.float32(0.02)


def normal(seed, shape):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) * SIGMA


def made(bench, name, write):
    path = bench.path(name)
    if not pathlib.Path(path).exists():
        temporary = path + ".part"
        with h5py.File(temporary, "w") as file:
            write(file)
        pathlib.Path(temporary).rename(path)
    return path


def tensor_count(bench):
    return max(1, round(bench.size / TENSOR_BYTES))


def large(bench):
    def write(file):
        for number in range(tensor_count(bench)):
            file[f"layer{number:03}/weight"] = normal(number, (SIDE, SIDE))
    return made(bench, f"large{tensor_count(bench)}.h5", write)


def large_halves(bench):
    """The weights of large() as f16."""
    def write(file):
        with h5py.File(large(bench)) as whole:
            for name in whole:
                file[f"{name}/weight"] = whole[f"{name}/weight"][()].astype(np.float16)
    return made(bench, f"halves{tensor_count(bench)}.h5", write)


def rows(bench):
    """A sixth of that."""
    count = max(1, tensor_count(bench) // 6)

    def write(file):
        for number in range(count):
            file[f"layer{number:03}/weight"] = normal(1000 + number, (SIDE, SIDE))
    return made(bench, f"sixth{count}.h5", write)


def square(bench, side, seed=7):
    """One tensor of side x side."""
    return made(bench, f"square{side}.h5", lambda file: file.create_dataset("fc/weight", data=normal(seed, (side, side))))


def one_tensor(bench, byte_count, chunked):
    """One tensor of about that size, contiguous or in compressed chunks."""
    shape = (max(SIDE, byte_count // (4 * SIDE)), SIDE)

    def write(file):
        storage = {"chunks": (64, SIDE), "compression": "gzip", "compression_opts": 1} if chunked else {}
        dataset = file.create_dataset("fc/weight", shape, np.float32, **storage)
        for begin in range(0, shape[0], SIDE):
            dataset[begin:begin + SIDE] = normal(begin, (min(SIDE, shape[0] - begin), SIDE))
    return made(bench, f"{'chunked' if chunked else 'one'}{shape[0]}.h5", write)


def tiny(bench, count):
    def write(file):
        values = normal(9, (count, 16, 16))
        for number in range(count):
            file[f"layer{number:06}/weight"] = values[number]
    return made(bench, f"tiny{count}.h5", write)
