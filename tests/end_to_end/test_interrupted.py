"""A run that is ended by a crash, or by a signal before anything is done, leaves nothing beside the target."""

import os
import pathlib
import re
import resource
import signal
import subprocess
import time
import unittest

import h5py

import support


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
        end = time.monotonic() + support.DEADLINE_SECONDS
        while ".out.h5.h5palettize-part" not in self.temporaries():
            self.assertIsNone(process.poll(), "the run ended before it could be stopped")
            self.assertLess(time.monotonic(), end, "no temporary appeared")
            time.sleep(0.01)
        return process

    def send(self, process, number):
        """Sends a signal and waits until the process has taken it. Of those that wait together the lowest number comes first, and
        one number comes once."""
        process.send_signal(number)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        end = time.monotonic() + support.DEADLINE_SECONDS
        while process.poll() is None and int(re.search(r"ShdPnd:\s*(\w+)", status.read_text())[1], 16) >> (number - 1) & 1:
            self.assertLess(time.monotonic(), end, "the signal is still pending")

    def wait_for_clustering(self, process):
        """Waits until the run has computed for a while: the copy, with its calls of the library, takes no such time."""
        used = lambda: int(pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11])
        wanted = used() + os.sysconf("SC_CLK_TCK") // 2
        end = time.monotonic() + support.DEADLINE_SECONDS
        while used() < wanted:
            self.assertIsNone(process.poll(), "the run ended before it could be stopped")
            self.assertLess(time.monotonic(), end, "it does not compute")
            time.sleep(0.01)

    def temporaries(self):
        return [file.name for file in self.folder.iterdir() if file.name.startswith(".out.h5.h5palettize-")]

    def stopped_while_it_writes(self, *command):
        """A command that makes out.h5, and stands still while it does."""
        def start():
            process = subprocess.Popen(support.command_line(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            return process

        return self.stopped_when(lambda: ".out.h5.h5palettize-part" in self.temporaries(), start, lambda: os.remove(self.path("out.h5")))

    def test_what_a_killed_merge_or_restore_leaves_the_next_one_removes(self):
        with h5py.File(self.path("in.h5"), "w") as file:
            for layer in range(8):
                file[f"{layer}/weight"] = support.rng(layer).standard_normal((1024, 1024)).astype("f4")
        parts = [self.path(f"part{part}.h5") for part in range(2)]
        for part, name in enumerate(parts):
            self.program("run", self.path("in.h5"), name, "--n-bits", "4", "--shard", f"{part}/2", "--quiet")
        self.program("merge", self.path("whole.h5"), *parts, "--quiet")
        kept = ["in.h5", "part0.h5", "part1.h5", "whole.h5"]
        for command in (("merge", self.path("out.h5"), *parts), ("restore", self.path("whole.h5"), self.path("out.h5"))):
            with self.subTest(command=command[0]):
                process = self.stopped_while_it_writes(*command)
                self.refused(support.OUTPUT, ["another run is making it"], *command)
                process.kill()
                process.wait()
                self.assertIn(".out.h5.h5palettize-part", self.temporaries())
                self.program(*command, "--quiet")
                self.assert_folder_holds(*kept, "out.h5")
                os.remove(self.path("out.h5"))
                # Nor does it stand in the way of a run that looks for something to resume.
                process = self.stopped_while_it_writes(*command)
                process.kill()
                process.wait()
                self.program("run", self.path("in.h5"), self.path("out.h5"), "--n-bits", "2", "--resume", "--quiet")
                self.assert_folder_holds(*kept, "out.h5")
                os.remove(self.path("out.h5"))

    def test_a_signal_before_anything_is_done_leaves_nothing(self):
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU):
            with self.subTest(signal=name.name):
                process = self.start()
                self.send(process, name)
                # A second signal ends it at once, without the tensor in flight. SIGXCPU is none where its handler comes second.
                for number in (signal.SIGTERM, signal.SIGINT)[:2 if name == signal.SIGXCPU else 1]:
                    self.send(process, number)
                process.communicate(timeout=support.DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.STOPPED)
                self.assert_folder_holds("in.h5")

    def test_other_signals_that_end_it_leave_nothing(self):
        for number in (signal.SIGQUIT, signal.SIGVTALRM, signal.SIGPROF, signal.SIGRTMAX):
            with self.subTest(signal=number):
                process = self.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
                process.send_signal(number)
                process.communicate(timeout=support.DEADLINE_SECONDS)
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
        process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assert_folder_holds("in.h5")

    @unittest.skipIf(support.built_with_sanitizer(), "a sanitizer reports crashes itself")
    def test_a_crash_is_a_message_and_leaves_nothing(self):
        for name in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT):
            with self.subTest(signal=name.name):
                process = self.start()
                self.wait_for_clustering(process)
                process.send_signal(name)
                _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.INTERNAL, errors)
                self.assertRegex(errors, f"^h5palettize: error: internal error: crashed with {name.name}; please report it: "
                                         ".*; nothing was written\n$")
                self.assertNotIn("in.h5", errors)
                self.assert_folder_holds("in.h5")


if __name__ == "__main__":
    unittest.main()
