#!/usr/bin/env bash
# Runs clang-tidy over the sources of the program (tests and generated files are left out). A file that passed is
# not checked again until it, a header, the checks or clang-tidy itself change. With --all: check every file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/release
stamps=build/tidy
[[ -f $build/compile_commands.json ]] || cmake --preset release >/dev/null
[[ "${1:-}" == --all ]] && rm -rf "$stamps"
mkdir -p "$stamps"
# A warning option of GCC's that clang does not know would be an error of its own, and so would clang's own warnings: the
# compiler's are GCC's, which are errors already. Precompiled headers are GCC's too.
sed -E 's/-Wno-restrict|-Werror|-Winvalid-pch|-include [^ ]*cmake_pch\.hxx//g' "$build/compile_commands.json" >"$stamps/compile_commands.json"

# What every file depends on: the headers, the checks, the compiler flags, the tool.
common="$( (clang-tidy --version; cat .clang-tidy io/.clang-tidy CMakeLists.txt
            find pipeline stages io configs -name '*.hpp' -print0 | sort -z | xargs -0 cat) | sha256sum)"
key_of() { printf '%s' "$common" | cat - "$1" | sha256sum | cut -d' ' -f1; }

# Those that this build compiles: of what MPI alone needs clang-tidy would not find the headers.
mapfile -t sources < <(find pipeline stages io configs -name '*.cpp' | sort | while read -r source; do
    if grep -qF "/$source\"" "$stamps/compile_commands.json"; then echo "$source"; fi
done)
todo=()
for source in "${sources[@]}"; do
    [[ -f "$stamps/$(key_of "$source")" ]] || todo+=("$source" "$stamps/$(key_of "$source")")
done

if ((${#todo[@]} > 0)); then
    # shellcheck disable=SC2016  # the inner shell expands
    printf '%s\0' "${todo[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -c '
        if output="$(clang-tidy --quiet -p "$0" "$1" 2>&1)"; then
            touch "$2"
        else
            printf "%s: clang-tidy\n%s\n" "$1" "$output" >&2
            exit 1
        fi' "$stamps"
fi
echo "tidy: ${#sources[@]} files are clean, $((${#todo[@]} / 2)) of them checked now"
