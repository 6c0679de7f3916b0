#!/usr/bin/env python3
"""Checks that every header of the product folders compiles alone.

A header that passed is tried again only when it, a header that it includes, or the compiler changes.
"""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import subprocess
import sys

FOLDERS = ("pipeline", "io", "configs", "stages")
STAMPS = pathlib.Path("build/headers")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def compiler():
    """The command that reads a header from standard input."""
    for package in ("hdf5", "hdf5-serial"):
        found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            break
    return ["g++", "-std=c++20", "-fsyntax-only", "-I.", *found.stdout.split(), "-x", "c++", "-"]


def closure(header, seen):
    """Adds the header and all project headers that it includes."""
    if header not in seen and os.path.exists(header):
        seen.add(header)
        for name in INCLUDE.findall(pathlib.Path(header).read_text()):
            closure(name, seen)
    return seen


def main():
    os.chdir(pathlib.Path(__file__).resolve().parents[1])
    STAMPS.mkdir(parents=True, exist_ok=True)
    command = compiler()
    common = " ".join(command) + subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
    headers = sorted(str(path) for folder in FOLDERS for path in pathlib.Path(folder).rglob("*.hpp"))

    def stamp(header):
        digest = hashlib.sha256(f"{common}\0{header}".encode())
        for name in sorted(closure(header, set())):
            digest.update(pathlib.Path(name).read_bytes())
        return STAMPS / digest.hexdigest()

    def fails(header):
        result = subprocess.run(command, input=f'#include "{header}"\n', capture_output=True, text=True, check=False)
        if result.returncode == 0:
            stamp(header).touch()
            return False
        print(f"layering: {header} does not compile alone\n{result.stderr}", file=sys.stderr)
        return True

    todo = [header for header in headers if not stamp(header).exists()]
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        failures = sum(pool.map(fails, todo))
    if failures:
        return 1
    print(f"layering: {len(headers)} headers compile alone, {len(todo)} of them tried now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
