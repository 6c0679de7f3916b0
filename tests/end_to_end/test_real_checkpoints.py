"""Checkpoints that real frameworks wrote, where the folder is there: plan, run, verify and restore with every preset."""

import itertools
import shutil
import sys
import unittest

import h5py
import numpy as np

import support
from support import DONE, INPUT, USAGE, bits

PRESETS = ("w4", "w6", "w8")


@unittest.skipUnless(support.checkpoints(), f"no checkpoints in {support.CHECKPOINTS}")
class RealCheckpoints(support.Case):
    def copy(self, checkpoint):
        """A copy in the test's own folder: the originals are never at risk."""
        target = self.path("in.h5")
        shutil.copyfile(checkpoint, target)
        return target

    def selection(self, path, preset):
        """Options that select something, or the refusal of the whole file."""
        result = self.call("run", path, self.path("probe.h5"), "--preset", preset, "--force")
        if result.returncode == USAGE:  # the names give no hint
            return ["--preset", preset, "--include", ".*"], None
        return ["--preset", preset], result if result.returncode else None

    def check_refusal(self, result, digest):
        """Refused with a message, nothing written, nothing harmed."""
        self.assertEqual(result.returncode, INPUT, result.stderr)
        self.assertRegex(result.stderr, "reference|filter|lzf|compound|virtual|external|cannot")
        self.assert_folder_holds("in.h5")
        self.assertEqual(support.sha256(self.path("in.h5")), digest)

    def check_checkpoint(self, checkpoint, preset):
        path = self.copy(checkpoint)
        digest = support.sha256(path)
        options, refusal = self.selection(path, preset)
        if refusal is None:
            result = self.call("run", path, self.path("probe.h5"), *options, "--force")
            refusal = result if result.returncode != DONE else None
        (self.folder / "probe.h5").unlink(missing_ok=True)
        if refusal is not None:
            self.check_refusal(refusal, digest)
            return "refused"
        planned = self.plan(path, *options)["totals"]["palettized"]
        palettized, restored = self.dense_again(path, *options)
        self.assertEqual(support.sha256(path), digest)
        with h5py.File(palettized) as packed, h5py.File(restored) as dense:
            groups = support.palettized_groups(packed)
            self.assertEqual(len(groups), planned)
            for group in groups:
                np.testing.assert_array_equal(bits(support.decode(packed[group])), bits(dense[group][()]), group)
        self.assertEqual(self.h5diff(path, restored, *groups), "")
        return f"{len(groups)} tensors"

    def test_every_checkpoint_with_every_preset(self):
        for checkpoint, preset in itertools.product(support.checkpoints(), PRESETS):
            self.setUp()  # a folder for each
            with self.subTest(checkpoint=checkpoint.name, preset=preset):
                outcome = self.check_checkpoint(checkpoint, preset)
                print(f"{checkpoint.name} {preset}: {outcome}", file=sys.stderr)

    def test_fast_is_as_good_as_exact(self):
        """On every tensor that can be palettized at all, at 4 and at 8 bits, whole and by rows."""
        settings = (["--preset", "w4"], ["--n-bits", "8"],
                    ["--n-bits", "4", "--granularity", "per_grouped_channel", "--axis", "0", "--group-size", "1"])
        compared = 0
        for checkpoint, setting in itertools.product(support.checkpoints(), settings):
            options = [*setting, "--include", ".*"]
            path = self.copy(checkpoint)
            if self.call("run", path, self.path("fast.h5"), *options, "--force").returncode != DONE:
                continue  # refused: the other test looks at that
            with self.subTest(checkpoint=checkpoint.name, options=options):
                fast, exact = (self.report(path, self.path(f"{engine}.h5"), *options, "--engine", engine)
                               for engine in ("fast", "exact"))
                for one, other in zip(fast["tensors"], exact["tensors"]):
                    if one["action"] == "palettized":
                        compared += 1
                        self.assertLessEqual(one["mse"], other["mse"] * (1 + 1e-4) + 1e-300, one["path"])
            for engine in ("fast", "exact"):
                (self.folder / f"{engine}.h5").unlink(missing_ok=True)
        print(f"fast against exact: {compared} tensors", file=sys.stderr)
        self.assertGreater(compared, 100)


if __name__ == "__main__":
    if not support.checkpoints():
        print(f"skipped: no checkpoints in {support.CHECKPOINTS}")
    unittest.main()
