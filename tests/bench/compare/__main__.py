"""Runs the comparisons and writes docs/benchmarks.md. scripts/bench.sh calls this."""

import argparse
import pathlib
import re
import sys
import tempfile

import comparisons
import page
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
                        help="these comparisons; the page is written with all of them, or where --page is given")
    parser.add_argument("--page", type=pathlib.Path, help="written to (docs/benchmarks.md)")
    parser.add_argument("--folder", help="for the data (a temporary one); needs 3 times --size of room")
    parser.add_argument("--program", default=str(SOURCE_DIR / "build/release/h5palettize"))
    chosen = parser.parse_args()
    if chosen.rounds < 1:
        parser.error("--rounds: 1 or more")
    if chosen.page is None and len(chosen.only) == len(comparisons.ALL):
        chosen.page = SOURCE_DIR / "docs/benchmarks.md"
    return chosen


def rows_of(bench, number):
    """The rows of a comparison, or the text of its failure."""
    print(f"bench: {number}: {page.HEADINGS[number]}", flush=True)
    try:
        return comparisons.ALL[number](bench)
    except NotMeasured as reason:
        return [Row(page.HEADINGS[number], "-", "-", "-", "-", None, str(reason))]
    except Failure as failure:
        return str(failure)
    except Exception as error:  # whatever it is, the others go on, and this one counts as failed
        return f"{type(error).__name__}: {error}"


def run(chosen, folder):
    bench = Bench(chosen.program, folder, chosen.size, chosen.rounds)
    results = {}
    for number in chosen.only:
        results[number] = rows_of(bench, number)
        print(page.table({number: results[number]}).split("\n", 2)[2], flush=True)
    text = page.page(bench, results)
    print(text)
    if chosen.page is not None:
        chosen.page.write_text(text, encoding="utf-8")
        print(f"bench: {chosen.page} written")
    failed = [number for number, rows in results.items() if isinstance(rows, str)]
    print("bench: " + page.summary(results))
    return 1 if failed else 0


def main():
    chosen = arguments()
    if chosen.folder is not None:
        return run(chosen, chosen.folder)
    with tempfile.TemporaryDirectory(prefix="h5palettize-bench-") as folder:
        return run(chosen, folder)


if __name__ == "__main__":
    sys.exit(main())
