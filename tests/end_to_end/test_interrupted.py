"""A run that is ended by a crash, or by a signal before anything is done, leaves nothing beside the target."""

import os
import resource
import signal
import subprocess
import time
import unittest

import h5py

import support

DEADLINE_SECONDS = 120


class Interrupted(support.Case):
    def start(self, **options):
        """A run of seconds, whose temporary is there."""
        path = self.path("in.h5")
        if not os.path.exists(path):
            with h5py.File(path, "w") as file:
                file["weight"] = support.rng().standard_normal((4096, 4096)).astype("f4")
        process = subprocess.Popen(
            support.command_line("run", path, self.path("out.h5"), "--n-bits", "8", "--engine", "reference"),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        end = time.monotonic() + DEADLINE_SECONDS
        while ".out.h5.h5palettize-part" not in self.temporaries():
            self.assertIsNone(process.poll(), "the run ended before it could be stopped")
            self.assertLess(time.monotonic(), end, "no temporary appeared")
            time.sleep(0.01)
        return process

    def temporaries(self):
        return [file.name for file in self.folder.iterdir() if file.name.startswith(".out.h5.h5palettize-")]

    def test_a_signal_before_anything_is_done_leaves_nothing(self):
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU):
            with self.subTest(signal=name.name):
                process = self.start()
                process.send_signal(name)
                process.send_signal(signal.SIGTERM)  # at once: what is in flight is not waited for
                process.communicate(timeout=DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.STOPPED)
                self.assert_folder_holds("in.h5")

    def test_other_signals_that_end_it_leave_nothing(self):
        for number in (signal.SIGQUIT, signal.SIGVTALRM, signal.SIGPROF, signal.SIGRTMAX):
            with self.subTest(signal=number):
                process = self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
                process.send_signal(number)
                process.communicate(timeout=DEADLINE_SECONDS)
                self.assertEqual(process.returncode, -number)
                self.assert_folder_holds("in.h5")

    def test_nohup_is_respected(self):
        process = self.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        self.assertIsNone(process.poll())
        self.assertTrue(self.temporaries())
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=DEADLINE_SECONDS)
        self.assert_folder_holds("in.h5")

    @unittest.skipIf(support.built_with_sanitizer(), "a sanitizer reports crashes itself")
    def test_a_crash_is_a_message_and_leaves_nothing(self):
        for name in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
            with self.subTest(signal=name.name):
                process = self.start()
                process.send_signal(name)
                _, errors = process.communicate(timeout=DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.INPUT, errors)
                self.assertRegex(errors, "crashed.*nothing was written")
                self.assert_folder_holds("in.h5")


if __name__ == "__main__":
    unittest.main()
