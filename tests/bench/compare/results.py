"""What each comparison found, and the file in which runs with --only gather it."""

import dataclasses
import hashlib
import json
import os
import pathlib
import platform

import page
from bench import Row


@dataclasses.dataclass
class Outcome:
    """Of one comparison. failure: empty where it has rows."""
    rows: list
    failure: str
    seconds: float
    profiles: dict  # what was run -> its profile
    timings: dict   # what was run -> the seconds of each round


def key(bench):
    """What two runs must share for their results to stand on one page."""
    program = hashlib.sha256(pathlib.Path(bench.program).read_bytes()).hexdigest()
    return {"commit": page.commit(), "program": program, "machine": f"{platform.node()}, {os.cpu_count()} CPUs",
            "size": bench.size, "rounds": bench.rounds}


def load(path, wanted):
    """{number: Outcome}; none where there is no such file, or it is of something else."""
    if path is None or not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    if document["key"] != wanted:
        return {}
    outcomes = {int(number): Outcome(**fields) for number, fields in document["comparisons"].items()}
    for outcome in outcomes.values():
        outcome.rows = [Row(**fields) for fields in outcome.rows]
    return outcomes


def save(path, its_key, outcomes):
    document = {"key": its_key, "comparisons": {number: dataclasses.asdict(outcome) for number, outcome in outcomes.items()}}
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
