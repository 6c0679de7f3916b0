#!/usr/bin/env bash
# Installs the Debian packages that are missing, and only those, and fetches the chart library of the report page. Asks
# nothing; uses sudo when not root. With --bench also what scripts/bench.sh compares with, with --fuzz what
# scripts/soak.sh fuzz builds with, with --browser what the tests of the page look at it with, with --cluster Slurm and MPI.
set -euo pipefail
page="$(dirname "${BASH_SOURCE[0]}")/../pipeline/report/page"

packages=(
    g++ cmake ninja-build pkg-config git ca-certificates
    libtbb-dev libhdf5-dev libboost-program-options-dev libboost-test-dev
    libdeflate-dev liblzf-dev libyaml-cpp-dev libpcre2-dev libhwy-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
    hdf5-tools python3 python3-numpy python3-h5py python3-yaml python3-jsonschema
    clang-format clang-tidy libbenchmark-dev
)
command -v npm >/dev/null || packages+=(nodejs npm)
[[ "${1:-}" == --browser ]] && packages+=(chromium chromium-driver python3-selenium)
[[ "${1:-}" == --fuzz ]] && packages+=(clang libclang-rt-14-dev)
[[ "${1:-}" == --cluster ]] && packages+=(slurm-wlm munge openmpi-bin libopenmpi-dev)
[[ "${1:-}" == --bench ]] && packages+=(python3-sklearn python3-faiss util-linux)

is_installed() {
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true)" == installed ]]
}

if ! command -v dpkg-query >/dev/null; then
    echo "setup: this script knows Debian and Ubuntu only; install by hand: ${packages[*]}" >&2
    exit 1
fi

install_packages() {
    local missing=() as_root=()
    for package in "${packages[@]}"; do
        is_installed "$package" || missing+=("$package")
    done
    if ((${#missing[@]} == 0)); then
        echo "setup: all ${#packages[@]} packages are installed"
        return
    fi
    if (($(id -u) != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "setup: not root and no sudo; install by hand: ${missing[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "setup: installing ${missing[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# npm checks what it fetches against the hashes of package-lock.json.
fetch_page_library() {
    local fetched="$page/node_modules/.fetched-package-lock.json"
    cmp -s "$page/package-lock.json" "$fetched" && return
    echo "setup: fetching the chart library of the report page"
    npm ci --prefix "$page" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp "$page/package-lock.json" "$fetched"
}

install_packages
fetch_page_library
