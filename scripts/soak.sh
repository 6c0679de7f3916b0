#!/usr/bin/env bash
# Long runs of what the everyday tests do for a moment (docs/reliability.md).
# Usage: scripts/soak.sh mutate [N] [SEED]   N damaged files (default 10000) through every command
#        scripts/soak.sh fuzz [SECONDS]      the fuzzers side by side for that long (default 1440); needs clang
#        scripts/soak.sh kill [N] [SEED]     a run is killed N times (default 200) and resumed; all commands at changes of names
#        scripts/soak.sh disk [POINTS]       the disk is full at so many points (default 20); mounts a tmpfs
#        scripts/soak.sh faults              every write, sync, allocation and HDF5 call of a run fails once
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

kill_runs() {
    scripts/build.sh release
    /usr/bin/python3 tests/soak/kill.py build/release/h5palettize "${1:-200}" "${2:-1}"
    H5PALETTIZE_TEST_KILLS="${1:-200}" /usr/bin/python3 tests/end_to_end/test_publish.py Publish
}

disk() {
    scripts/build.sh release
    /usr/bin/python3 tests/soak/disk.py build/release/h5palettize "${1:-20}"
}

faults() {
    scripts/build.sh release
    /usr/bin/python3 tests/faults/inject.py build/release/h5palettize
}

case "${1:-}" in
    mutate | fuzz | disk | faults) "$@" ;;
    kill) kill_runs "${@:2}" ;;
    *)
        sed -n '2,7s/^# //p' "$0" >&2
        exit 2
        ;;
esac
