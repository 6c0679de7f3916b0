"""What the program says while it works: progress on a terminal, lines or JSON elsewhere, less or more of it."""

import json
import os
import pty
import re
import subprocess
import unittest

import h5py

import support


class Log(support.Case):
    def checkpoint(self, tensors=6, rows=2048):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            for number in range(tensors):
                file[f"layer{number}/weight"] = support.rng(number).standard_normal((rows, 1024), "f4")
        return path

    def on_terminal(self, *arguments):
        """What a terminal gets on stderr, and the exit code."""
        terminal, end = pty.openpty()
        process = subprocess.Popen([support.PROGRAM, *arguments], stdout=subprocess.DEVNULL, stderr=end, close_fds=True)
        os.close(end)
        text = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            text += piece
        os.close(terminal)
        return text.decode(), process.wait()

    def test_a_terminal_shows_one_line_that_is_gone_at_the_end(self):
        # Vectors take long enough for some tenths of a second.
        text, code = self.on_terminal("run", self.checkpoint(), self.path("out.h5"), "--n-bits", "6", "--cluster-dim", "2")
        self.assertEqual(code, 0)
        self.assertRegex(text, r"\r\d+ of 6 tensors, [\d.]+ \w+ of 48\.00 MiB.*: .*/layer\d/weight")
        self.assertNotIn("\n", text)
        self.assertTrue(text.endswith("\r\x1b[K"), repr(text[-40:]))
        for line in text.split("\r"):
            self.assertLess(len(line.replace("\x1b[K", "")), 80)

    def test_messages_take_the_place_of_the_line(self):
        path = self.checkpoint(2, 512)
        text, code = self.on_terminal("run", path, self.path("out.h5"), "--cluster-dim", "2", "--verbose")
        self.assertEqual(code, 0)
        for line in [line for line in re.split(r"[\r\n]+", text) if "h5palettize: info:" in line]:
            self.assertRegex(line, r"^(\x1b\[K)?h5palettize: info: /layer\d/weight: 4 bit, [\d.]+ dB$")
        self.assertEqual(text.count(" dB"), 2)

    def test_a_pipe_gets_no_line_of_a_short_run(self):
        for options in ((), ("--quiet",), ("--log-format", "json")):
            with self.subTest(options=options):
                result = self.program("run", self.checkpoint(2, 64), self.path("out.h5"), "--force", *options)
                self.assertEqual(result.stderr, "")
                self.assertEqual(result.stdout == "", options == ("--quiet",))

    def test_verbose_says_each_tensor(self):
        path = self.checkpoint(3, 64)
        result = self.program("run", path, self.path("out.h5"), "--verbose")
        self.assertEqual([line.split(": ")[2] for line in result.stderr.splitlines()],
                         [f"/layer{number}/weight" for number in range(3)])
        result = self.program("restore", self.path("out.h5"), self.path("back.h5"), "-v")
        self.assertEqual(result.stderr.count("restored"), 3)

    def test_json_is_an_object_a_line(self):
        path = self.checkpoint(2, 64)
        self.program("run", path, self.path("out.h5"))
        for code, arguments in ((0, ("run", path, self.path("new.h5"), "--verbose")),
                                (support.OUTPUT, ("run", path, self.path("out.h5"))),
                                (support.CHECK_FAILED, ("verify", path, self.path("out.h5"), "--min-sqnr-db", "99"))):
            result = self.call(*arguments, "--log-format", "json")
            self.assertEqual(result.returncode, code, result.stderr)
            lines = [json.loads(line) for line in result.stderr.splitlines()]
            self.assertTrue(lines)
            for line in lines:
                self.assertEqual(list(line), ["time", "level", "message"])
                self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
                self.assertEqual(line["level"], "error" if code else "info")

    def test_options_that_say_nothing_right_are_refused(self):
        path = self.checkpoint(1, 64)
        self.refused(support.USAGE, ["--log-format", "text"], "run", path, self.path("o.h5"), "--log-format", "xml")
        self.refused(support.USAGE, ["--quiet", "--verbose"], "run", path, self.path("o.h5"), "-q", "-v")


if __name__ == "__main__":
    unittest.main()
