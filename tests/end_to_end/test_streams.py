"""Standard input, output and error that are missing, closed or full."""

import os
import subprocess
import unittest

import h5py

import support
from support import DONE, OUTPUT


class Streams(support.Case):
    def setUp(self):
        super().setUp()
        self.input, self.output = self.path("in.h5"), self.path("out.h5")
        with h5py.File(self.input, "w") as file:
            for layer in range(4):
                file[f"l{layer}/weight"] = support.rng(layer).standard_normal((64, 64)).astype("f4")

    def started(self, *words, **streams):
        """The exit code, and what stderr got where it is a pipe."""
        process = subprocess.Popen([support.PROGRAM, *words], stdin=subprocess.DEVNULL, text=True, **streams)
        _, errors = process.communicate(timeout=support.TIMEOUT_SECONDS)
        return process.returncode, errors

    def assert_output_is_whole(self):
        self.program("verify", self.input, self.output)
        os.remove(self.output)

    def test_what_is_printed_to_streams_that_are_missing_is_in_no_file(self):
        self.program("run", self.input, self.path("whole.h5"), "--preset", "w4")
        for missing in ((0, 1, 2), (0, 2), (1,), (2,)):
            for more in (("-v",), ("-v", "--resume"), ("-q", "--profile")):
                with self.subTest(missing=missing, more=more):
                    code, _ = self.started("run", self.input, self.output, "--preset", "w4", *more,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           preexec_fn=lambda: [os.close(number) for number in missing])
                    self.assertEqual(code, OUTPUT if 1 in missing and "-q" not in more else DONE)
                    self.assertEqual(support.sha256(self.output), support.sha256(self.path("whole.h5")))
                    self.assert_output_is_whole()

    def test_a_report_to_a_stream_that_is_missing_is_an_error(self):
        code, errors = self.started("run", self.input, self.output, "--report", "/dev/stdout", stderr=subprocess.PIPE,
                                    preexec_fn=lambda: os.close(1))
        self.assertEqual(code, OUTPUT)
        self.assertRegex(errors, "--report /dev/stdout: cannot be written")
        self.assert_folder_holds("in.h5")


if __name__ == "__main__":
    unittest.main()
