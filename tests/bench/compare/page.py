"""What the comparisons found, as text and as docs/benchmarks.md."""

import datetime
import platform
import re
import subprocess

import peers
from bench import DECODED_TENSORS, SOURCE_DIR

HEADINGS = {
    1: "4 bits, one LUT a tensor", 2: "preset w4: groups of 16 channels", 3: "preset w8", 4: "a LUT per row of 4096, 4 bits",
    5: "vectors of 2 and 4, 8 bits", 6: "f16 input", 7: "quality", 8: "memory", 9: "threads, and many tensors", 10: "restore"}


def output_of(*words):
    """The first line that a command prints, or nothing."""
    try:
        result = subprocess.run(words, capture_output=True, text=True, check=False, cwd=SOURCE_DIR)
    except FileNotFoundError:
        return ""
    lines = (result.stdout or result.stderr).strip().splitlines()
    return lines[0] if result.returncode == 0 and lines else ""


def commit():
    changed = subprocess.run(["git", "status", "--porcelain", "--", ".", ":!docs/benchmarks.md"], capture_output=True,
                             text=True, check=False, cwd=SOURCE_DIR).stdout.strip()
    return (output_of("git", "rev-parse", "HEAD") or "unknown") + (", with uncommitted changes" if changed else "")


def version_of(module):
    try:
        return getattr(__import__(module), "__version__", "unknown")
    except ImportError:
        return "not installed"


def instruction_sets(program):
    result = subprocess.run([program, "inspect", "none.h5"], env={"H5PALETTIZE_TARGET": "none"}, capture_output=True,
                            text=True, check=False)
    found = re.search("this machine has (.*)", result.stderr)
    return found.group(1) if found else "unknown"


def machine(bench):
    """[(what, value)]"""
    lscpu = dict(line.split(":", 1) for line in subprocess.run(
        ["lscpu"], capture_output=True, text=True, check=False, env={"LC_ALL": "C"}).stdout.splitlines() if ":" in line)
    field = {key.strip(): value.strip() for key, value in lscpu.items()}
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = int(re.search(r"MemTotal:\s+(\d+)", file.read()).group(1)) / 2**20
    filesystem = output_of("findmnt", "-n", "-o", "FSTYPE", "-T", str(bench.folder)) or "unknown"
    with open("/etc/os-release", encoding="utf-8") as file:
        system = re.search('PRETTY_NAME="(.*)"', file.read()).group(1)
    caches = ", ".join(f"{name} {field[name]}" for name in ("L2 cache", "L3 cache") if name in field)
    return [
        ("processor", f"{field.get('Model name', 'unknown')}, {field.get('CPU(s)', '?')} CPUs, {caches}"),
        ("instruction sets used", instruction_sets(bench.program)),
        ("memory", f"{memory:.1f} GiB"),
        ("system", f"{system}, Linux {platform.release()}"),
        ("filesystem", filesystem),
        ("load when it began", f"{bench.load_at_start:.2f}"),
        ("h5palettize", output_of(bench.program, "--version")),
        ("peers", f"{output_of('cat', '--version')}; {output_of('h5repack', '--version')}; scikit-learn "
                  f"{version_of('sklearn')}; faiss {version_of('faiss')}; numpy {version_of('numpy')}"),
    ]


def verdict(row):
    return "for comparison" if row.target == "-" else {True: "met", False: "**not met**", None: "not measured"}[row.met]


def table(outcomes):
    """outcomes: {number: Outcome}"""
    lines = ["| # | what | h5palettize | beside | ratio | target | |", "|---|---|---|---|---|---|---|"]
    for number in HEADINGS:
        outcome = outcomes.get(number)
        if outcome is None:
            if len(outcomes) > 1:
                lines.append(f"| {number} | {HEADINGS[number]} | | | | | not run |")
            continue
        if outcome.failure:
            lines.append(f"| {number} | {HEADINGS[number]} | | | | | **failed**: {outcome.failure.replace('|', '/')} |")
        for row in outcome.rows:
            note = f" ({row.note})" if row.note else ""
            lines.append(f"| {number} | {row.what} | {row.ours} | {row.peer} | {row.ratio} | {row.target} | "
                         f"{verdict(row)}{note} |")
    return "\n".join(lines)


def is_met(rows):
    """None: something of it was not measured, and nothing fell short."""
    verdicts = [row.met for row in rows if row.target != "-"]
    return False if False in verdicts else None if None in verdicts or not verdicts else True


def summary(outcomes):
    by_verdict = {True: [], False: [], None: []}
    failed = [number for number, outcome in outcomes.items() if outcome.failure]
    for number, outcome in outcomes.items():
        if number not in failed:
            by_verdict[is_met(outcome.rows)].append(number)
    def named(numbers):
        return f"{len(numbers)}" + (f" ({', '.join(map(str, sorted(numbers)))})" if numbers else "")
    return (f"targets met: {named(by_verdict[True])}; not met: {named(by_verdict[False])}; not measured as a whole: "
            f"{named(by_verdict[None])}; failed: {named(failed)}")


def bounds(outcomes):
    """What bounds the runs of comparisons that fall short."""
    lines = [f"- {number}, {name}: {profile.splitlines()[-1]}" for number, outcome in sorted(outcomes.items())
             if is_met(outcome.rows) is False for name, profile in outcome.profiles.items()]
    if not lines:
        return ""
    return "\n## What bounds those that fall short\n\nThe last line of `--profile`; all of it is below.\n\n" + \
        "\n".join(lines) + "\n"


def page(bench, outcomes):
    text = f"""# Benchmarks

Written by `scripts/bench.sh` on {datetime.date.today().isoformat()}, at commit {commit()}. Do not edit: run it again.

Each row is a comparison side by side: the commands take turns, {bench.rounds} rounds (2 for many tensors), and the best of each
counts (scikit-learn and faiss, which take minutes, run once, on a quarter of the weights). The input is in the page cache; the
program's time is wall clock, fsync included. Inputs are {bench.size / 1e9:.2f} GB of f32 from N(0, 0.02^2) as tensors of
4096 x 4096 where nothing else is said. Every output that was timed was checked: `verify` holds, and for up to {DECODED_TENSORS}
tensors of it the errors that the report states are those of a decoding with h5py, and restored values are the decoded ones.

{table(outcomes)}

{summary(outcomes)}.
{bounds(outcomes)}
## The machine

| | |
|---|---|
"""
    text += "".join(f"| {what} | {value} |\n" for what, value in machine(bench))
    text += f"""
## Figures of others that are quoted

Not measured here. f32 weights, {peers.QUOTED_MACHINE}.

| who | MB/s |
|---|---|
"""
    text += "".join(f"| {who} | {speed} |\n" for who, speed in peers.QUOTED)
    text += "\n## All rounds\n\nSeconds.\n\n| # | what | best | all |\n|---|---|---|---|\n"
    for number, outcome in sorted(outcomes.items()):
        text += "".join(f"| {number} | {name} | {min(seconds):.3f} | {', '.join(f'{s:.3f}' for s in seconds)} |\n"
                        for name, seconds in outcome.timings.items())
        text += f"| {number} | all of the comparison, data and checks included | {outcome.seconds:.0f} | |\n"
    text += "\n## Where the time went\n\n`run --profile` once for each; docs/architecture.md explains the columns.\n"
    for number, outcome in sorted(outcomes.items()):
        for name, profile in outcome.profiles.items():
            text += f"\n{number}, {name}\n\n```\n{profile}\n```\n"
    return text
