"""Standard input, output and error that are missing, closed or full."""

import os
import pathlib
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np

import support
from support import DONE, OUTPUT


def unread_pipe():
    """The end that takes what is written, of a pipe whose other end is closed."""
    reading, writing = os.pipe()
    os.close(reading)
    return open(writing, "wb")


class Streams(support.Case):
    def setUp(self):
        super().setUp()
        self.input, self.output = self.path("in.h5"), self.path("out.h5")
        with h5py.File(self.input, "w") as file:
            file["aaa_bias"] = np.arange(40000, dtype="f4")
            for layer in range(300):
                file[f"{'a_long_name' * 4}/l{layer:03}/weight"] = support.rng(layer).standard_normal((8, 8)).astype("f4")

    def started(self, *words, **streams):
        """The exit code, and what stderr got where it is a pipe."""
        process = subprocess.Popen(support.command_line(*words), stdin=subprocess.DEVNULL, text=True, **streams)
        _, errors = process.communicate(timeout=support.TIMEOUT_SECONDS)
        return process.returncode, errors

    def whole(self):
        """The checksum of a run with every stream."""
        self.program("run", self.input, self.path("whole.h5"), "--n-bits", "2", "--force")
        return support.sha256(self.path("whole.h5"))

    def assert_output_is(self, digest):
        self.assertEqual(support.sha256(self.output), digest)
        os.remove(self.output)

    def test_what_is_printed_to_streams_that_are_missing_is_in_no_file(self):
        digest = self.whole()
        for missing in ((0, 1, 2), (0, 2), (1,)):
            for more in (("-v", "--resume"), ("-q", "--profile")):
                with self.subTest(missing=missing, more=more):
                    code, _ = self.started("run", self.input, self.output, "--n-bits", "2", *more,
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           preexec_fn=lambda: [os.close(number) for number in missing])
                    self.assertEqual(code, OUTPUT if 1 in missing and "-q" not in more else DONE)
                    self.assert_output_is(digest)

    def test_a_report_to_a_stream_that_is_missing_is_an_error(self):
        code, errors = self.started("run", self.input, self.output, "--report", "/dev/stdout", stderr=subprocess.PIPE,
                                    preexec_fn=lambda: os.close(1))
        self.assertEqual(code, OUTPUT)
        self.assertRegex(errors, "--report /dev/stdout: cannot be written")
        self.assert_folder_holds("in.h5")

    @support.needs_prompt_signals
    def test_a_signal_while_nobody_reads_a_report_stops_it_and_what_is_done_stays(self):
        digest = self.whole()
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        for option in ("--report", "--report-html", "--trace"):
            with self.subTest(option=option):
                words = support.command_line("run", self.input, self.output, "--n-bits", "2", "--quiet", option, fifo)
                process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
                end = time.monotonic() + support.DEADLINE_SECONDS
                while self.waits_in(process) not in ("wait_for_partner", "fifo_open"):
                    self.assertIsNone(process.poll())
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.02)
                process.send_signal(signal.SIGTERM)
                _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.STOPPED, errors)
                self.assertRegex(errors, "out.h5: interrupted; the same command with --resume goes on")
                self.assert_folder_holds("in.h5", "whole.h5", "fifo", ".out.h5.h5palettize-journal", ".out.h5.h5palettize-part")
                result = self.program("run", self.input, self.output, "--n-bits", "2", "--resume")
                self.assertIn("300 of 300 tensors were done by an earlier run", result.stderr)
                self.assert_output_is(digest)

    @staticmethod
    def waits_in(process):
        """The function of the kernel in which a process waits."""
        try:
            return pathlib.Path(f"/proc/{process.pid}/wchan").read_text()
        except OSError:
            return ""

    def test_a_log_that_nobody_reads_does_not_end_a_run(self):
        digest = self.whole()
        for more in ((), ("--resume",), ("--log-format", "json"), ("--profile",)):
            with self.subTest(more=more), unread_pipe() as stream:
                code, _ = self.started("run", self.input, self.output, "--n-bits", "2", "-v", *more, stderr=stream,
                                       stdout=subprocess.DEVNULL)
                self.assertEqual(code, DONE)
                self.assert_output_is(digest)

    def test_an_output_whose_table_cannot_be_printed_is_complete_and_said_to_be(self):
        digest = self.whole()
        commands = (("run", self.input, "--n-bits", "2"), ("restore", self.path("whole.h5")))
        for command, source, *options in commands:
            for stream in (unread_pipe(), open("/dev/full", "wb")):
                with self.subTest(command=command, stream=stream), stream as stdout:
                    code, errors = self.started(command, source, self.output, *options, stdout=stdout,
                                                stderr=subprocess.PIPE)
                    self.assertEqual(code, OUTPUT)
                    self.assertRegex(errors, "out.h5: is complete, but standard output cannot be written")
                    self.assert_output_is(digest) if command == "run" else os.remove(self.output)

    def test_commands_that_only_print_end_quietly_where_nobody_reads(self):
        for command in (("inspect", self.input, "--json"), ("plan", self.input, "--json"), ("--help",)):
            with self.subTest(command=command), unread_pipe() as stream:
                self.assertEqual(self.started(*command, stdout=stream, stderr=subprocess.PIPE), (OUTPUT, ""))
        with open("/dev/full", "wb") as stream:
            code, errors = self.started("inspect", self.input, stdout=stream, stderr=subprocess.PIPE)
        self.assertEqual(code, OUTPUT)
        self.assertIn("standard output cannot be written", errors)


if __name__ == "__main__":
    unittest.main()
