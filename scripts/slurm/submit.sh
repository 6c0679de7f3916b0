#!/usr/bin/env bash
# Submits a checkpoint to Slurm: an array job that palettizes it in N parts, and a job that merges them once all are done.
set -euo pipefail
here="$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)"

usage() {
    cat <<'TEXT'
Usage: submit.sh [--NAME=VALUE ...] IN.h5 OUT.h5 N [options of h5palettize run]

Submits an array job of N tasks, each of which does one part of IN.h5 and writes OUT.h5.shards/I-of-N.h5, and a job that merges
the parts to OUT.h5 and removes them. Prints the numbers of both jobs.

--NAME=VALUE before IN.h5 are options of sbatch, for both jobs: --time, --mem, --cpus-per-task, --partition, --account ...
--array, for the first one only, is 0-(N-1) where it is not given: --array=0-63%8 for 8 tasks at a time, --array=3 to submit part 3
alone where the others are done. Submitted again, a job does what is not done yet. Options of `h5palettize merge`
(--link: links to the parts, which then stay) go to the second one. The program is h5palettize in PATH, or what H5PALETTIZE names.
`h5palettize slurm-plan IN.h5 [options]` says which N, --mem and --time suit.

Example:
  submit.sh --time=00:30:00 --mem=8G --cpus-per-task=8 model.h5 model.w4.h5 16 --preset w4 --memory 4GiB
TEXT
}

refuse() {
    echo "submit: $*; submit.sh --help shows the usage" >&2
    exit 2
}

if [[ "${1:-}" == --help || "${1:-}" == -h ]]; then
    usage
    exit 0
fi

for_both=() array=''
while [[ "${1:-}" == -* ]]; do
    case "$1" in
        --array=*) array="$1" ;;
        --dependency=* | --parsable | --signal=*) refuse "$1: is set by this script" ;;
        --*=*) for_both+=("$1") ;;
        *) refuse "found '$1' before IN.h5, wanted are options of sbatch as --NAME=VALUE" ;;
    esac
    shift
done
if (($# < 3)); then refuse "found $# arguments, wanted IN.h5 OUT.h5 N [options of h5palettize run]"; fi
input="$1" output="$2" parts="$3"
shift 3
if [[ ! "$parts" =~ ^[1-9][0-9]{0,6}$ ]]; then refuse "N: found '$parts', wanted is a number of parts from 1"; fi

for_run=() for_merge=() force=no
for option in "$@"; do
    case "$option" in
        --force)
            force=yes
            for_merge+=("$option") ;;
        --follow-external | --allow-plugins)
            for_run+=("$option")
            for_merge+=("$option") ;;
        --link) for_merge+=("$option") ;;
        --shard | --shard=* | --resume) refuse "$option: is set by this script" ;;
        --report | --report=* | --report-html | --report-html=* | --trace | --trace=*)
            refuse "$option: every task would write the same file" ;;
        *) for_run+=("$option") ;;
    esac
done

program="${H5PALETTIZE:-h5palettize}"
command -v sbatch >/dev/null || refuse "sbatch is not in PATH: is this a machine of a Slurm cluster?"
command -v "$program" >/dev/null || refuse "$program is not in PATH; H5PALETTIZE can name it"
if [[ ! -f "$input" ]]; then refuse "$input: no such file"; fi
if [[ "$input" -ef "$output" ]]; then refuse "$output: is the input; choose another output"; fi
if [[ -e "$output" ]] && [[ $force == no ]]; then refuse "$output: exists; --force replaces it"; fi

array_job="$(sbatch --parsable "${for_both[@]}" "${array:---array=0-$((parts - 1))}" \
    "$here/palettize_array.sbatch" "$input" "$output" "$parts" "${for_run[@]}")"
array_job="${array_job%%;*}"  # behind it the name of the cluster, where there are several
if ! merge_job="$(sbatch --parsable "${for_both[@]}" --dependency="afterok:$array_job" --kill-on-invalid-dep=yes \
    "$here/merge.sbatch" "$output" "$parts" "${for_merge[@]}")"; then
    scancel "$array_job"
    echo "submit: the merge job could not be submitted; the array job $array_job is cancelled" >&2
    exit 1
fi
echo "array job $array_job, merge job ${merge_job%%;*}: $output in $parts parts"
