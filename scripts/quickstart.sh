#!/usr/bin/env bash
# From a fresh machine to a palettized checkpoint and back: installs what is missing, builds, makes an example
# checkpoint, then plans, runs, verifies and restores it. At most five minutes on two cores.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/build.sh release

program=build/release/h5palettize
work=build/quickstart
rm -rf "$work"
mkdir -p "$work"

step() { # prints a command, then runs it
    printf '\n$ %s\n' "$*"
    "$@"
}

for kind in keras torch; do
    step /usr/bin/python3 scripts/make_example.py "$kind" "$work/$kind.h5"
    step "$program" plan "$work/$kind.h5" --preset w4
    step "$program" run "$work/$kind.h5" "$work/$kind-w4.h5" --preset w4 --report "$work/$kind-w4.json"
    step "$program" verify "$work/$kind.h5" "$work/$kind-w4.h5"
    step "$program" restore "$work/$kind-w4.h5" "$work/$kind-restored.h5"
    # Exit code 1 = differences, which there are: the palettized tensors, and nothing else.
    printf '\n$ h5diff %s %s   # the palettized tensors only\n' "$work/$kind.h5" "$work/$kind-restored.h5"
    h5diff "$work/$kind.h5" "$work/$kind-restored.h5" || [[ $? == 1 ]]
done
printf '\n'
ls -l "$work"
