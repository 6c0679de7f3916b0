"""The golden table: what palettization gives on a fixed checkpoint, one checksum for each configuration.

The checkpoint comes from integer arithmetic alone, and a checksum covers what a decoder reads (names, shapes, types and
bytes of every part of every palettized tensor), not the bytes of the file: so the table does not depend on versions of
numpy, h5py or HDF5. scripts/update_golden.sh writes it; nothing else does.
"""

import hashlib
import pathlib
import sys

import h5py
import numpy as np

TABLE = pathlib.Path(__file__).with_name("checksums.txt")

SMALL = ((64, 256), (32, 3, 3, 32), (128, 64), (48, 16), (16, 8), (1000, 60))
LARGE = ((1536, 1024),)  # several chunks of indices
FEW = ((96, 64), (16, 8))

CONFIGS = {  # name -> shapes of the checkpoint's float32 tensors, options
    "n4": (SMALL, ["--n-bits", "4"]),
    "w4": (SMALL, ["--preset", "w4"]),
    "w8": (SMALL, ["--preset", "w8"]),
    "n3-inputs-scaled-int8": (SMALL, ["--n-bits", "3", "--granularity", "per_grouped_channel", "--axis", "1", "--group-size",
                                      "8", "--per-channel-scale", "--lut-dtype", "int8"]),
    "n1": (SMALL, ["--n-bits", "1"]),
    "w6-exact": (SMALL, ["--preset", "w6", "--engine", "exact"]),
    "n2-reference": (SMALL, ["--n-bits", "2", "--engine", "reference"]),
    "n6-rows-fp8": (SMALL, ["--n-bits", "6", "--granularity", "per_grouped_channel", "--group-size", "1", "--lut-dtype",
                            "float8_e4m3fn"]),
    "n4-vectors": (FEW, ["--n-bits", "4", "--cluster-dim", "2", "--per-channel-scale"]),
    "large-n4": (LARGE, ["--n-bits", "4"]),
    "large-w4": (LARGE, ["--preset", "w4"]),
    "large-w8-scaled": (LARGE, ["--n-bits", "8", "--per-channel-scale"]),
}


def random_integers(seed, count):
    """64 bits each (splitmix64, Steele, Lea and Flood 2014)."""
    state = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed << 32)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))


def weights(seed, shape):
    """Sums of four 16-bit numbers about 0, times 2^-21: bell-shaped, exactly representable as float32."""
    bits = random_integers(seed, int(np.prod(shape)))
    total = sum(((bits >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.int64) for shift in (0, 16, 32, 48))
    return np.ldexp((total - 2 * 0xFFFF).astype(np.float64), -21).reshape(shape)


def write_checkpoint(path, shapes, **storage):
    """storage: of each dataset, as h5py takes it. The weights are the same whatever it is."""
    with h5py.File(path, "w") as file:
        def add(name, values):
            file.create_dataset(name, data=values, **storage)
        for number, shape in enumerate(shapes):
            add(f"layer{number}.weight", weights(number, shape).astype(np.float32))
        add("half.weight", weights(9, (64, 96)).astype(np.float16))
        add("double.weight", weights(10, (64, 96)) + np.ldexp(weights(11, (64, 96)), -24))
        add("bfloat16.weight", (weights(12, (64, 96)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16))
        file["bfloat16.weight"].attrs["dtype"] = "bfloat16"


def checksum(palettized):
    """SHA-256 over the palettized tensors of a file, in the order of their paths."""
    found = {}
    with h5py.File(palettized) as file:
        def look(name, item):
            if isinstance(item, h5py.Group) and "palettized_shape" in item.attrs:
                found[name] = [(part, dataset.dtype.str, dataset.shape, dataset[()].tobytes())
                               for part, dataset in sorted(item.items())]
        file.visititems(look)
    digest = hashlib.sha256()
    for name, parts in sorted(found.items()):
        for part, dtype, shape, content in parts:
            digest.update(f"{name}\0{part}\0{dtype}\0{shape}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def table():
    lines = TABLE.read_text().splitlines()
    return dict(reversed(line.split("  ")) for line in lines if line and not line.startswith("#"))


def main():
    """golden.py PROGRAM: writes the table."""
    import subprocess
    import tempfile
    before = table() if TABLE.exists() else {}
    lines = ["# Written by scripts/update_golden.sh: a checksum (tests/golden/golden.py) and the configuration it belongs to."]
    with tempfile.TemporaryDirectory() as folder:
        source, output = f"{folder}/in.h5", f"{folder}/out.h5"
        for name, (shapes, options) in CONFIGS.items():
            write_checkpoint(source, shapes)
            subprocess.run([sys.argv[1], "run", source, output, "--force", "--if-larger", "palettize", *options], check=True, stdout=subprocess.DEVNULL)
            lines.append(f"{checksum(output)}  {name}")
            if before.get(name) != lines[-1].split("  ")[0]:
                print(f"golden: {name} is {'other than it was' if name in before else 'new'}")
    TABLE.write_text("\n".join(lines) + "\n")
    print(f"golden: {TABLE.name} holds {len(CONFIGS)} checksums")


if __name__ == "__main__":
    main()
