#!/usr/bin/env python3
"""Runs clang-tidy over the sources of the program, without tests and generated files.

A room is read as one, as build/release compiles it, since most of the time goes into the headers that its files share; kernels
are read one by one. A room that passed is checked again only when one of its files, a header that they include, the
checks or clang-tidy itself change. With --all: checks every room.
"""

import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import stamps

BUILD = pathlib.Path("build/release")
WORK = pathlib.Path("build/tidy")
# GCC's own options. Its warnings are errors already: clang's would be errors of another kind.
GCC_ONLY = r"-Wno-restrict|-Wno-subobject-linkage|-Werror|-Winvalid-pch|-include [^ ]*cmake_pch\.hxx| -o .*"
# Kernels are read for one instruction set instead of five.
ONE_TARGET = "-DHWY_COMPILE_ONLY_STATIC -march=haswell" if platform.machine() == "x86_64" else ""
# Sources are checked where they are included.
NOT_HERE = "-bugprone-suspicious-include"


def rooms():
    """The sources that build/release compiles as one, by the name of a file that includes them: it and their compiler command."""
    root, commands, found = pathlib.Path().resolve(), [], {}
    for entry in json.loads((BUILD / "compile_commands.json").read_text()):
        file = pathlib.Path(entry["file"])
        sources = re.findall('#include "(.*)"', file.read_text()) if file.parent.name == "Unity" else [str(file)]
        sources = tuple(os.path.relpath(source, root) for source in sources)
        folders = {source.split("/")[0] for source in sources}
        if sources in found.values() or not folders <= set(stamps.FOLDERS):
            continue
        # clang's analyzer looks into included sources only where the name of the file begins like this.
        unified = WORK.resolve() / f"UnifiedSource_{folders.pop()}_{len(found)}.cpp"
        unified.write_text("".join(f'#include "{source}"\n' for source in sources))
        found[str(unified)] = sources
        command = re.sub(GCC_ONLY, "", entry["command"])
        if sources[0].startswith("stages/kernels/"):
            command += f" {ONE_TARGET}"
        commands.append({"directory": entry["directory"], "file": str(unified), "command": f"{command} -c {unified}"})
    (WORK / "compile_commands.json").write_text(json.dumps(commands))
    return found


def main():
    os.chdir(pathlib.Path(__file__).resolve().parents[1])
    if not (BUILD / "compile_commands.json").exists():
        subprocess.run(["cmake", "--preset", "release"], stdout=subprocess.DEVNULL, check=True)
    if sys.argv[1:] == ["--all"]:
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True, exist_ok=True)
    for old in WORK.glob("UnifiedSource*"):
        old.unlink()
    found = rooms()
    common = subprocess.run(["clang-tidy", "--version"], capture_output=True, text=True, check=True).stdout
    for name in (".clang-tidy", "io/.clang-tidy", "CMakeLists.txt", "scripts/check_tidy.py"):
        common += pathlib.Path(name).read_text()

    def problem_of(unified):
        config = "io/.clang-tidy" if "UnifiedSource_io_" in unified else ".clang-tidy"
        result = subprocess.run(["clang-tidy", "--quiet", "-p", WORK, f"--config-file={config}", f"--checks={NOT_HERE}",
                                 f"--header-filter=/({'|'.join(stamps.FOLDERS)})/", unified], capture_output=True, text=True, check=False)
        return None if result.returncode == 0 else f"clang-tidy: {' '.join(found[unified])}\n{result.stdout}{result.stderr}"

    checked, failures = stamps.check_those_that_changed(
        WORK, list(found), lambda unified: stamps.digest(common, found[unified]), problem_of)
    if failures:
        return 1
    print(f"tidy: {sum(map(len, found.values()))} files are clean, {checked} of {len(found)} rooms and kernels checked now")
    return 0


if __name__ == "__main__":
    sys.exit(main())
