"""How well parts are balanced: the CPU time that each part of a checkpoint takes, against the mean.

Usage: balance.py PROGRAM PARTS CHECKPOINT... [-- options of run]
Each part runs alone, with one thread: all of them in turn, five times, since a machine is not always as fast; the best of each counts."""

import os
import pathlib
import subprocess
import sys
import tempfile

ROUNDS = 5


def cpu_seconds(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} failed")
    return usage.ru_utime + usage.ru_stime


def main():
    program, parts, *rest = sys.argv[1:]
    at = rest.index("--") if "--" in rest else len(rest)
    for checkpoint in rest[:at]:
        with tempfile.TemporaryDirectory() as folder:
            def run(part):
                return cpu_seconds([program, "run", checkpoint, f"{folder}/part.h5", "--force", "--threads", "1", "--shard",
                                    f"{part}/{parts}", "--quiet", *rest[at + 1:]])
            rounds = [[run(part) for part in range(int(parts))] for _ in range(ROUNDS)]
        seconds = [min(times) for times in zip(*rounds)]
        mean = sum(seconds) / len(seconds)
        print(f"{pathlib.Path(checkpoint).name}: {' '.join(f'{s:.2f}' for s in seconds)} s, mean {mean:.2f}; "
              f"{(max(seconds) / mean - 1) * 100:+.0f} % at most, {(min(seconds) / mean - 1) * 100:+.0f} % at least", flush=True)


if __name__ == "__main__":
    main()
