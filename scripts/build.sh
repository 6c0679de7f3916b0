#!/usr/bin/env bash
# Builds one CMake preset (default: release); leaves build/<preset>/h5palettize (fuzz: the fuzzers alone).
# Usage: scripts/build.sh [release|mpi|dev|asan|tsan|fuzz]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="${1:-release}"
scripts/setup.sh
cmake --preset "$preset"
cmake --build --preset "$preset"
echo "build: $PWD/build/$preset"
