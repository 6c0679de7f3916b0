"""Checkpoints that real frameworks wrote, where the folder is there: plan, run, verify and restore with every preset."""

import itertools
import json
import re
import shutil
import sys
import unittest

import h5py
import numpy as np

import support
from structure import StructureCase
from support import DONE, INPUT, USAGE, bits

PRESETS = ("w4", "w6", "w8")
PARTIAL = ("w4", "--partial-groups", "allow")

# An archive, not an HDF5 file.
REFUSED = {"keras3_nested_container.keras"}
# References lead to tensors that are palettized: h5diff compares what they lead to. It crashes on LZF.
REFERRING = {"deepsqueak_mouse_v73.mat", "rte_lw96_netcdf4.nc", "anndata_v070.h5ad"}

# How many tensors each setting palettizes at least: the weights of the layers, whose output channels 16 divides (w4, w6),
# and all of them (w8). A file of which w4 palettizes nothing is run with partial groups too.
PALETTIZED = {
    "accident_keras3.weights.h5": {"w4": 3, "w6": 3, "w8": 4},
    "anndata_v050_gzip.h5ad": {"w4": 0, "w6": 0, "w8": 1},
    "caffe_cifar10_m4.caffemodel.h5": {"w4": 3, "w6": 3, "w8": 4},
    "deepsqueak_mouse_v73.mat": {"w4": 0, "w6": 0, "w8": 4},
    "face_xception_big_k205.hdf5": {"w4": 12, "w6": 12, "w8": 13},
    "hls_bnn_float64.h5": {"w4": 3, "w6": 3, "w8": 4},
    "hls_hcal50_sparse.h5": {"w4": 0, "w6": 0, "w8": 3},
    "imitation_hopper_pytables.h5": {"w4": 0, "w6": 0, "w8": 52},
    "rte_lw96_netcdf4.nc": {"w4": 2, "w6": 2, "w8": 3},
    "music_crnn_theano_k1.h5": {"w4": 4, "w6": 4, "w8": 5},
    "tiny_resnet_k214_adam.h5": {"w4": 0, "w6": 0, "w8": 10},
}

# The kernels that a practitioner would palettize, by the documentation of the frameworks: what multiplies activations. Not
# biases, gains, statistics, embeddings, optimizer state, data.
KERNELS = {
    "accident_keras3.weights.h5": r"/layers/dense(_\d)?/vars/0",
    "anndata_v050_gzip.h5ad": None,
    "anndata_v070.h5ad": None,
    "caffe_cifar10_m4.caffemodel.h5": r"/data/(conv\d|ip1)/0",
    "deepsqueak_mouse_v73.mat": None,
    "dl4j_emb_conv1d_th_k2.h5": r"/model_weights/((conv1d|dense)_\d)/\1/kernel",
    "dl4j_lstm_th_k1_model.h5": r"/model_weights/(lstm_1/lstm_1_[WU]_[ifco]|dense_1/dense_1_W)",
    "dl4j_sepconv_tf_k2.h5": r"/model_weights/.*/(depthwise|pointwise)_kernel:0",
    "face_xception_big_k205.hdf5": r"/model_weights/.*/(depthwise_|pointwise_)?kernel:0",
    "h5wasm_compressed.h5": None,
    "hls_bnn_float64.h5": r".*/kernel:0",
    "hls_hcal50_sparse.h5": r".*/kernel:0",
    "imitation_hopper_pytables.h5": r"/snapshots/.*/AffineLayer/W",
    "music_crnn_theano_k1.h5": r"/(conv\d/conv\d_W|gru\d/gru\d_[WU]_[zrh]|output/output_W)",
    "rte_lw96_netcdf4.nc": r"/nn_weights_\d",
    "tflm_magic_wand.h5": r"/((conv2d|dense)(_1)?)/\1/kernel:0",
    "tiny_resnet_k214_adam.h5": r"/model_weights/((conv2d|dense)(_\d)?)/\1/kernel:0",
}

OUTPUT_AXES = {
    "accident_keras3.weights.h5": {"/layers/dense/vars/0": ((264, 64), 1)},
    "face_xception_big_k205.hdf5": {
        "/model_weights/conv2d_2/conv2d_2_1/kernel:0": ((3, 3, 32, 64), 3),
        "/model_weights/separable_conv2d_4/separable_conv2d_4_1/depthwise_kernel:0": ((3, 3, 256, 1), 2)},
    "music_crnn_theano_k1.h5": {"/conv2/conv2_W": ((128, 64, 3, 3), 0), "/output/output_W": ((32, 50), 1)},
    "rte_lw96_netcdf4.nc": {"/nn_weights_1": ((18, 96), 1), "/nn_weights_2": ((96, 96), 1)},
    "tiny_resnet_k214_adam.h5": {"/model_weights/dense/dense/kernel:0": ((104, 10), 1)},
}


def settings_of(name):
    """Presets, and partial groups where w4 finds nothing that it divides."""
    settings = [(preset,) for preset in PRESETS]
    return [*settings, PARTIAL] if PALETTIZED.get(name, {}).get("w4") == 0 else settings


def least_palettized(name, setting):
    expected = PALETTIZED.get(name, {})
    return expected.get("w8" if setting == PARTIAL else setting[0], 0)


@unittest.skipUnless(support.checkpoints(), f"no checkpoints in {support.CHECKPOINTS}")
class RealCheckpoints(StructureCase):
    def copy(self, checkpoint):
        """A copy in the test's own folder: the originals are never at risk."""
        target = self.path("in.h5")
        shutil.copyfile(checkpoint, target)
        return target

    def selection(self, path, setting):
        """Options that select something, or the refusal of the whole file."""
        result = self.call("run", path, self.path("probe.h5"), "--preset", *setting, "--force")
        if result.returncode == USAGE:  # the names give no hint
            return ["--preset", *setting, "--include", ".*"], None
        return ["--preset", *setting], result if result.returncode else None

    def check_refusal(self, result, digest):
        """Refused with a message, nothing written, nothing harmed."""
        self.assertEqual(result.returncode, INPUT, result.stderr)
        self.assertRegex(result.stderr, "reference|filter|compound|virtual|external|cannot|zip archive")
        self.assert_folder_holds("in.h5")
        self.assertEqual(support.sha256(self.path("in.h5")), digest)

    def check_checkpoint(self, checkpoint, setting):
        path = self.copy(checkpoint)
        digest = support.sha256(path)
        options, refusal = self.selection(path, setting)
        if refusal is None:
            result = self.call("run", path, self.path("probe.h5"), *options, "--force")
            refusal = result if result.returncode != DONE else None
        (self.folder / "probe.h5").unlink(missing_ok=True)
        if refusal is not None:
            self.check_refusal(refusal, digest)
            return None
        planned = self.plan(path, *options)["totals"]["palettized"]
        palettized, restored = self.dense_again(path, *options)
        self.assertEqual(support.sha256(path), digest)
        with h5py.File(palettized) as packed, h5py.File(restored) as dense:
            groups = support.palettized_groups(packed)
            self.assertEqual(len(groups), planned)
            self.assertGreaterEqual(planned, least_palettized(checkpoint.name, setting))
            if setting == ("w8",):
                self.check_axes(packed, OUTPUT_AXES.get(checkpoint.name, {}))
            for group in groups:
                np.testing.assert_array_equal(bits(support.decode(packed[group])), bits(dense[group][()]), group)
        if checkpoint.name in REFERRING:
            with h5py.File(path) as original, h5py.File(restored) as dense:
                self.compare(original, dense, groups)
        else:
            self.assertEqual(self.h5diff(path, restored, *groups), "")
        return len(groups)

    def check_axes(self, packed, expected):
        for path, (shape, axis) in expected.items():
            self.assertEqual(tuple(packed[path].attrs["palettized_shape"]), shape, path)
            self.assertEqual(packed[path].attrs["output_channel_axis"], axis, path)

    def test_by_default_the_kernels_are_taken_and_nothing_else(self):
        for checkpoint in support.checkpoints():
            if checkpoint.name not in KERNELS:
                continue
            with self.subTest(checkpoint=checkpoint.name):
                pattern = KERNELS[checkpoint.name]
                if pattern is None:
                    self.refused(USAGE, ["nothing is selected"], "plan", checkpoint)
                    continue
                names = []
                with h5py.File(checkpoint) as file:
                    file.visititems(lambda name, item: names.append("/" + name) if isinstance(item, h5py.Dataset) else None)
                expected = [name for name in names if re.fullmatch(pattern, name)]
                self.assertTrue(expected)
                for options in ((), ("--preset", "w4")):
                    tensors = self.plan(checkpoint, *options)["tensors"]
                    taken = [tensor["path"] for tensor in tensors if tensor["action"] == "palettized"]
                    self.assertEqual(sorted(taken), sorted(expected))
                for name in expected:
                    explained = json.loads(self.program("explain", checkpoint, name, "--json").stdout)
                    self.assertGreaterEqual(len(explained["paths"][0]["evidence"]), 3, name)  # kind, role, channels

    def test_every_checkpoint_with_every_preset(self):
        for checkpoint in support.checkpoints():
            for setting in settings_of(checkpoint.name):
                self.setUp()  # a folder for each
                with self.subTest(checkpoint=checkpoint.name, setting=setting):
                    palettized = self.check_checkpoint(checkpoint, setting)
                    print(f"{checkpoint.name} {' '.join(setting)}: "
                          f"{'refused' if palettized is None else f'{palettized} tensors'}", file=sys.stderr)
                    if checkpoint.name in REFUSED | set(PALETTIZED):
                        self.assertEqual(palettized is None, checkpoint.name in REFUSED)

    def test_engines_are_as_good_as_they_say(self):
        """fast against exact against reference, on every tensor that can be palettized at all, at 4 and at 8 bits, whole
        and by rows. No LUT quantization and no scale: the error is that of clustering."""
        settings = (["--preset", "w4"], ["--n-bits", "8"],
                    ["--n-bits", "4", "--granularity", "per_grouped_channel", "--axis", "0", "--group-size", "1"])
        compared = 0
        for checkpoint, setting in itertools.product(support.checkpoints(), settings):
            options = [*setting, "--include", ".*"]
            path = self.copy(checkpoint)
            with self.subTest(checkpoint=checkpoint.name, options=options):
                probe = self.call("run", path, self.path("fast.h5"), *options, "--force")
                if probe.returncode == INPUT and checkpoint.name not in PALETTIZED:
                    continue  # refused: the other test looks at that
                self.assertEqual(probe.returncode, DONE, probe.stderr)
                fast, exact, reference = (
                    self.report(path, self.path(f"{engine}.h5"), *options, "--engine", engine)["tensors"]
                    for engine in ("fast", "exact", "reference"))
                for one, best, other in zip(fast, exact, reference, strict=True):
                    if best["action"] == "palettized":
                        compared += 1
                        self.assertLessEqual(one["mse"], best["mse"] * (1 + 1e-4) + 1e-300, best["path"])
                        # Centroids are rounded to the weights' type: a relative 1e-6 where they are float32.
                        self.assertLessEqual(best["mse"], other["mse"] * (1 + 1e-6) + 1e-300, best["path"])
            for engine in ("fast", "exact", "reference"):
                (self.folder / f"{engine}.h5").unlink(missing_ok=True)
        print(f"fast against exact against reference: {compared} tensors", file=sys.stderr)
        self.assertGreater(compared, 100)


if __name__ == "__main__":
    if not support.checkpoints():
        print(f"skipped: no checkpoints in {support.CHECKPOINTS}")
    unittest.main()
