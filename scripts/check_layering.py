#!/usr/bin/env python3
"""Checks the layout of the product folders: who includes whom, sizes, headers of sources, names in libraries, comments.

Prints a line for each violation on stderr; exit code 1 where there is any. Runs in the folder of the repository, or in that
given as the argument.
"""

import collections
import os
import pathlib
import re
import sys

# Rooms (sub-folders) of each folder from the top floor to the ground; "." is the folder itself. A file includes files of its
# own room and of rooms further down.
ROOMS = {
    "pipeline": ". commands run merge profile cli report ranks machine record inputs graph shards plan console",
    "io": "write write/copy compare read filters h5 files guard .",
    "configs": "rules text layers write model",
    "stages": ". groups weights cluster cluster/bounds cluster/histogram cluster/partition cluster/arithmetic "
              "cluster/vectors cluster/types kernels tensor parallel",
}

# Headers of the C++ standard library have no dot; those of POSIX are listed.
STANDARD = r"[a-z_0-9]+|(unistd|fcntl|poll|malloc|stdio|stdlib|signal|sched|dirent|pthread|sys/[a-z]+|linux/[a-z]+)\.h"
TBB = r"(oneapi/)?tbb/[a-z_0-9/]+\.h"
# Headers that each folder may include: of other folders and of libraries.
ALLOWED = {
    "stages": rf"hwy/.*|{TBB}|{STANDARD}",
    "configs": rf"stages/tensor/(dtype|error|spec|tensor)\.hpp|yaml-cpp/.*|pcre2\.h|fmt/.*|nlohmann/.*|{STANDARD}",
    "io": r"stages/tensor/.*|stages/(pack|weights/weights|parallel/parallel|parallel/scratch|kernels/unshuffle)\.hpp|"
          rf"hdf5\.h|H5.*\.h|libdeflate\.h|liblzf/lzf\.h|fmt/.*|nlohmann/.*|{STANDARD}",
    "pipeline": rf"(io|configs|stages)/.*|{TBB}|boost/program_options.*|fmt/.*|spdlog/.*|nlohmann/.*|mpi\.h|{STANDARD}",
}
# Headers that only some places may include.
RESTRICTED = {
    r"(oneapi/)?tbb/flow_graph\.h|(oneapi/)?tbb\.h|(oneapi/)?tbb/tbb\.h": r"pipeline/",
    r"boost/program_options.*": r"pipeline/cli/",
    r"hwy/.*": r"stages/kernels/",
    r"mpi\.h": r"pipeline/ranks/mpi\.cpp",
}
# Sources without a header of their name: each command is declared in commands.hpp.
NO_HEADER = r"pipeline/commands/.*|pipeline/main\.cpp"
# Sources that include it behind Highway's.
NOT_FIRST = r"stages/kernels/.*"

MOST_FILES = 28  # in a folder
MOST_LINES = 400  # of a source
MOST_PUZZLES = 39  # comments that open with "Of" or "What": they are no sentences

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
PRINTS = re.compile(r"\b(std::(cout|cerr|clog)\b|(exit|print|printf|puts)\()")
PUZZLE = re.compile(r"^\s*//+<?\s*(Of|What)\b|\S\s+//+<?\s*(Of|What)\b")


class Checks:
    def __init__(self):
        self.violations = 0
        paths = (path for folder in ROOMS for path in pathlib.Path(folder).rglob("*.[ch]pp") if "node_modules" not in path.parts)
        self.texts = {str(path): path.read_text() for path in sorted(paths)}

    def fail(self, words):
        print(f"layering: {words}", file=sys.stderr)
        self.violations += 1

    def check_floors(self):
        """Includes inside a folder lead to the same room or further down."""
        floor = {}
        for folder, rooms in ROOMS.items():
            for number, room in enumerate(rooms.split()):
                floor[folder if room == "." else f"{folder}/{room}"] = number
        for room in sorted({os.path.dirname(file) for file in self.texts} - set(floor)):
            self.fail(f"{room}/ is no room of scripts/check_layering.py")
        for file, name in self.includes():
            room, other = os.path.dirname(file), os.path.dirname(name)
            if name.split("/")[0] != file.split("/")[0]:
                continue
            if name not in self.texts:
                self.fail(f"{file} includes {name}: no such file")
            elif floor.get(other, 0) < floor.get(room, 0):
                self.fail(f"{file} includes {name}: {other}/ is above {room}/")

    def check_folders(self):
        """Includes of other folders and of libraries are those that are allowed."""
        for file, name in self.includes():
            folder = file.split("/")[0]
            if not name.startswith(f"{folder}/") and not re.fullmatch(ALLOWED[folder], name):
                self.fail(f"{file} includes {name}: not allowed in {folder}/")
            for names, places in RESTRICTED.items():
                if re.fullmatch(names, name) and not re.match(places, file):
                    self.fail(f"{file} includes {name}: only {places} may")

    def includes(self):
        return ((file, name) for file, text in self.texts.items() for name in INCLUDE.findall(text))

    def check_relative(self):
        for file in [*self.texts, *map(str, sorted(pathlib.Path("tests").rglob("*.[ch]pp")))]:
            for name in INCLUDE.findall(self.texts.get(file) or pathlib.Path(file).read_text()):
                if name.startswith("."):
                    self.fail(f'{file} includes {name}: write "folder/header.hpp"')

    def check_headers(self):
        """Each source includes the header of its name first."""
        for source, text in self.texts.items():
            header = source.removesuffix(".cpp") + ".hpp"
            if not source.endswith(".cpp") or re.fullmatch(NO_HEADER, source):
                continue
            names = INCLUDE.findall(text)
            if header not in self.texts:
                self.fail(f"{source} has no header of its name")
            elif header not in names:
                self.fail(f"{source} does not include {header}")
            elif names[0] != header and not re.fullmatch(NOT_FIRST, source):
                self.fail(f"{source} includes {names[0]} before {header}")

    def check_sizes(self):
        files = collections.Counter(os.path.dirname(file) for file in self.texts)
        for folder, count in files.items():
            if count > MOST_FILES:
                self.fail(f"{folder}/ holds {count} files, more than {MOST_FILES}")
        for file, text in self.texts.items():
            if (lines := text.count("\n")) > MOST_LINES:
                self.fail(f"{file} has {lines} lines, more than {MOST_LINES}")

    def check_libraries(self):
        """Only pipeline/ prints, and libraries never exit."""
        for file, text in self.texts.items():
            if file.startswith("pipeline/") or file == "stages/tensor/error.cpp":
                continue
            for number, line in enumerate(text.splitlines(), 1):
                if PRINTS.search(line):
                    self.fail(f"{file}:{number}: a library prints or exits")

    def check_comments(self):
        puzzles = []
        for file, text in self.texts.items():
            before = ""
            for number, line in enumerate(text.splitlines(), 1):
                if PUZZLE.search(line) and not (line.lstrip().startswith("//") and before.startswith("//")):
                    puzzles.append(f"{file}:{number}")
                before = line.lstrip()
        if len(puzzles) > MOST_PUZZLES:
            self.fail(f'{len(puzzles)} comments open with "Of" or "What", more than {MOST_PUZZLES}: {puzzles[0]} ... {puzzles[-1]}')

    def run(self):
        for check in (self.check_floors, self.check_folders, self.check_relative, self.check_headers, self.check_sizes,
                      self.check_libraries, self.check_comments):
            check()
        if self.violations:
            print(f"layering: {self.violations} violations", file=sys.stderr)
            return 1
        rooms = sum(len(rooms.split()) for rooms in ROOMS.values())
        print(f"layering: {len(self.texts)} files in {rooms} rooms of {len(ROOMS)} folders are in order")
        return 0


if __name__ == "__main__":
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[1])
    sys.exit(Checks().run())
