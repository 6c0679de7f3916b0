#!/usr/bin/env python3
"""Checks that every header of the product folders compiles alone. One that passed is tried again only when it, a header that it
includes, or the compiler changes."""

import os
import pathlib
import subprocess
import sys

import stamps


def compiler():
    """The command that reads a header from standard input."""
    for package in ("hdf5", "hdf5-serial"):
        found = subprocess.run(["pkg-config", "--cflags", package], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            break
    return ["g++", "-std=c++20", "-fsyntax-only", "-I.", *found.stdout.split(), "-x", "c++", "-"]


def main():
    os.chdir(pathlib.Path(__file__).resolve().parents[1])
    command = compiler()
    common = " ".join(command) + subprocess.run(["g++", "--version"], capture_output=True, text=True, check=True).stdout
    headers = sorted(str(path) for folder in stamps.FOLDERS for path in pathlib.Path(folder).rglob("*.hpp"))

    def problem_of(header):
        result = subprocess.run(command, input=f'#include "{header}"\n', capture_output=True, text=True, check=False)
        return None if result.returncode == 0 else f"layering: {header} does not compile alone\n{result.stderr}"

    tried, failures = stamps.check_those_that_changed(
        pathlib.Path("build/headers"), headers, lambda header: stamps.digest(f"{common}{header}", [header]), problem_of)
    if failures:
        return 1
    print(f"layering: {len(headers)} headers compile alone, {tried} of them tried now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
