"""Runs the comparisons and writes docs/benchmarks.md. scripts/bench.sh calls this."""

import argparse
import pathlib
import re
import sys
import tempfile
import time

import comparisons
import page
import results
from bench import SOURCE_DIR, Bench, Failure, NotMeasured, Row

UNITS = {"": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


def byte_count(text):
    found = re.fullmatch(r"([\d.]+)\s*([KMG]i?B|)", text)
    if not found:
        raise argparse.ArgumentTypeError(f"'{text}' is no size; as 1.6GB or 256MiB")
    return int(float(found.group(1)) * UNITS[found.group(2)])


def numbers(text):
    chosen = sorted({int(part) for part in text.split(",") if part.strip().isdigit()})
    if not chosen or any(number not in comparisons.ALL for number in chosen):
        raise argparse.ArgumentTypeError(f"'{text}': numbers from 1 to {len(comparisons.ALL)}, as 1,5,10")
    return chosen


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench.sh", description="Compares h5palettize with others, side by side.")
    parser.add_argument("--size", type=byte_count, default=byte_count("1.6GB"), help="of the large input (1.6GB)")
    parser.add_argument("--rounds", type=int, default=5, help="the best of so many counts (5)")
    parser.add_argument("--only", type=numbers, default=sorted(comparisons.ALL), metavar="N,...",
                        help="these comparisons; the page is written with all of them, or with --page or --results")
    parser.add_argument("--page", type=pathlib.Path, help="written to, after each comparison (docs/benchmarks.md)")
    parser.add_argument("--results", type=pathlib.Path, metavar="FILE",
                        help="gathers what runs with --only find: same program, commit, machine, --size and --rounds")
    parser.add_argument("--folder", help="for the data (a temporary one); needs 3 times --size of room")
    parser.add_argument("--program", default=str(SOURCE_DIR / "build/release/h5palettize"))
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error("--rounds: 1 or more")
    if chosen.page is None and (chosen.results is not None or len(chosen.only) == len(comparisons.ALL)):
        chosen.page = SOURCE_DIR / "docs/benchmarks.md"
    return chosen


def compare(bench, number):
    """The Outcome of a comparison, which tells of its failure too."""
    print(f"bench: {number}: {page.HEADINGS[number]}", file=sys.stderr, flush=True)
    bench.profiles, bench.timings = {}, {}
    rows, failure, start = [], "", time.perf_counter()
    try:
        rows = comparisons.ALL[number](bench)
    except NotMeasured as reason:
        rows = [Row(page.HEADINGS[number], "-", "-", "-", "-", None, str(reason))]
    except Failure as failed:
        failure = str(failed)
    except Exception as error:  # whatever it is, the others go on, and this one counts as failed
        failure = f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - start
    print(f"bench: {number}: {'failed after' if failure else 'took'} {seconds:.0f} s", file=sys.stderr, flush=True)
    return results.Outcome(rows, failure, seconds, bench.profiles, bench.timings)


def run(chosen, folder):
    bench = Bench(chosen.program, folder, chosen.size, chosen.rounds)
    its_key = results.key(bench)
    outcomes = results.load(chosen.results, its_key)
    for number in chosen.only:
        outcomes[number] = compare(bench, number)
        print(page.table({number: outcomes[number]}).split("\n", 2)[2], flush=True)
        # Now, as the run may be cut before its end.
        if chosen.results is not None:
            results.save(chosen.results, its_key, outcomes)
        if chosen.page is not None:
            chosen.page.write_text(page.page(bench, outcomes), encoding="utf-8")
    print(page.page(bench, outcomes))
    if chosen.page is not None:
        print(f"bench: {chosen.page} written")
    print("bench: " + page.summary(outcomes))
    return 1 if any(outcomes[number].failure for number in chosen.only) else 0


def main():
    chosen = arguments()
    if chosen.folder is not None:
        return run(chosen, chosen.folder)
    with tempfile.TemporaryDirectory(prefix="h5palettize-bench-") as folder:
        return run(chosen, folder)


if __name__ == "__main__":
    sys.exit(main())
