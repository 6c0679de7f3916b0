#!/usr/bin/env bash
# Builds, makes data, runs the ten comparisons beside cat, cp, h5repack, scikit-learn and faiss, prints the table and
# writes docs/benchmarks.md. Takes six minutes on a quiet machine of two cores, and 5 GB in $TMPDIR; --help lists the
# options (--size 256MiB and --only 1,2 make it short; --results FILE gathers several such runs on the page). Exit code
# 0: every comparison ran and every result was right, whether or not its target
# was met; 1 otherwise.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh --bench || echo "bench: what could not be installed is named as not measured" >&2
cmake --preset release >/dev/null
cmake --build --preset release --target h5palettize
# The Python of the distribution, where its packages are.
exec /usr/bin/python3 tests/bench/compare "$@"
