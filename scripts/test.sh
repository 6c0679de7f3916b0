#!/usr/bin/env bash
# Installs what is missing, builds, checks format, layering and clang-tidy, runs all tests. Each step says how long it took.
# The last lines are ctest's summary. With --sanitize the tests also run under ASan+UBSan and under TSan, before the others,
# and a browser, Slurm and MPI are installed for the tests that need them, which are skipped where there are none.
# Usage: scripts/test.sh [--sanitize]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

sanitize=no
case "${1:-}" in
    '') ;;
    --sanitize) sanitize=yes ;;
    *)
        echo "usage: scripts/test.sh [--sanitize]" >&2
        exit 2
        ;;
esac

jobs="$(nproc)"

step() { # runs a command and says how long it took
    local name="$1" start=$SECONDS
    shift
    "$@"
    echo "test: $name took $((SECONDS - start)) s"
}

# Unit tests and hostile files, with 4 threads and without the test cases that judge numbers only.
asan_tests() {
    ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1" UBSAN_OPTIONS="print_stacktrace=1" \
        BOOST_TEST_RUN_FILTERS='!@arithmetic' ctest --test-dir build/asan --output-on-failure -j "$jobs" \
        -R '^((unit_|end_to_end_test_bad_input|end_to_end_test_structure).*(4_threads|forced_target)|fuzz_replay_.*)$'
}

# Unit tests, structures and configurations, with 4 threads. The other test cases would take most of an hour here.
tsan_tests() {
    TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp" \
        BOOST_TEST_RUN_FILTERS='!@arithmetic' \
        ctest --test-dir build/tsan --output-on-failure -j "$jobs" \
        -R '^(unit_|end_to_end_test_structure_|end_to_end_test_config_).*4_threads$'
}

if [[ $sanitize == yes ]]; then
    step "installing" scripts/setup.sh --browser
    scripts/setup.sh --cluster || echo "test: no Slurm and MPI here: their tests are skipped" >&2
fi
step "release build" scripts/build.sh release
step "format check" scripts/check_format.sh
step "layering check" scripts/check_layering.sh
step "clang-tidy" /usr/bin/python3 scripts/check_tidy.py

if [[ $sanitize == yes ]]; then
    step "ASan build" scripts/build.sh asan
    step "ASan tests" asan_tests
    step "TSan build" scripts/build.sh tsan
    step "TSan tests" tsan_tests
fi

# One more than there are processors, since some tests wait. The last lines are its summary.
echo "test: steps before the tests took $SECONDS s"
ctest --test-dir build/release --output-on-failure -j "$((jobs + 1))"
