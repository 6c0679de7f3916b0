"""What ranks of mpirun take, against the model: the CPU time of each rank with one thread, for 1 to 8 of them on this machine.

Usage: ranks.py PROGRAM CHECKPOINT [-- options of run]    PROGRAM: built with MPI
The model's CPU seconds are those of `slurm-plan --json`. Ranks divide the work as they are done, so a busy machine moves work, too."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from balance import cpu_seconds

COUNTS = (1, 2, 4, 8)


def rank(folder, *command):
    """One rank, started by mpirun in the place of the program."""
    pathlib.Path(folder, os.environ["OMPI_COMM_WORLD_RANK"]).write_text(str(cpu_seconds(command)))


def job(program, count, checkpoint, options):
    """The CPU seconds of each rank, and those of the clock."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.monotonic()
        subprocess.run(["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", str(count), sys.executable, __file__,
                        "--rank", folder, program, "run", checkpoint, f"{folder}/out.h5", "--threads", "1", "--quiet", *options], check=True)
        wall = time.monotonic() - start
        return [float(pathlib.Path(folder, str(number)).read_text()) for number in range(count)], wall


def main():
    if sys.argv[1] == "--rank":
        return rank(*sys.argv[2:])
    program, checkpoint, *rest = sys.argv[1:]
    options = rest[1:] if rest[:1] == ["--"] else rest
    said = subprocess.run([program, "slurm-plan", checkpoint, "--json", *options], capture_output=True, text=True, check=True).stdout
    model = json.loads(said)["cpu_seconds"]
    print("| ranks | model, CPU s of a rank | mean | longest | all together | clock s |\n|---|---|---|---|---|---|")
    for count in COUNTS:
        seconds, wall = min((job(program, count, checkpoint, options) for _ in range(2)), key=lambda run: sum(run[0]))
        mean = sum(seconds) / count
        print(f"| {count} | {model / count:.2f} | {mean:.2f} | {max(seconds):.2f} ({(max(seconds) / mean - 1) * 100:+.0f} %) | "
              f"{sum(seconds):.2f} | {wall:.1f} |", flush=True)


if __name__ == "__main__":
    main()
