#!/usr/bin/env bash
# Installs what is missing, builds, checks format, layering and clang-tidy, runs all tests. The last lines
# are ctest's summary. With --sanitize the tests also run under ASan+UBSan and under TSan, before the others, and a
# browser, Slurm and MPI are installed for the tests that need them, which are skipped where there are none.
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
if [[ $sanitize == yes ]]; then
    scripts/setup.sh --browser
    scripts/setup.sh --cluster || echo "test: no Slurm and MPI here: their tests are skipped" >&2
fi
scripts/build.sh release
scripts/check_format.sh
scripts/check_layering.sh
scripts/check_tidy.sh

if [[ $sanitize == yes ]]; then
    scripts/build.sh asan
    # The end-to-end tests that feed hostile files belong under ASan too; the rest, the same with one thread, and the
    # test cases that judge numbers only, would only take longer.
    ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1" UBSAN_OPTIONS="print_stacktrace=1" \
        BOOST_TEST_RUN_FILTERS='!@arithmetic' ctest --test-dir build/asan --output-on-failure -j "$jobs" \
        -R '^((unit_|end_to_end_test_bad_input|end_to_end_test_structure).*(4_threads|forced_target)|fuzz_replay_.*)$'
    scripts/build.sh tsan
    # With 4 threads, and without the test cases that judge numbers only: they would take most of an hour here.
    TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp" \
        BOOST_TEST_RUN_FILTERS='!@arithmetic' \
        ctest --test-dir build/tsan --output-on-failure -j "$jobs" \
        -R '^(unit_|end_to_end_test_structure_|end_to_end_test_config_).*4_threads$'
fi

ctest --test-dir build/release --output-on-failure -j "$jobs"
