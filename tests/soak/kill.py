#!/usr/bin/python3
"""Kills a run at random moments (SIGKILL, now and then a signal that asks to stop), again while it resumes, and lets it
end: the bytes must be those of a run that nobody killed, with nothing left beside them.

usage: kill.py PROGRAM COUNT [SEED]
"""

import collections
import hashlib
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

OPTIONS = ("--n-bits", "6", "--engine", "reference", "--memory", "1MiB")
TIMEOUT_SECONDS = 120


def write_checkpoint(path):
    numbers = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        for layer in range(12):
            file[f"layer{layer:02}/weight"] = numbers.standard_normal((128 + 8 * layer, 256)).astype("f4")
        file["bias"] = numbers.standard_normal(1000)


class Killer:
    def __init__(self, program, folder, dice):
        self.program, self.folder, self.dice = program, folder, dice
        write_checkpoint(folder / "in.h5")
        start = time.monotonic()
        self.finish()
        self.seconds = time.monotonic() - start
        self.right = self.digest()
        (folder / "out.h5").unlink()
        self.kills = 0

    def start(self):
        words = [self.program, "run", self.folder / "in.h5", self.folder / "out.h5", *OPTIONS, "--resume"]
        return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self):
        """Lets a run end; how many tensors it took over."""
        process = self.start()
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
        if process.returncode != 0:
            raise AssertionError(f"exit {process.returncode}: {errors}")
        found = re.search(r"(\d+) of \d+ tensors were done", errors)
        return int(found.group(1)) if found else 0

    def digest(self):
        return hashlib.sha256((self.folder / "out.h5").read_bytes()).hexdigest()

    def kill_one(self):
        """True where the run was still there."""
        process = self.start()
        time.sleep(self.dice.uniform(0, 1.1 * self.seconds))
        process.send_signal(signal.SIGTERM if self.dice.random() < 0.1 else signal.SIGKILL)
        process.communicate(timeout=TIMEOUT_SECONDS)
        return process.returncode != 0

    def trial(self):
        """Kills a run once or more, until it ends; how many tensors the last one took over."""
        while self.kill_one():
            self.kills += 1
            if self.dice.random() < 0.7:
                taken = self.finish()
                break
        else:
            taken = 12
        if self.digest() != self.right:
            raise AssertionError("other bytes")
        (self.folder / "out.h5").unlink()
        left = set(os.listdir(self.folder)) - {"in.h5"}
        if left:
            raise AssertionError(f"left behind: {left}")
        return taken


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    dice = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
    taken = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="h5palettize-kill-") as folder:
        killer = Killer(program, pathlib.Path(folder), dice)
        while killer.kills < count:
            taken[killer.trial()] += 1
    print(f"{killer.kills} kills, {sum(taken.values())} outputs, all with the bytes of an undisturbed run")
    print("tensors that the last run took over: " + ", ".join(f"{n}: {taken[n]} times" for n in sorted(taken)))


if __name__ == "__main__":
    main()
