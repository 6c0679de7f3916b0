#!/usr/bin/env bash
# Long runs of what the everyday tests do for a moment (docs/reliability.md).
# Usage: scripts/soak.sh mutate [N] [SEED]   N damaged files (default 10000) through every command
#        scripts/soak.sh fuzz [SECONDS]      each fuzzer for that long (default 1440), on its corpus; needs clang
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mutate() {
    local count="${1:-10000}" seed="${2:-1}"
    scripts/build.sh release
    rm -rf build/soak/mutate
    H5PALETTIZE="$PWD/build/release/h5palettize" /usr/bin/python3 tests/fuzz/mutate.py \
        --count "$count" --seed "$seed" --keep build/soak/mutate
}

fuzz() {
    local seconds="${1:-1440}"
    scripts/setup.sh --fuzz
    scripts/build.sh release
    scripts/build.sh fuzz
    H5PALETTIZE="$PWD/build/release/h5palettize" /usr/bin/python3 tests/fuzz/run_fuzzers.py build/fuzz/tests "$seconds" \
        build/soak/fuzz
}

case "${1:-}" in
    mutate | fuzz) "$@" ;;
    *)
        sed -n '2,5s/^# //p' "$0" >&2
        exit 2
        ;;
esac
