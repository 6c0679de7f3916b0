#!/usr/bin/env bash
# Checks who includes what (docs/architecture.md, "Layering") and that every header compiles alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failures=0
fail() {
    echo "layering: $1" >&2
    failures=$((failures + 1))
}

# Headers of the C++ standard library have no dot; those of POSIX are listed.
standard='[a-z_0-9]+|(unistd|fcntl|poll|malloc|stdio|stdlib|signal|sched|dirent|pthread|sys/[a-z]+|linux/[a-z]+)\.h'
tbb='(oneapi/)?tbb/[a-z_0-9/]+\.h'
# What each folder may include, as one regular expression over the name between <> or "".
declare -A allowed=(
    [stages]="stages/.*|hwy/.*|$tbb|$standard"
    [configs]="configs/.*|stages/tensor/(dtype|error|spec|tensor)\.hpp|yaml-cpp/.*|pcre2\.h|fmt/.*|nlohmann/.*|$standard"
    [io]="io/.*|stages/tensor/.*|stages/(pack|weights/weights|parallel/parallel|parallel/scratch|kernels/unshuffle)\.hpp|hdf5\.h|H5.*\.h|libdeflate\.h|fmt/.*|nlohmann/.*|$standard"
    [pipeline]="(pipeline|io|configs|stages)/.*|$tbb|boost/program_options.*|fmt/.*|spdlog/.*|nlohmann/.*|mpi\.h|$standard"
)
# What only some places may include: regular expression of the name, of the files that may.
restricted=(
    'hdf5\.h|H5.*\.h|libdeflate\.h' '^io/'
    'yaml-cpp/.*|pcre2\.h' '^configs/'
    '(oneapi/)?tbb/flow_graph\.h|(oneapi/)?tbb\.h|(oneapi/)?tbb/tbb\.h' '^pipeline/'
    'boost/program_options.*' '^pipeline/(cli|commands)/'
    'hwy/.*' '^stages/kernels/'
    'mpi\.h' '^pipeline/ranks/mpi\.cpp'
)

# Lines "file<TAB>name" for every include of the four folders.
includes() {
    grep -rHoE --include='*.[ch]pp' '^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"][^>"]+' \
        stages configs io pipeline |
        sed -E 's/^([^:]+):.*[<"]([^<"]+)$/\1\t\2/'
}

while IFS=$'\t' read -r file name; do
    folder="${file%%/*}"
    [[ $name =~ ^(${allowed[$folder]})$ ]] || fail "$file includes $name: not allowed in $folder/"
    for ((i = 0; i < ${#restricted[@]}; i += 2)); do
        if [[ $name =~ ^(${restricted[i]})$ && ! $file =~ ${restricted[i + 1]} ]]; then
            fail "$file includes $name: only below ${restricted[i + 1]#^}"
        fi
    done
done < <(includes)

if grep -rnE --include='*.[ch]pp' '#[[:space:]]*include[[:space:]]*[<"]\.\.?/' stages configs io pipeline tests; then
    fail 'relative includes; write "folder/header.hpp"'
fi

# Only pipeline/ prints, and libraries never exit.
if grep -rnE --include='*.[ch]pp' '\b(std::(cout|cerr|clog)\b|(exit|print|printf|puts)\()' stages configs io |
    grep -v '^stages/tensor/error\.cpp:'; then
    fail 'a library prints or exits'
fi

# Every header compiles alone: one that its own source includes first does when that is compiled.
is_first_of_its_source() {
    local source="${1%.hpp}.cpp"
    [[ -f $source && "$(grep -m1 '^#include' "$source")" == "#include \"$1\"" ]]
}
read -r -a flags <<<"$(pkg-config --cflags hdf5 2>/dev/null || pkg-config --cflags hdf5-serial)"
compile_alone() {
    local header="$1"
    shift
    echo "#include \"$header\"" | g++ -std=c++20 -fsyntax-only -I. "$@" -x c++ - ||
        { echo "layering: $header does not compile alone" >&2; return 1; }
}
export -f compile_alone
all=0
headers=()
while read -r header; do
    all=$((all + 1))
    is_first_of_its_source "$header" || headers+=("$header")
done < <(find stages configs io pipeline -name '*.hpp' | sort)
# shellcheck disable=SC2016  # the inner shell expands
printf '%s\0' "${headers[@]}" |
    xargs -0 -n 1 -P "$(nproc)" bash -c 'compile_alone "${@: -1}" "${@:1:$#-1}"' compile_alone "${flags[@]}" ||
    failures=$((failures + 1))

if ((failures > 0)); then
    echo "layering: $failures violations" >&2
    exit 1
fi
echo "layering: includes of 4 folders are in order, $all headers compile alone, ${#headers[@]} of them tried here"
