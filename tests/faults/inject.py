#!/usr/bin/python3
"""Every write, sync, change of names, allocation and HDF5 call of a small run fails once, in turn.

After each: an exit code of the program's own, a message, and no output or the right one, with nothing left beside it.
usage: inject.py PROGRAM [--most N]: at most N faults of each kind, spread evenly; else all of them.
"""

import argparse
import collections
import hashlib
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

import h5py
import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ("write", "sync", "name", "allocation", "hdf5")
RETURN_0_ON_FAILURE = ("H5Tget_size", "H5Tget_precision", "H5Tget_ebias", "H5Tget_member_name", "H5Tget_tag")
CANNOT_FAIL = ("H5Tget_ebias",)  # 0 is a failure, and a bias too
TIMEOUT_SECONDS = 60


def build_library(program, folder):
    """fail_nth.c, with a wrapper for each HDF5 function that the program calls."""
    symbols = subprocess.run(["nm", "-D", "--undefined-only", program], capture_output=True, text=True, check=True).stdout
    names = [name for name in re.findall(r" U (H5\w+)", symbols) if not name.endswith("_g") and name not in CANNOT_FAIL]
    lines = [f"HDF5({name}, {0 if name in RETURN_0_ON_FAILURE else -1})\n" for name in names]
    (folder / "hdf5_names.inc").write_text("".join(lines))
    library = folder / "fail_nth.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-w", f"-I{folder}", HERE / "fail_nth.c", "-o", library, "-ldl"],
                   check=True)
    return library, len(names)


def write_checkpoint(path):
    """Contiguous, chunked and tiny tensors, and something to copy."""
    random = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        file["dense/weight"] = random.standard_normal((64, 96)).astype("f4")
        file.create_dataset("conv/weight", data=random.standard_normal((16, 8, 3, 3)), chunks=(8, 8, 3, 3),
                            compression="gzip", shuffle=True)
        file["half/weight"] = random.standard_normal((32, 32)).astype("f2")
        file["bias"] = random.standard_normal(100)
        file["bias"].attrs["name"] = "bias"
        file["link"] = h5py.SoftLink("/bias")


class Injector:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.library, self.functions = build_library(program, folder)
        self.work = folder / "work"
        self.work.mkdir()
        write_checkpoint(self.work / "in.h5")
        self.count_file = folder / "count"
        self.run("write", 0)
        self.right = self.digest()
        self.clean()

    def digest(self):
        return hashlib.sha256((self.work / "out.h5").read_bytes()).hexdigest()

    def clean(self):
        for name in os.listdir(self.work):
            if name != "in.h5":
                (self.work / name).unlink()

    def run(self, kind, at):
        environment = dict(os.environ, LD_PRELOAD=str(self.library), FAULT_KIND=kind, FAULT_AT=str(at),
                           FAULT_COUNT=str(self.count_file))
        words = [self.program, "run", self.work / "in.h5", self.work / "out.h5", "--n-bits", "2", "--if-larger", "palettize", "--threads", "2"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)

    def verifies(self):
        words = [self.program, "verify", self.work / "in.h5", self.work / "out.h5"]
        return subprocess.run(words, capture_output=True, timeout=TIMEOUT_SECONDS, check=False).returncode == 0

    def calls(self, kind):
        self.run(kind, 0)
        self.clean()
        return int(self.count_file.read_text())

    def verdict(self, kind, at):
        """What became of the run, or why that is wrong."""
        try:
            result = self.run(kind, at)
        except subprocess.TimeoutExpired:
            return "WRONG: hangs"
        left = sorted(set(os.listdir(self.work)) - {"in.h5"})
        whole = left == ["out.h5"] and self.digest() == self.right
        # Short of memory, the library may lay out a file in another way.
        verified = left == ["out.h5"] and not whole and self.verifies()
        self.clean()
        if result.returncode == 0:
            return "right" if whole else "right, in other bytes" if verified else f"WRONG: exit 0 with {left}"
        # 70 would be a fault of the program; 71 names the memory, or what else was short.
        if result.returncode not in (1, 2, 3, 4, 71):
            return f"WRONG: exit {result.returncode}: {result.stderr}"
        if not result.stderr.strip():
            return f"WRONG: exit {result.returncode} without a word"
        if whole:
            return "right, with an error after it"
        if left:
            return f"WRONG: left {left}: {result.stderr}"
        return "contained crash" if "crashed" in result.stderr else "error"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--most", type=int, default=sys.maxsize)
    parser.add_argument("--kinds", nargs="*", default=KINDS)
    arguments = parser.parse_args()
    if platform.machine() != "x86_64":
        print("skipped: the wrappers of HDF5 functions are written for x86-64")
        return 0
    symbols = subprocess.run(["nm", "-D", arguments.program], capture_output=True, text=True, check=True).stdout
    if "__asan_" in symbols or "__tsan_" in symbols:
        print("skipped: a sanitizer has allocations of its own")
        return 0
    wrong = []
    with tempfile.TemporaryDirectory(prefix="h5palettize-faults-") as folder:
        injector = Injector(arguments.program, pathlib.Path(folder))
        print(f"{injector.functions} functions of the HDF5 library are wrapped")
        for kind in arguments.kinds:
            calls = injector.calls(kind)
            if calls == 0:
                wrong.append(f"{kind}: no call was counted")
            step = max(1, -(-calls // arguments.most))
            verdicts = collections.Counter()
            for at in range(1, calls + 1, step):
                verdict = injector.verdict(kind, at)
                if verdict.startswith("WRONG"):
                    wrong.append(f"{kind} {at}: {verdict}")
                    verdict = "WRONG"
                verdicts[verdict] += 1
            tried = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
            print(f"{kind}: {calls} calls, {sum(verdicts.values())} failed in turn: {tried}", flush=True)
    for line in wrong[:50]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
