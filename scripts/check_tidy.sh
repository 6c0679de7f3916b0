#!/usr/bin/env bash
# Runs clang-tidy over the sources of the program (tests and generated files are left out). Several files of a folder are read as one,
# since most of the time goes into the headers that they share; kernels one by one (docs/architecture.md says why). What
# passed is not checked again until one of its files, a header, the checks or clang-tidy itself change. With --all: check every file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

build=build/release
stamps=build/tidy
[[ -f $build/compile_commands.json ]] || cmake --preset release >/dev/null
[[ "${1:-}" == --all ]] && rm -rf "$stamps"
mkdir -p "$stamps"
python=/usr/bin/python3  # the distribution's, as for the tests

# What every file depends on: the headers, the checks, the compiler flags, the tool.
common="$( (clang-tidy --version; cat .clang-tidy io/.clang-tidy CMakeLists.txt "${BASH_SOURCE[0]}"
            find pipeline stages io configs -name '*.hpp' -print0 | sort -z | xargs -0 cat) | sha256sum)"
key_of() { (printf '%s' "$common"; xargs cat <"$1") | sha256sum | cut -d' ' -f1; }

# One file names the sources that are read as one, another includes them. clang's analyzer looks into included sources only where the
# name of the file begins as theirs here do. A warning option of GCC's that clang does not know would be an error of its own, and so
# would clang's own warnings: the compiler's are GCC's, which are errors already. Precompiled headers are GCC's too. Of what MPI alone
# needs clang-tidy would not find the headers: only what this build compiles is checked.
rm -f "$stamps"/UnifiedSource*
"$python" - "$build" "$stamps" <<'END'
import json, pathlib, re, sys

build, stamps = map(pathlib.Path, sys.argv[1:])
AT_A_TIME = 10
def sources_of(entry):
    """The sources that an entry compiles: one, or those of a room that are compiled as one."""
    if "/Unity/" not in entry["file"]:
        return [entry["file"]]
    return re.findall(r'#include "(.*)"', pathlib.Path(entry["file"]).read_text())

entries = json.loads((build / "compile_commands.json").read_text())
compiled = {source: entry for entry in entries for source in sources_of(entry)}
groups = {}  # the sources of a folder that are compiled alike
for folder in ("pipeline", "stages", "io", "configs"):
    for file in filter(compiled.__contains__, map(str, sorted(pathlib.Path(folder).resolve().rglob("*.cpp")))):
        flags = re.sub(r"-Wno-restrict|-Werror|-Winvalid-pch|-include [^ ]*cmake_pch\.hxx| -o .*", "", compiled[file]["command"])
        alone = file if "/stages/kernels/" in file else None
        groups.setdefault((folder, flags, alone), []).append(file)
commands = []
for (folder, flags, _), files in groups.items():
    for first in range(0, len(files), AT_A_TIME):
        group = files[first:first + AT_A_TIME]
        unified = (stamps / f"UnifiedSource_{folder}_{len(commands)}.cpp").resolve()
        unified.write_text("".join(f'#include "{file}"\n' for file in group))
        unified.with_suffix(".list").write_text("".join(f"{file}\n" for file in group))
        commands.append({"directory": str(build.resolve()), "file": str(unified), "command": f"{flags} -c {unified}"})
(stamps / "compile_commands.json").write_text(json.dumps(commands))
END

todo=()
for list in "$stamps"/UnifiedSource*.list; do
    key="$stamps/$(key_of "$list")"
    [[ -f $key ]] || todo+=("${list%.list}.cpp" "$key")
done

if ((${#todo[@]} > 0)); then
    # shellcheck disable=SC2016  # the inner shell expands
    printf '%s\0' "${todo[@]}" | xargs -0 -n 2 -P "$(nproc)" bash -c '
        config=.clang-tidy
        [[ $1 == */UnifiedSource_io_* ]] && config=io/.clang-tidy
        if output="$(clang-tidy --quiet -p "$0" --config-file="$config" --checks=-bugprone-suspicious-include \
                     --header-filter="/(pipeline|stages|io|configs)/" "$1" 2>&1)"; then
            touch "$2"
        else
            printf "%s: clang-tidy\n%s\n" "$(tr "\n" " " <"${1%.cpp}.list")" "$output" >&2
            exit 1
        fi' "$stamps"
fi
echo "tidy: $(cat "$stamps"/UnifiedSource*.list | wc -l) files are clean, $((${#todo[@]} / 2)) groups of them checked now"
