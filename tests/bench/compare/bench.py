"""What every comparison needs: programs run, timed side by side, their memory and their results checked."""

import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import h5py
import numpy as np

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(SOURCE_DIR / "tests/end_to_end"))
import support  # noqa: E402  (the documented decoder)

TIMEOUT_SECONDS = 600
DECODED_TENSORS = 3  # of a file, by numpy, which is slow; verify looks at all of them
PEAK_OF_CHILD = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""


class Failure(Exception):
    """A program that failed, or a result that is wrong: the comparison has no figures."""


class NotMeasured(Exception):
    """Something that a comparison needs is not there."""


@dataclasses.dataclass
class Row:
    """A line of the table. met: None where nothing was measured."""
    what: str
    ours: str
    peer: str
    ratio: str
    target: str
    met: bool | None
    note: str = ""


@dataclasses.dataclass
class Timing:
    """The seconds of each round."""
    seconds: list

    @property
    def best(self):
        return min(self.seconds)

    def __str__(self):
        return f"{self.best:.3f} s"


class Bench:
    def __init__(self, program, folder, size, rounds):
        self.program, self.folder, self.size, self.rounds = program, pathlib.Path(folder), size, rounds
        self.load_at_start = os.getloadavg()[0]  # others on the machine make times worse
        # Of the comparison under way:
        self.profiles = {}  # what was run -> its profile
        self.timings = {}   # what was run -> the seconds of each round

    def path(self, name):
        return str(self.folder / name)

    def execute(self, *words, stdout=subprocess.DEVNULL):
        if words[0] != self.program and shutil.which(words[0]) is None:
            raise NotMeasured(f"{words[0]} is not installed")
        result = subprocess.run([*map(str, words)], stdout=stdout, stderr=subprocess.PIPE, text=True,
                                errors="backslashreplace", timeout=TIMEOUT_SECONDS, check=False)
        if result.returncode != 0:
            raise Failure(f"{' '.join(map(str, words))}: exit code {result.returncode}: {result.stderr.strip()[:500]}")
        return result

    def palettize(self, *words):
        """A command of the program."""
        return self.execute(self.program, *words)

    def has_option(self, command, option):
        return f"--{option} " in self.execute(self.program, command, "--help", stdout=subprocess.PIPE).stdout

    def side_by_side(self, rounds=None, **actions):
        """Each action once a round, in turn; {name: Timing}. An action is a command line, or a function, with the
        file that it writes, if any, removed before it is timed: (what, output) or what."""
        seconds = {name: [] for name in actions}
        names = list(actions)
        for number in range(rounds or self.rounds):
            for name in names[number % len(names):] + names[:number % len(names)]:
                action = actions[name]
                what, output = action if isinstance(action, tuple) else (action, None)
                if output is not None:
                    pathlib.Path(output).unlink(missing_ok=True)
                start = time.perf_counter()
                what() if callable(what) else self.execute(*what)
                seconds[name].append(time.perf_counter() - start)
        return {name: self.remember(name, Timing(times)) for name, times in seconds.items()}

    def remember(self, name, timing):
        key, number = name, 1
        while key in self.timings:
            number += 1
            key = f"{name} ({number})"
        self.timings[key] = timing.seconds
        return timing

    def profile(self, name, *words):
        """Keeps the profile of a run for the page."""
        output = self.path("profiled.h5")
        result = self.execute(self.program, "run", words[0], output, "--force", "--profile", *words[1:])
        pathlib.Path(output).unlink()
        lines = result.stderr.splitlines()
        start = next((number for number, line in enumerate(lines) if line.startswith("stage ")), 0)
        self.profiles[f"{name}: run {' '.join(map(str, words[1:]))}"] = "\n".join(lines[start:])
        return lines[-1]

    def peak_bytes(self, *words):
        """The peak resident set of a command. In a process of its own: a child begins with its parent's peak."""
        result = self.execute(sys.executable, "-S", "-c", PEAK_OF_CHILD, *words, stdout=subprocess.PIPE)
        return int(result.stdout)

    def check(self, original, palettized, report=None, most=DECODED_TENSORS):
        """verify holds, and the mean squared errors that the report states are those of the documented decoding, of so
        many tensors. Returns {path: mse}, recomputed."""
        self.palettize("verify", original, palettized)
        stated = {}
        if report is not None:
            tensors = json.loads(pathlib.Path(report).read_text())["tensors"]
            stated = {tensor["path"]: tensor["mse"] for tensor in tensors if tensor["action"] == "palettized"}
        errors = {}
        with h5py.File(original) as before, h5py.File(palettized) as after:
            for path in spread(support.palettized_groups(after), most):
                errors[path] = mean_squared_error(support.dense_values(before[path]), support.decode(after[path]))
                if report is not None and abs(errors[path] - stated[path]) > 1e-6 * errors[path]:
                    raise Failure(f"{path}: the report states an error of {stated[path]}, decoded it is {errors[path]}")
        if not errors:
            raise Failure(f"{palettized}: no tensor is palettized")
        return errors


def spread(items, most):
    """At most so many of them, from the first to the last."""
    items = list(items)
    if len(items) <= most:
        return items
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def mean_squared_error(original, decoded):
    total = 0.0
    for first, second in zip(np.array_split(original.reshape(-1), 16), np.array_split(decoded.reshape(-1), 16)):
        difference = first.astype(np.float64) - second.astype(np.float64)
        total += float(difference @ difference)
    return total / original.size


def scratch_in_memory(needed):
    """A folder in memory with that much room, or None."""
    folder = pathlib.Path("/dev/shm")
    usable = folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > needed
    return folder if usable else None

