#!/usr/bin/env bash
# Writes tests/golden/checksums.txt from what the program does now. Only where results are meant to change: the commit
# that changes the table says why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/build.sh release
/usr/bin/python3 tests/golden/golden.py build/release/h5palettize
