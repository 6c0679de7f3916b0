"""Runs the fuzzers side by side for a while and judges what it found.

Usage: run_fuzzers.py FOLDER_OF_FUZZERS SECONDS WORK_FOLDER
H5PALETTIZE names a release build of the program. A crash, a hang or too much memory inside the HDF5 library is no failure
where that program, which contains them, ends in an error for the file; everything else is.
"""

import collections
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import make_corpus

# In whose code it was: the first of these frames.
SANITIZER = re.compile(r"__asan|__interceptor|__sanitizer|__ubsan|\bmem(cpy|move|set|cmp)\b|\b(free|malloc|calloc|realloc)\b"
                       r"|fuzzer::|str(len|cmp|dup)|__lll|raise|abort|gsignal")
LIBRARIES = re.compile(r"lib(hdf5_serial|z|aec|sz)\.so")
PROGRAM_SECONDS = 120
PROGRAM_BYTES = 1 << 30


# The program's fence is off under ASan: a length in a palettized file may ask for 4 GiB, which the library then takes its time to fill.
SANITIZER_OPTIONS = {"palettized": ":max_allocation_size_mb=1024:allocator_may_return_null=1"}


def options(target, seconds, work):
    common = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=4096", f"-artifact_prefix={work}/found/",
              "-print_final_stats=1"]
    if target == "checkpoint":  # the library crashes all the time: on with the next input
        return [*common, "-max_len=65536", "-fork=1", "-ignore_crashes=1", "-ignore_ooms=1", "-ignore_timeouts=1"]
    if target == "palettized":  # several such allocations as SANITIZER_OPTIONS allow one of
        return [*common, "-max_len=4096", "-rss_limit_mb=12288"]
    return [*common, "-max_len=4096"]


def place_of(fuzzer, artifact):
    """Where the fuzzer fails on the input: a function of the library's, or None where it is ours or nothing fails."""
    if artifact.name.startswith(("oom-", "timeout-")):
        return "too much memory or time"  # whose it was no stack tells; contained() asks the program's own bounds
    output = subprocess.run([fuzzer, "-timeout=60", "-rss_limit_mb=4096", artifact], capture_output=True, text=True,
                            errors="backslashreplace", check=False)
    if output.returncode == 0:
        return "fails no more"
    for frame in re.findall(r"^\s*#\d+ 0x[0-9a-f]+ (.*)$", output.stderr, re.MULTILINE):
        if LIBRARIES.search(frame):
            return re.sub(r"^in |\s.*$", "", frame)
        if not SANITIZER.search(frame):
            return None
    return None


def contained(artifact):
    """Whether the program ends in an error, or does its work, within bounds, and leaves nothing."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(["timeout", str(PROGRAM_SECONDS), os.environ["H5PALETTIZE"], "run", artifact, f"{folder}/out.h5",
                                    "--include", ".*", "--n-bits", "2", "--if-larger", "palettize", "--memory", "64MiB"],
                                   stdout=subprocess.DEVNULL, stderr=said)
        status, usage = os.wait4(process.pid, 0)[1:]
        code = process.returncode = os.waitstatus_to_exitcode(status)
        left = [name for name in os.listdir(folder) if name != "out.h5"]
        has_message = said.seek(0, os.SEEK_END) > 0
        return (0 <= code <= 4 and not left and (code == 0 or has_message)
                and usage.ru_maxrss * 1024 <= PROGRAM_BYTES)


def judge(target, fuzzer, work):
    """Failures, and how often the library failed where."""
    failures, places = [], collections.Counter()
    for artifact in sorted((work / "found").iterdir()):
        place = place_of(fuzzer, artifact) if target == "checkpoint" else None
        if artifact.name.startswith("slow-unit"):
            continue
        if place is None or not contained(artifact):
            failures.append(str(artifact))
        else:
            places[place] += 1
    return failures, places


def fuzz(target, fuzzers, seconds, folder):
    """Runs one of them; its failures, and what is to be printed."""
    work = folder / target
    (work / "found").mkdir(parents=True, exist_ok=True)
    (work / "grown").mkdir(exist_ok=True)
    fuzzer = fuzzers / f"fuzz_{target}"
    leaks = int(target != "checkpoint")  # the library leaks where it fails
    environment = {**os.environ, "TMPDIR": "/dev/shm", 
                   "ASAN_OPTIONS": f"detect_leaks={leaks}:quarantine_size_mb=16" + SANITIZER_OPTIONS.get(target, ""),
                   "LSAN_OPTIONS": f"suppressions={pathlib.Path(__file__).parent / 'lsan.supp'}:print_suppressions=0"}
    with open(work / "log", "wb") as log:
        process = subprocess.Popen([fuzzer, *options(target, seconds, work), work / "grown", folder / "corpus" / target],
                                   stdout=log, stderr=log, env=environment)
        _, status, usage = os.wait4(process.pid, 0)  # with its workers
        process.returncode = os.waitstatus_to_exitcode(status)
    failures, places = judge(target, fuzzer, work)
    if process.returncode != 0 and not failures and not places:  # before its time, and without an input that shows why
        failures.append(f"{work / 'log'}: it ended with {process.returncode}")
    runs = re.findall(rb"stat::number_of_executed_units: (\d+)|^#(\d+):?\s", (work / "log").read_bytes(), re.MULTILINE)
    executed = max((int(a or b) for a, b in runs), default=0)
    lines = [f"{target}: {seconds} s, {usage.ru_utime + usage.ru_stime:.0f} s of a processor, {executed} inputs, "
             f"{sum(places.values())} failures of the library that the program contains, {len(failures)} of our own"]
    lines += [f"  {count} in {place}" for place, count in places.most_common()] + [f"  {failure}" for failure in failures]
    return bool(failures) or executed == 0, "\n".join(lines)


def main():
    fuzzers, seconds, folder = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    make_corpus.write(folder / "corpus")
    with concurrent.futures.ThreadPoolExecutor() as side_by_side:
        runs = [side_by_side.submit(fuzz, target, fuzzers, seconds, folder) for target in ("config", "palettized", "checkpoint")]
        for run in concurrent.futures.as_completed(runs):
            print(run.result()[1], flush=True)
    return int(any(run.result()[0] for run in runs))


if __name__ == "__main__":
    sys.exit(main())
