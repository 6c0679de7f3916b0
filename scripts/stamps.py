"""What checks remember: which files passed, by a digest of them and of all project headers that they include."""

import concurrent.futures
import hashlib
import os
import pathlib
import re
import sys

FOLDERS = ("pipeline", "io", "configs", "stages")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def closure(name, seen):
    """Adds a file and all project headers that it includes."""
    if name not in seen and os.path.exists(name):
        seen.add(name)
        for header in INCLUDE.findall(pathlib.Path(name).read_text()):
            closure(header, seen)
    return seen


def digest(common, files):
    """Changes with the words of `common`, the files, and the headers that they include."""
    result = hashlib.sha256(common.encode())
    for name in sorted(set().union(*(closure(name, set()) for name in files))):
        result.update(f"\0{name}\0".encode() + pathlib.Path(name).read_bytes())
    return result.hexdigest()


def check_those_that_changed(folder, items, digest_of, problem_of):
    """Calls problem_of(item), which returns a message or nothing, for each item that has not passed yet; as many at a time as there are
    processors. Prints the messages. Returns how many were checked and how many failed."""
    folder.mkdir(parents=True, exist_ok=True)
    todo = [(item, folder / digest_of(item)) for item in items]
    todo = [(item, stamp) for item, stamp in todo if not stamp.exists()]

    def fails(item, stamp):
        problem = problem_of(item)
        if problem is None:
            stamp.touch()
            return False
        print(problem, file=sys.stderr, flush=True)
        return True

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        failures = sum(pool.map(fails, *zip(*todo, strict=True))) if todo else 0
    return len(todo), failures
