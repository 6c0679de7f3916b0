"""Writes the seed corpus of the fuzzers: FOLDER/config, FOLDER/palettized and FOLDER/checkpoint, few KiB a file.

Usage: make_corpus.py FOLDER. H5PALETTIZE names the program, for palettized files.
"""

import os
import pathlib
import sys

import seeds

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("H5PALETTIZE", str(SOURCE_DIR / "build/release/h5palettize"))

CONFIGS = {
    "rules": b"""kmeans_palettization_config:
  global_config: &all
    op_state_spec:
      weight: {n_bits: 4, granularity: {type: per_grouped_channel, axis: 0, group_size: 16}}
      "*": null
  module_type_configs:
    Dense: *all
    aten.linear.default: {op_state_spec: {weight: {n_bits: 8, lut_qspec: {dtype: int8, qscheme: asymmetric}}}}
  module_name_configs:
    'layers\\..*': {<<: *all, module_state_spec: {kernel: {n_bits: 2, cluster_dim: 4}}}
    fc: null
""",
    "floats": b"""kmeans_palettization_config:
  global_config:
    op_type_config: {Linear: {op_state_spec: {weight: {n_bits: 3, enable_per_channel_scale: true}}}}
    op_name_config: {'fc.*': {op_state_spec: {weight: {n_bits: 1, lut_qspec: {dtype: float8_e4m3fn,
      scale_dtype: float8_e8m0fnu, float_range: [-1.5, .inf]}}}}}
    rounding_precision: 4
    enable_fast_kmeans_mode: false
""",
    "json": b'{"kmeans_palettization_config": {"global_config": {"op_state_spec": {"weight": {"n_bits": 6}}}}}',
    "names": b"kmeans_palettization_config: {}\0layers.0.weight\n../x.weight\n\xff.weight\0/layers/.*\0(a+)+b",
    "aliases": b"a: &a [1]\nb: &b [*a, *a]\nc: [*b, *b]\nd: &d [*d]\n",
}

EDITS = {
    "none": b"",
    "chunk": bytes([0, 0, 0, 2]) + b"abcdefgh\0" + bytes([0]),
    "member": bytes([1, 1, 1, 1, 2, 2, 7, 3]) + bytes(40),
    "spec": bytes([3, 0, 0, 5, 2, 0]) + b'{"n_bits":2,"cluster_dim":1,"lut_qspec":{"dtype":"int8"}}\0',
    "shape": bytes([0, 0, 0, 5, 0, 2, 1, 1, 8, 1, 4]),
    "storage": bytes([0, 1, 0, 5, 4, 0]) + b'{"layout":"chunked","chunk":[2,4],"filters":[{"id":1,"flags":0,"values":[1]}],'
               b'"maxshape":[8,4],"fill":"00","fill_time":2,"alloc_time":3,"attr_order":0}\0',
    "documents": bytes([0, 0, 0, 4]) + b'{"tensors":[{"path":"/a.weight","engine":"fast","mse":0.1}]}\0',
}


def write(folder):
    corpora = {"config": CONFIGS | {path.name: path.read_bytes() for path in (SOURCE_DIR / "configs/presets").iterdir()},
               "palettized": EDITS,
               "checkpoint": {name: data for name, (data, _) in seeds.make_seeds(PROGRAM).items()}}
    for target, inputs in corpora.items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, data in inputs.items():
            (folder / target / name).write_bytes(data)


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
