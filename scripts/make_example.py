#!/usr/bin/python3
"""Writes a small example checkpoint as Keras or as a torch exporter would. Usage: make_example.py keras|torch OUT.h5"""

import json
import sys

import h5py
import numpy as np


def weights(rng, *shape):
    """Values as trained weights are spread: a normal distribution with some heavy tails."""
    values = rng.standard_normal(shape) + 0.3 * rng.laplace(size=shape)
    return (values * np.sqrt(2.0 / max(1, np.prod(shape[:-1])))).astype(np.float32)


def write_keras(file, rng):
    """The layout of model.save("x.h5"): kernels are (..., in, out), names repeat the layer, optimizer state follows."""
    layers = [
        ("conv2d_1", "Conv2D", {"kernel:0": (3, 3, 3, 32), "bias:0": (32,)}),
        ("conv2d_2", "Conv2D", {"kernel:0": (3, 3, 32, 64), "bias:0": (64,)}),
        ("depthwise_1", "DepthwiseConv2D", {"depthwise_kernel:0": (3, 3, 64, 1)}),
        ("batch_normalization_1", "BatchNormalization", {"gamma:0": (64,), "beta:0": (64,)}),
        ("dense_1", "Dense", {"kernel:0": (1024, 256), "bias:0": (256,)}),
        ("dense_2", "Dense", {"kernel:0": (256, 10), "bias:0": (10,)}),
    ]
    file.attrs["keras_version"] = "2.14.0"
    file.attrs["backend"] = "tensorflow"
    file.attrs["model_config"] = json.dumps({
        "class_name": "Sequential",
        "config": {"name": "example", "layers": [
            {"class_name": kind, "config": {"name": name}} for name, kind, _ in layers]},
    })
    model = file.create_group("model_weights")
    model.attrs["layer_names"] = np.array([name for name, _, _ in layers], dtype="S")
    for name, _, variables in layers:
        layer = model.create_group(name)
        layer.attrs["weight_names"] = np.array([f"{name}/{variable}" for variable in variables], dtype="S")
        for variable, shape in variables.items():
            layer[f"{name}/{variable}"] = weights(rng, *shape)
    optimizer = file.create_group("optimizer_weights/Adam")
    optimizer["iter:0"] = np.int64(1200)
    optimizer["dense_1/kernel/m:0"] = weights(rng, 1024, 256)


def write_torch(file, rng):
    """A state dict: dotted names at the root, Linear weights are (out, in), half precision and compression mixed in."""
    file.create_dataset("embed.weight", data=weights(rng, 1000, 64))
    for layer in range(2):
        for name, shape in (("q_proj", (64, 64)), ("k_proj", (64, 64)), ("v_proj", (64, 64)), ("o_proj", (64, 64)),
                            ("up_proj", (256, 64)), ("down_proj", (64, 256))):
            file.create_dataset(f"layers.{layer}.{name}.weight", data=weights(rng, *shape).astype(np.float16),
                                chunks=True, compression="gzip", shuffle=True)
        file[f"layers.{layer}.norm.weight"] = np.ones(64, np.float16)
    file["head.weight"] = weights(rng, 1000, 64)
    file["head.bias"] = np.zeros(1000, np.float32)
    file["step"] = np.int64(1200)


def main():
    writers = {"keras": write_keras, "torch": write_torch}
    if len(sys.argv) != 3 or sys.argv[1] not in writers:
        sys.exit(__doc__)
    with h5py.File(sys.argv[2], "w") as file:
        writers[sys.argv[1]](file, np.random.default_rng(7))
    print(f"wrote {sys.argv[2]}")


if __name__ == "__main__":
    main()
