#!/usr/bin/python3
"""Runs on a disk (a tmpfs) that is full at different points: the run ends with exit code 4 and says so, leaves no output,
and without --resume nothing at all; once there is room, the same command with --resume gives the right bytes.

usage: disk.py PROGRAM POINTS. Needs the right to mount.
"""

import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy as np

OPTIONS = ("--n-bits", "4")
TIMEOUT_SECONDS = 120


def write_checkpoint(path):
    numbers = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        for layer in range(8):
            file[f"layer{layer}/weight"] = numbers.standard_normal((512, 512)).astype("f4")
        file["table"] = numbers.integers(0, 100, 100000)


def run(program, source, target, *more):
    words = [program, "run", source, target, *OPTIONS, *more]
    return subprocess.run(words, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)


def resize(folder, kib):
    subprocess.run(["mount", "-o", f"remount,size={kib}k", folder], check=True)


def check(condition, what, result):
    if not condition:
        raise AssertionError(f"{what}: exit {result.returncode}: {result.stderr}")


def one_point(program, source, disk, kib, right):
    """What a disk of so many KiB does to a run."""
    target = disk / "out.h5"
    resize(disk, kib)
    plain = run(program, source, target)
    check(plain.returncode == 4 and "No space left on device" in plain.stderr, "a full disk", plain)
    check(os.listdir(disk) == [], f"left {os.listdir(disk)}", plain)
    kept = run(program, source, target, "--resume")
    check(kept.returncode == 4, "a full disk with --resume", kept)
    check(not target.exists(), "an output on a full disk", kept)
    resize(disk, 64 << 10)
    done = run(program, source, target, "--resume")
    check(done.returncode == 0, "room again", done)
    check(hashlib.sha256(target.read_bytes()).hexdigest() == right, "other bytes", done)
    check(os.listdir(disk) == ["out.h5"], f"left {os.listdir(disk)}", done)
    target.unlink()
    return "tensors were done" in done.stderr


def main():
    program, points = sys.argv[1], int(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="h5palettize-disk-") as folder:
        folder = pathlib.Path(folder)
        source, disk = folder / "in.h5", folder / "disk"
        write_checkpoint(source)
        result = run(program, source, folder / "out.h5")
        check(result.returncode == 0, "a disk with room", result)
        right = hashlib.sha256((folder / "out.h5").read_bytes()).hexdigest()
        needed = -(-os.path.getsize(folder / "out.h5") // 1024)
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=False)
        if mounted.returncode != 0:
            print("skipped: a tmpfs cannot be mounted here")
            return
        try:
            # A tmpfs has pages of 4 KiB, and one for the folder.
            sizes = [max(8, needed * point // points) for point in range(points)]
            resumed = sum(one_point(program, source, disk, kib, right) for kib in sizes)
        finally:
            subprocess.run(["umount", disk], check=False)
    print(f"a disk of {sizes[0]} to {sizes[-1]} KiB for an output of {needed} KiB, {points} points: an error each time and "
          f"nothing left; with room again the right bytes, {resumed} times from what was done")


if __name__ == "__main__":
    main()
