"""A run that was interrupted, however, goes on where it stopped, to the bytes of one that was not."""

import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest

import h5py

import support

LAYERS = 12
IN_TIME = LAYERS // 2  # tensors: with more of them done all others may be in flight, which a run finishes before it stops
# Slow enough to be interrupted, and each tensor on its own: 0.1 s or so.
OPTIONS = ("--n-bits", "6", "--engine", "reference", "--memory", "1MiB")


class Resume(support.Case):
    def checkpoint(self, layers=LAYERS, seed=0, user_block=0):
        path = self.path("in.h5")
        with h5py.File(path, "w", userblock_size=user_block) as file:
            for layer in range(layers):
                values = support.rng(seed + layer).standard_normal((128 + 8 * layer, 256)).astype("f4")
                file[f"layer{layer:02}/weight"] = values
            file["bias"] = support.rng(99).standard_normal(1000)
        if user_block:
            with open(path, "r+b") as file:
                file.write(b"MATLAB" * 20)
        return path

    def whole(self, original):
        """The checksum of an uninterrupted run."""
        self.program("run", original, self.path("whole.h5"), *OPTIONS, "--force")
        return support.sha256(self.path("whole.h5"))

    def start(self, original, *more, **options):
        words = support.command_line("run", original, self.path("out.h5"), *OPTIONS, *more)
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def hidden(self):
        return sorted(name for name in os.listdir(self.folder) if name.startswith(".out.h5.h5palettize-"))

    def done(self):
        """Finished tensors of a run that has not published its output."""
        return self.journaled(".out.h5.h5palettize-journal")

    def start_and_wait(self, original, *more, tensors=2, at_most=LAYERS):
        """A run that has finished so many tensors, has more to do, and stands still."""
        return self.stopped_when(lambda: tensors <= self.done() <= at_most, lambda: self.start(original, *more),
                                 lambda: os.remove(self.path("out.h5")))

    def kill(self, process):
        process.kill()
        process.communicate(timeout=support.DEADLINE_SECONDS)

    def resumed(self, original):
        """Goes on to the end; how many tensors need not be done again."""
        result = self.program("run", original, self.path("out.h5"), *OPTIONS, "--resume")
        note = [line for line in result.stderr.splitlines() if "tensors were done" in line]
        return int(note[0].split()[2]) if note else 0

    def assert_done(self, digest, *more):
        self.assertEqual(support.sha256(self.path("out.h5")), digest)
        self.assert_folder_holds("in.h5", "out.h5", "whole.h5", *more)

    def test_killed_at_random_moments_it_goes_on_to_the_same_bytes(self):
        original = self.checkpoint()
        start = time.monotonic()
        digest = self.whole(original)
        seconds = time.monotonic() - start
        moments = random.Random(4)
        kept = 0
        for _ in range(8):
            process = self.start(original, "--resume")
            time.sleep(moments.uniform(0, 1.2 * seconds))
            self.kill(process)
            # Killed after its output was there, or not at all.
            if not os.path.exists(self.path("out.h5")):
                kept += self.resumed(original)
            self.assert_done(digest)
            os.remove(self.path("out.h5"))
        self.assertGreater(kept, 0, "no kill left anything to resume: the test shows nothing")

    def test_what_ranks_left_is_named_or_removed_once_the_plan_holds(self):
        original, shards = self.checkpoint(), self.path("out.h5.shards")
        left = os.path.join(shards, ".rank-0-of-4.h5.h5palettize-journal")
        os.mkdir(shards)
        pathlib.Path(left).write_text("")
        self.refused(support.USAGE, ["is of 4 ranks, not 1"], "run", original, self.path("out.h5"), *OPTIONS, "--resume")
        self.refused(support.USAGE, ["matches nothing"], "run", original, self.path("out.h5"), "--include", "nosuch")
        self.assertTrue(os.path.exists(left))
        self.program("run", original, self.path("out.h5"), *OPTIONS)
        self.assertFalse(os.path.exists(shards))

    def test_killed_again_and_again_it_loses_nothing(self):
        original = self.checkpoint()
        digest = self.whole(original)
        for tensors in (1, 3, 5, 7):  # the last kills come while earlier work is taken over, or after it
            self.kill(self.start_and_wait(original, "--resume", tensors=tensors))
        self.kill(self.start_and_wait(original, "--resume", tensors=1))
        self.assertGreaterEqual(self.resumed(original), 6)
        self.assert_done(digest)

    @support.needs_prompt_signals
    def test_signals_stop_it_with_exit_5_and_it_can_be_resumed(self):
        original = self.checkpoint()
        digest = self.whole(original)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(signal=number.name):
                process = self.start_and_wait(original, at_most=IN_TIME)
                start = time.monotonic()
                self.send_and_continue(process, number)
                _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
                self.assertEqual(process.returncode, support.STOPPED, errors)
                self.assertLess(time.monotonic() - start, 5 + 5, "5 s, and some for a busy machine")
                self.assertRegex(errors, "out.h5: interrupted; the same command with --resume goes on")
                self.assertGreaterEqual(self.resumed(original), 2)
                self.assert_done(digest)
                os.remove(self.path("out.h5"))

    @support.needs_prompt_signals
    def test_a_limit_of_processor_time_stops_it_as_a_signal_does(self):
        original = self.checkpoint(layers=60)
        process = self.start(original, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (2, 60)))
        _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, support.STOPPED, errors)
        self.assertIn("out.h5: interrupted; the same command with --resume goes on", errors)
        self.assertEqual(len(self.hidden()), 2)
        self.assertGreater(self.done(), 2)

    def test_a_second_signal_stops_it_at_once(self):
        original = self.checkpoint()
        digest = self.whole(original)
        process = self.start_and_wait(original, at_most=IN_TIME)
        self.send_and_continue(process, signal.SIGTERM, signal.SIGINT)
        _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, support.STOPPED, errors)
        self.assertIn("interrupted", errors)
        self.assertGreaterEqual(self.resumed(original), 2)
        self.assert_done(digest)

    @support.needs_prompt_signals
    def test_a_tensor_that_takes_long_does_not_delay_the_stop(self):
        path = self.path("in.h5")
        with h5py.File(path, "w") as file:
            file["weight"] = support.rng().standard_normal((4096, 4096)).astype("f4")
        words = support.command_line("run", path, self.path("out.h5"), "--n-bits", "8", "--engine", "reference")
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        time.sleep(1)
        self.assertIsNone(process.poll())
        start = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=support.DEADLINE_SECONDS)
        if process.returncode == support.DONE:
            self.skipTest("this machine finished the tensor within the 4 seconds that it is given")
        self.assertEqual(process.returncode, support.STOPPED)
        self.assertLess(time.monotonic() - start, 5 + 5)
        self.assert_folder_holds("in.h5")  # nothing was done: nothing is left

    def test_work_of_another_input_config_or_version_is_refused(self):
        original = self.checkpoint()
        digest = self.whole(original)
        self.kill(self.start_and_wait(original))
        other = ("--n-bits", "4", *OPTIONS[2:])
        self.refused(support.USAGE, ["--resume: .* another config; leave --resume out"], "run", original,
                     self.path("out.h5"), *other, "--resume")
        shutil.copy(original, self.path("copy.h5"))
        self.checkpoint(seed=50)
        self.refused(support.USAGE, ["another input"], "run", original, self.path("out.h5"), *OPTIONS, "--resume")
        os.remove(original)
        os.rename(self.path("copy.h5"), original)
        self.refused(support.USAGE, ["another input"], "run", original, self.path("out.h5"), *OPTIONS, "--resume")
        self.assertEqual(len(self.hidden()), 2, "a refusal touches nothing")
        self.program("run", original, self.path("out.h5"), *OPTIONS)  # starts afresh
        self.assert_done(digest)

    def test_an_input_that_was_rewritten_with_its_time_put_back_is_another_one(self):
        original = self.checkpoint()
        digest = self.whole(original)
        self.kill(self.start_and_wait(original))
        status = os.stat(original)
        shutil.copy2(original, self.path("copy.h5"))
        with h5py.File(original, "r+") as file:
            file["layer11/weight"][100] *= -3  # where no sample is taken
        os.utime(original, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.refused(support.USAGE, ["another input"], "run", original, self.path("out.h5"), *OPTIONS, "--resume")
        os.remove(original)
        os.rename(self.path("copy.h5"), original)  # as a job does that copies its input to its node
        self.assertGreaterEqual(self.resumed(original), 2)
        self.assert_done(digest)

    def test_an_input_that_changes_while_it_is_read_is_an_error_whatever_its_time(self):
        original = self.checkpoint()
        process = self.start_and_wait(original)
        status = os.stat(original)
        with open(original, "r+b") as file:
            file.seek(-8, os.SEEK_END)
            file.write(b"12345678")
        os.utime(original, ns=(status.st_atime_ns, status.st_mtime_ns))
        process.send_signal(signal.SIGCONT)
        _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, support.INPUT, errors)
        self.assertIn("the file has changed since it was opened", errors)
        self.assert_folder_holds("in.h5")

    def test_data_in_other_files_is_refused(self):
        path = self.path("in.h5")
        (self.folder / "raw").write_bytes(support.rng().standard_normal((64, 64)).astype("f4").tobytes())
        with h5py.File(path, "w") as file:
            file.create_dataset("weight", (64, 64), "f4", external=[(self.path("raw"), 0, 64 * 64 * 4)])
        options = ("--n-bits", "4", "--follow-external")
        self.refused(support.USAGE, ["/weight is in other files"], "run", path, self.path("out.h5"), *options, "--resume")
        self.program("run", path, self.path("out.h5"), *options)

    def test_with_nothing_to_resume_it_starts_afresh(self):
        original = self.checkpoint(layers=2)
        digest = self.whole(original)
        self.assertEqual(self.resumed(original), 0)
        self.assert_done(digest)

    def test_what_is_damaged_is_done_again(self):
        original = self.checkpoint()
        digest = self.whole(original)
        self.kill(self.start_and_wait(original, tensors=4))
        names = (".out.h5.h5palettize-journal", ".out.h5.h5palettize-part")
        saved = {name: (self.folder / name).read_bytes() for name in names}
        dice = random.Random(8)
        resumed = set()
        for trial in range(12):
            for name, content in saved.items():
                (self.folder / name).write_bytes(content)
            name = names[trial % 2]
            damaged = bytearray(saved[name])
            at = dice.randrange(len(damaged))
            if trial % 4 < 2:
                damaged[at] ^= 1 << dice.randrange(8)
            else:
                del damaged[at:]
            (self.folder / name).write_bytes(damaged)
            resumed.add(self.resumed(original))
            self.assert_done(digest)
            os.remove(self.path("out.h5"))
        self.assertGreater(len(resumed), 1, "no damage was met")

    def test_of_two_runs_of_one_output_the_second_is_refused(self):
        original = self.checkpoint()
        first = self.start_and_wait(original)
        for more in ((), ("--resume",), ("--force",)):
            self.refused(support.OUTPUT, ["another run is making it"], "run", original, self.path("out.h5"), *OPTIONS, *more)
        self.kill(first)
        self.assertEqual(len(self.hidden()), 2)

    def test_a_journal_that_is_another_file_is_refused_and_left_as_it_is(self):
        original = self.checkpoint(layers=2)
        digest = support.sha256(original)
        journal = self.path(".out.h5.h5palettize-journal")
        kinds = {"is a link": lambda: os.symlink("in.h5", journal), "several names": lambda: os.link(original, journal),
                 "no regular file": lambda: os.mkfifo(journal), "directory": lambda: os.mkdir(journal)}
        if os.geteuid() == 0:
            def of_another():
                pathlib.Path(journal).touch()
                os.chown(journal, 12345, 12345)
            kinds["another user"] = of_another
        for words, make in kinds.items():
            for more in ((), ("--resume",)):
                with self.subTest(kind=words, more=more):
                    make()
                    self.refused(support.OUTPUT, [words, "h5palettize-journal"], "run", original, self.path("out.h5"),
                                 *OPTIONS, *more)
                    self.assert_folder_holds("in.h5", os.path.basename(journal))
                    self.assertEqual(support.sha256(original), digest)
                    os.rmdir(journal) if words == "directory" else os.remove(journal)

    def test_behind_a_user_block_it_goes_on_too(self):
        original = self.checkpoint(user_block=512)
        digest = self.whole(original)
        self.kill(self.start_and_wait(original))
        self.assertGreaterEqual(self.resumed(original), 2)
        self.assert_done(digest)

    def test_a_full_disk_costs_only_what_was_not_done(self):
        original = self.checkpoint()
        digest = self.whole(original)
        limit = 190 * 1024
        process = self.start(original, "--resume",
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        _, errors = process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, support.LIMIT, errors)
        self.assertRegex(errors, "File too large")
        self.assertGreater(self.resumed(original), 0)
        self.assert_done(digest)

    def test_without_resume_a_failure_leaves_nothing(self):
        original = self.checkpoint()
        limit = 190 * 1024
        process = self.start(original, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        process.communicate(timeout=support.DEADLINE_SECONDS)
        self.assertEqual(process.returncode, support.LIMIT)
        self.assert_folder_holds("in.h5")

    def test_the_report_of_a_resumed_run_has_every_tensor(self):
        original = self.checkpoint()
        report = self.report(original, self.path("whole.h5"), *OPTIONS)
        self.kill(self.start_and_wait(original))
        resumed = self.report(original, self.path("out.h5"), *OPTIONS, "--resume")
        for tensor in report["tensors"] + resumed["tensors"]:
            del tensor["seconds"]
        self.assertEqual(resumed["tensors"], report["tensors"])


if __name__ == "__main__":
    unittest.main()
