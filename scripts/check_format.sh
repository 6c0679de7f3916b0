#!/usr/bin/env bash
# Checks that every source file is as clang-format writes it. With --fix: makes it so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=(--dry-run -Werror)
[[ "${1:-}" == --fix ]] && mode=(-i)
mapfile -d '' -t sources < <(find pipeline stages io configs tests -name '*.[ch]pp' -print0 | sort -z)
clang-format "${mode[@]}" "${sources[@]}"
echo "format: ${#sources[@]} files are well formatted"
