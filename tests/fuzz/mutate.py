"""Damages valid HDF5 files where it matters, and runs the program on them.

A mutation changes fields of a structure (sizes, counts, versions, flags, addresses, names), bits anywhere, or the length
of the file; checksums are made right again, so that the damage gets past them. Whatever the file has become, a command
must end in a clear error or do its work: no signal, no hang, no more memory than for a whole file and --memory, no
temporary left. Where `run` succeeds, `verify` must find that its output holds.

Usage: mutate.py [--count N] [--first N] [--seed S] [--jobs J] [--keep FOLDER]
  case i of a seed is the same mutation always, where h5py and the library are the same; --keep saves the inputs that fail.
H5PALETTIZE names the program (default: build/release/h5palettize).
"""

import argparse
import collections
import json
import multiprocessing
import os
import pathlib
import random
import re
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time

import seeds
import structures

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("H5PALETTIZE", str(SOURCE_DIR / "build/release/h5palettize"))
SECONDS = 60            # of the clock and of the processor, for one command
MEMORY = "64MiB"        # --memory
RESIDENT_KIB = 640 << 10  # --memory, what a file of few KiB may ask of the library, and the program itself
ADDRESS_BYTES = 16 << 30  # protects the machine, not part of what is claimed
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 16, 32, 33, 64, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000,
           0xFFFFFFFF, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
NAMES = (b"..", b".", b"/", b"\n", b"\xff\xfe", b"\x00", b"\x1b[2J", b"%s%n", b'"\\')


class Seed:
    def __init__(self, name, data, original):
        self.name, self.data, self.original = name, data, original
        self.structures = structures.find_structures(data)
        base = 512 if name in ("user-block",) else 0
        self.pointers = structures.find_pointers(data, self.structures, base)
        self.base = base


def put(data, at, value, width):
    width = min(width, len(data) - at)
    data[at:at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")


def change_number(seed, data, random_source):
    place = random_source.choice(seed.structures)
    at = random_source.randrange(place.begin, place.end)
    width = random_source.choice((1, 1, 2, 2, 4, 8))
    old = int.from_bytes(data[at:at + width], "little")
    value = random_source.choice((random_source.choice(NUMBERS), old + 1, old - 1, old * 2, ~old,
                                  random_source.getrandbits(8 * width), len(data)))
    put(data, at, value, width)
    return f"{place.name}+{at - place.begin}: {width} bytes {old:#x} -> {value:#x}"


def redirect_pointer(seed, data, random_source):
    """Cycles, objects of another kind, places that are none, beyond the end."""
    if not seed.pointers:
        return change_number(seed, data, random_source)
    at = random_source.choice(seed.pointers)
    target = random_source.choice((random_source.choice(seed.structures).begin - seed.base, random_source.randrange(len(data)),
                                   len(data), (1 << 64) - 1, 1 << 62))
    old = int.from_bytes(data[at:at + 8], "little")
    put(data, at, target, 8)
    return f"pointer at {at}: {old:#x} -> {target:#x}"


def flip_bit(_, data, random_source):
    at, bit = random_source.randrange(len(data)), random_source.randrange(8)
    data[at] ^= 1 << bit
    return f"bit {bit} of byte {at}"


def change_name(_, data, random_source):
    words = [match.span() for match in re.finditer(rb"[A-Za-z_ .]{4,}", bytes(data))]
    begin, end = random_source.choice(words)
    name = random_source.choice(NAMES)
    at = random_source.randrange(begin, end)
    data[at:min(at + len(name), end)] = name[:max(0, min(len(name), end - at))]
    return f"text at {at}: {name!r}"


def move_bytes(seed, data, random_source):
    """The bytes of one structure over another's."""
    source, target = random_source.choice(seed.structures), random_source.choice(seed.structures)
    length = min(source.end - source.begin, target.end - target.begin)
    data[target.begin:target.begin + length] = data[source.begin:source.begin + length]
    return f"{source.name} at {source.begin} over {target.name} at {target.begin}"


def change_length(_, data, random_source):
    length = random_source.randrange(len(data))
    if random_source.random() < 0.2:
        data.extend(bytes(length))
        return f"{length} bytes more"
    del data[length:]
    return f"cut to {length} bytes"


KINDS = {change_number: 12, redirect_pointer: 5, flip_bit: 3, change_name: 2, move_bytes: 1, change_length: 1}


def mutate(seed, number, random_seed):
    """The damaged file, and what was done to it."""
    random_source = random.Random(f"{random_seed}:{number}")
    data = bytearray(seed.data)
    said = []
    for _ in range(random_source.choice((1, 1, 1, 2, 3))):
        kind = random_source.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        said.append(kind(seed, data, random_source))
        if len(data) < len(seed.data):
            break
    if len(data) >= len(seed.data) and random_source.random() < 0.95:
        for structure in seed.structures:
            structure.fix_checksum(data)
    return data, "; ".join(said)


class Runner:
    """Runs commands in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.input, self.output, self.original = folder / "in.h5", folder / "out.h5", folder / "original.h5"
        self.codes = collections.Counter()
        self.peak_kib = 0
        self.unstable = 0  # outputs with copies of damaged data that verify finds
        self.slowest_seconds = 0

    def call(self, *words):
        """Exit code, message, and what is wrong with how it ended (None: nothing)."""
        with open(self.folder / "stdout", "w+b") as out, open(self.folder / "stderr", "w+b") as err:
            begin = time.monotonic()
            process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            signal.alarm(SECONDS)
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except TimeoutError:
                process.kill()
                _, status, usage = os.wait4(process.pid, 0)
            signal.alarm(0)
            process.returncode = code = os.waitstatus_to_exitcode(status)
            self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - begin)
            self.peak_kib = max(self.peak_kib, usage.ru_maxrss)
            self.codes[code] += 1
            err.seek(0)
            message = err.read().decode(errors="backslashreplace")
            out.seek(0)
            return code, message, self.problem(code, message, usage.ru_maxrss, "--json" in words, out.read())

    def problem(self, code, message, resident_kib, is_json, output):
        if code in (-signal.SIGKILL, -signal.SIGXCPU):
            return "hang"
        if not 0 <= code <= 4 and code != 71:  # 70 would be a fault of the program; 71 names the memory that is short
            return f"exit code {code}"
        if code != 0 and not message.strip() and not output.strip():
            return "an error without a message"
        if "HDF5-DIAG" in message or "Sanitizer" in message or "runtime error" in message:
            return "a report of a library"
        if resident_kib > RESIDENT_KIB:
            return f"{resident_kib} KiB resident"
        if is_json and code == 0 and not is_json_text(output):
            return f"no JSON: {output}"
        left = [name for name in os.listdir(self.folder) if name.startswith(".")]
        for name in left:
            os.unlink(self.folder / name)
        return f"left {left}" if left else None

    def check(self, seed, data):
        """Yields (command, exit code, message, problem or None) of every command on the file."""
        self.input.write_bytes(data)
        limits = ("--memory", MEMORY, "--threads", "2")
        code, message, problem = self.call("run", self.input, self.output, "--force", "--n-bits", "2", "--if-larger", "palettize", *limits)
        yield "run", code, message, problem
        if code == 0:
            code, message, problem = self.call("verify", self.input, self.output, "--threads", "2")
            # What is copied as it is may be damaged: the input cannot be read, or has other values each time it is.
            holds = code == 0 or code == 3 and str(self.input) in message
            # The library copies chunks that it does not find when it reads, where keys of their index are damaged.
            differs = code == 1 and message.count("\n") == message.count(": other data\n")
            if differs or code == 3 and str(self.output) in message and ": cannot read " in message:
                self.unstable += 1
                holds = True
            yield "verify the output", code, message, problem or (None if holds else f"does not hold: {message}")
        yield "inspect", *self.call("inspect", self.input, "--json")
        if seed.original is not None:
            self.original.write_bytes(seed.original)
            yield "restore", *self.call("restore", self.input, self.output, "--force", "--threads", "2")
            yield "verify", *self.call("verify", self.original, self.input, "--json", "--threads", "2")
            yield "compare", *self.call("compare", self.input, self.input, self.original, "--json", "--threads", "2")


def is_json_text(output):
    try:
        json.loads(output.decode())
    except ValueError:
        return False
    return True


def on_alarm(*_):
    raise TimeoutError


def limit_resources():
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_BYTES, ADDRESS_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))
    signal.signal(signal.SIGALRM, on_alarm)


def work(share):
    """A part of the cases; the failures, and what there is to count."""
    options, all_seeds, numbers = share
    limit_resources()
    failures = []
    crashes = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="h5palettize-mutate-") as folder:
        runner = Runner(pathlib.Path(folder))
        for number in numbers:
            seed = all_seeds[number % len(all_seeds)]
            data, said = mutate(seed, number, options.seed)
            for command, code, message, problem in runner.check(seed, data):
                if "crashed" in message or "does not return" in message:
                    crashes[(command, message.strip().splitlines()[-1][-60:])] += 1
                    if options.keep_crashes:
                        save(options.keep_crashes, number, seed, data)
                if problem:
                    failures.append(f"case {number} ({seed.name}: {said}): {command}: {problem}")
                    if options.keep:
                        save(options.keep, number, seed, data)
    return failures, crashes, runner


def save(folder, number, seed, data):
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    (pathlib.Path(folder) / f"{number}-{seed.name}.h5").write_bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--keep", help="a folder for the inputs that fail")
    parser.add_argument("--keep-crashes", help="a folder for the inputs whose crash was contained")
    options = parser.parse_args()

    all_seeds = [Seed(name, *parts) for name, parts in seeds.make_seeds(PROGRAM).items()]
    numbers = range(options.first, options.first + options.count)
    shares = [(options, all_seeds, numbers[job::options.jobs]) for job in range(options.jobs)]
    failures, crashes, codes, unstable, peak_kib, slowest = [], collections.Counter(), collections.Counter(), 0, 0, 0
    with multiprocessing.Pool(options.jobs) as pool:
        for found, contained, runner in pool.imap_unordered(work, shares):
            failures += found
            crashes += contained
            codes += runner.codes
            unstable += runner.unstable
            peak_kib, slowest = max(peak_kib, runner.peak_kib), max(slowest, runner.slowest_seconds)
    for (command, message), count in crashes.most_common():
        print(f"contained: {count} of {command}: {message}")
    print(f"{options.count} mutations of {len(all_seeds)} files, {sum(codes.values())} commands: exit codes "
          + ", ".join(f"{code}: {count}" for code, count in sorted(codes.items()))
          + f"; at most {peak_kib // 1024} MiB and {slowest:.1f} s; {unstable} outputs with data that was damaged "
          f"before; {len(failures)} failures")
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
