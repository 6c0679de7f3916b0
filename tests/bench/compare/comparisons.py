"""The ten comparisons. Each is a function of a Bench that returns rows; raises Failure where a program failed or a
result is wrong, NotMeasured where something is missing."""

import json
import os
import pathlib
import subprocess
import sys

import h5py

import data
import peers
import support
from bench import DECODED_TENSORS, Failure, NotMeasured, Row, scratch_in_memory, spread

MIB = 1 << 20


def times(value):
    return f"{value:.2f} x"


def rate(byte_count, timing):
    return f"{byte_count / timing.best / 1e9:.2f} GB/s"


def against_cat(bench, name, options, most, most_of_cp=None):
    """A run on the large file beside cat, and beside cp where there is a limit for that."""
    path, output, copy = data.large(bench), bench.path("out.h5"), bench.path("copy.h5")
    report = bench.path("report.json")
    actions = {"cat": ["cat", path],
               name: ([bench.program, "run", path, output, "--report", report, "--force", *options], output)}
    if most_of_cp is not None:
        actions["cp"] = (["cp", "--reflink=never", path, copy], copy)
    bench.execute("cat", path)  # into the page cache
    timing = bench.side_by_side(**actions)
    pathlib.Path(copy).unlink(missing_ok=True)
    bench.check(path, output, report)
    pathlib.Path(output).unlink()
    bench.profile(name, path, *options)
    size = os.path.getsize(path)
    ratio = timing[name].best / timing["cat"].best
    rows = [Row(name, f"{timing[name]}, {rate(size, timing[name])}", f"cat {timing['cat']}", times(ratio),
                f"at most {most} x cat", ratio <= most)]
    if most_of_cp is not None:
        ratio = timing[name].best / timing["cp"].best
        rows.append(Row(name, str(timing[name]), f"cp {timing['cp']}", times(ratio), f"at most {most_of_cp} x cp",
                        ratio <= most_of_cp))
    return rows


def one_lut(bench):
    return against_cat(bench, "4 bits, one LUT", ["--n-bits", "4"], 3, 0.5)


def preset_w4(bench):
    return against_cat(bench, "preset w4", ["--preset", "w4"], 5)


def preset_w8(bench):
    return against_cat(bench, "preset w8", ["--preset", "w8"], 5)


def lut_per_row(bench):
    path, output, report = data.rows(bench), bench.path("out.h5"), bench.path("report.json")
    name, options = "4 bits, a LUT per row of 4096, 1 thread", ["--granularity", "per_grouped_channel",
                                                                 "--group-size", "1", "--threads", "1"]
    bench.execute("cat", path)
    timing = bench.side_by_side(**{name: ([bench.program, "run", path, output, "--report", report, "--force", *options],
                                          output)})[name]
    bench.check(path, output, report)
    bench.profile(name, path, *options)
    ours = os.path.getsize(path) / timing.best / 1e6
    ratio = ours / peers.FLASH1DKMEANS_ROWS_MB_PER_SECOND
    return [Row(name, f"{ours:.0f} MB/s", f"flash1dkmeans {peers.FLASH1DKMEANS_ROWS_MB_PER_SECOND} MB/s (quoted)",
                times(ratio), "at least 20 x", ratio >= 20, "the peer's figure is from another machine")]


def vectors(bench):
    side = 2048 if bench.size >= 256 * MIB else 512
    rows = []
    for dim, least in ((2, 100), (4, 50)):
        rows += vectors_of(bench, side, dim, least)
    return rows


def vectors_of(bench, side, dim, least):
    """Timed on a tensor of side x side; the peers, whose time goes with the weights, on a quarter of that, as is the
    error."""
    path, quarter, output = data.square(bench, side), data.square(bench, side // 2), bench.path("out.h5")
    name, options = f"vectors of {dim}, 8 bits", ["--n-bits", "8", "--cluster-dim", str(dim)]
    timing = bench.side_by_side(**{name: ([bench.program, "run", path, output, "--force", *options], output)})[name]
    bench.check(path, output)
    bench.profile(name, path, *options)
    bench.palettize("run", quarter, output, "--force", *options)
    error = max(bench.check(quarter, output).values())
    with h5py.File(quarter) as file:
        points = peers.vectors_of(file["fc/weight"][()], dim)
    ours, rows, errors = side**2 / timing.best / 1e6, [], {}
    for peer in (peers.scikit_learn, peers.faiss):
        try:
            seconds, errors[peer.__name__] = peer(points, 256)
        except NotMeasured as reason:
            rows.append(Row(name, str(timing), str(reason), "-", f"at least {least} x", None, "not measured"))
            continue
        theirs = points.size / seconds / 1e6
        rows.append(Row(name, f"{timing}, {ours:.2f} M weights/s", f"{peer.__name__} {theirs:.3f} M weights/s",
                        times(ours / theirs), f"at least {least} x", ours / theirs >= least))
    if errors:
        better = min(errors.values())
        rows.append(Row(f"{name}: mean squared error", f"{error:.4e}",
                        ", ".join(f"{peer} {its:.4e}" for peer, its in errors.items()), f"{error / better:.4f}",
                        "at most the better", error <= better))
    return rows


def halves(bench):
    whole, half = data.large(bench), data.large_halves(bench)
    outputs = bench.path("out.h5"), bench.path("out16.h5")
    options = ["--n-bits", "4", "--force"]
    for path in (whole, half):
        bench.execute("cat", path)
    timing = bench.side_by_side(**{
        "f32, 4 bits": ([bench.program, "run", whole, outputs[0], *options], outputs[0]),
        "f16, 4 bits": ([bench.program, "run", half, outputs[1], *options], outputs[1])})
    bench.check(half, outputs[1])
    bench.profile("f16, 4 bits", half, "--n-bits", "4")
    weights = data.tensor_count(bench) * data.SIDE**2
    ours, reference = (weights / timing[name].best / 1e6 for name in ("f16, 4 bits", "f32, 4 bits"))
    return [Row("f16 input, 4 bits", f"{ours:.0f} M weights/s", f"f32 {reference:.0f} M weights/s",
                times(ours / reference), "at least 1 x", ours >= reference)]


QUALITY_SPECS = (("4 bits, one LUT", ["--n-bits", "4"]), ("8 bits, one LUT", ["--n-bits", "8"]),
                 ("preset w4", ["--preset", "w4"]), ("preset w6", ["--preset", "w6"]),
                 ("8 bits, a LUT per row", ["--n-bits", "8", "--granularity", "per_grouped_channel",
                                            "--group-size", "1"]))


def quality(bench):
    """Of the engine fast beside exact; and the gap that --certify proves."""
    inputs = [data.square(bench, 1024)]
    inputs += [str(path) for path in support.checkpoints()]
    above, certified, rows = {}, {}, []
    certify = bench.has_option("run", "certify")
    for name, options in QUALITY_SPECS:
        for path in inputs:
            excess = excess_over_exact(bench, path, options)
            if excess is not None:
                above[name] = max(above.get(name, 0.0), excess)
                if certify:
                    certified.setdefault(name, []).extend(proven_gaps(bench, path, options))
    for name, excess in above.items():
        rows.append(Row(f"{name}: above the optimum", f"{excess:.1e}", "engine exact", "-", "at most 1e-4",
                        excess <= 1e-4, f"worst tensor of {len(inputs)} files"))
    if not certify:
        rows.append(Row("--certify 1e-3", "not available", "-", "-", "gap at most 1e-3", None,
                        "this program has no --certify"))
    for name, gaps in certified.items():
        proven = bool(gaps) and None not in gaps
        worst = max(gaps) if proven else None
        rows.append(Row(f"{name}: proven gap, --certify 1e-3", f"{worst:.1e}" if proven else "not every tensor has one",
                        "-", "-", "at most 1e-3", proven and worst <= 1e-3, f"{len(gaps)} tensors"))
    return rows


def excess_over_exact(bench, path, options):
    """The largest relative excess of a tensor's squared error; None where no tensor takes the spec, or the file is one
    that the program refuses."""
    if subprocess.run([bench.program, "plan", path, bench.path("fast.h5"), "--force", *options], check=False,
                      capture_output=True).returncode != 0:
        return None
    errors = {}
    for engine in ("fast", "exact"):
        output = bench.path(f"{engine}.h5")
        bench.palettize("run", path, output, "--force", "--on-nonfinite", "skip", "--engine", engine, *options)
        with h5py.File(output) as file:
            if not support.palettized_groups(file):
                return None
        # Types that h5py cannot read are verified by the program alone, against what the report says.
        errors[engine] = bench.check(path, output, most=sys.maxsize)
    return max((errors["fast"][tensor] - least) / least if least > 0 else float(errors["fast"][tensor] > 0)
               for tensor, least in errors["exact"].items())


def proven_gaps(bench, path, options):
    report = bench.path("report.json")
    bench.palettize("run", path, bench.path("fast.h5"), "--force", "--on-nonfinite", "skip", "--certify", "1e-3",
                    "--report", report, *options)
    tensors = json.loads(pathlib.Path(report).read_text())["tensors"]
    return [tensor["optimality_gap"] for tensor in tensors if tensor["action"] == "palettized"]


def memory(bench):
    """Peak resident sets against caps that are smaller than the tensor; the bytes are those without a cap."""
    rows = []
    cap = 64 * MIB
    specs = (("4 bits, one LUT", ["--n-bits", "4"]), ("preset w4", ["--preset", "w4"]), ("preset w8", ["--preset", "w8"]),
             ("vectors of 2, 8 bits", ["--n-bits", "8", "--cluster-dim", "2"]))
    for chunked in (False, True):
        path = data.one_tensor(bench, bench.size // 8, chunked)
        tensor_bytes = h5_bytes(path)
        if tensor_bytes <= cap:
            raise NotMeasured(f"a tensor of {tensor_bytes} bytes is no larger than the cap: --size is too small")
        for name, options in specs:
            what = f"{name}, tensor of {tensor_bytes // MIB} MiB{' in gzip chunks' if chunked else ''}"
            peak = bench.peak_bytes(bench.program, "run", path, bench.path("capped.h5"), "--force", "--memory", cap, *options)
            bench.palettize("run", path, bench.path("free.h5"), "--force", *options)
            if support.sha256(bench.path("capped.h5")) != support.sha256(bench.path("free.h5")):
                raise Failure(f"{what}: the bytes depend on --memory")
            rows.append(Row(what, f"peak {peak / MIB:.0f} MiB", f"cap {cap // MIB} MiB", "-",
                            f"at most {cap // MIB + 64} MiB", peak <= cap + 64 * MIB))
    return rows


def h5_bytes(path):
    with h5py.File(path) as file:
        return file["fc/weight"].size * file["fc/weight"].dtype.itemsize


def scaling(bench):
    return two_threads(bench) + many_tensors(bench)


def two_threads(bench):
    target = "at least 1.8 x"
    if len(os.sched_getaffinity(0)) < 2:
        return [Row("preset w4, 2 threads by 1", "-", "-", "-", target, None, "one processor only")]
    path = data.rows(bench)
    outputs = {threads: bench.path(f"out{threads}.h5") for threads in (1, 2)}
    timing = bench.side_by_side(**{
        f"preset w4, {threads} threads": ([bench.program, "run", path, output, "--preset", "w4", "--force", "--threads",
                                           threads], output) for threads, output in outputs.items()})
    if support.sha256(outputs[1]) != support.sha256(outputs[2]):
        raise Failure("the bytes depend on --threads")
    bench.check(path, outputs[2])
    bound = bench.profile("preset w4, 2 threads", path, "--preset", "w4", "--threads", "2").split("; ")[-1]
    one, two = timing["preset w4, 1 threads"], timing["preset w4, 2 threads"]
    ratio = one.best / two.best
    return [Row("preset w4, 2 threads by 1", str(two), f"1 thread {one}", times(ratio), target, ratio >= 1.8,
                f"{bound} with 2 threads")]


def many_tensors(bench):
    count = min(100000, max(1000, round(100000 * bench.size / 1.6e9)))
    path, output, copy = data.tiny(bench, count), bench.path("out.h5"), bench.path("copy.h5")
    name = f"{count} tiny tensors, 4 bits"
    bench.execute("cat", path)
    timing = bench.side_by_side(min(2, bench.rounds), **{  # they take long
        "h5repack": (["h5repack", path, copy], copy),
        name: ([bench.program, "run", path, output, "--n-bits", "4", "--force"], output)})
    bench.palettize("verify", path, output)
    ratio = timing[name].best / timing["h5repack"].best
    if ratio > 2:
        bench.profile(name, path, "--n-bits", "4")
    return [Row(name, str(timing[name]), f"h5repack {timing['h5repack']}", times(ratio), "at most 2 x", ratio <= 2)]


def restore(bench):
    path, palettized = data.large(bench), bench.path("palettized.h5")
    size = data.tensor_count(bench) * data.TENSOR_BYTES
    bench.palettize("run", path, palettized, "--n-bits", "4", "--force")
    in_memory = scratch_in_memory(3 * size)
    rows = [restored_into(bench, path, palettized, bench.folder, "with fsync to the disk", in_memory is None)]
    if in_memory is not None:
        rows.append(restored_into(bench, path, palettized, in_memory, "into memory (tmpfs)", True))
    return rows


def restored_into(bench, path, palettized, folder, where, judged):
    stem = f"{folder}/h5palettize-bench-{os.getpid()}-"
    output, copy, size = stem + "restored.h5", stem + "copy.h5", data.tensor_count(bench) * data.TENSOR_BYTES
    try:
        timing = bench.side_by_side(**{f"restore, {where}": ([bench.program, "restore", palettized, output], output),
                                       f"cp, {where}": (["cp", "--reflink=never", path, copy], copy)})
        check_restored(palettized, output)
    finally:
        for file in (output, copy):
            pathlib.Path(file).unlink(missing_ok=True)
    ours, peer = (size / timing[f"{name}, {where}"].best / 1e9 for name in ("restore", "cp"))
    least = min(1.5, peer)
    return Row(f"restore, 4 bits, {where}", f"{ours:.2f} GB/s", f"cp {peer:.2f} GB/s", times(ours / peer),
               f"at least {least:.2f} GB/s" if judged else "-", ours >= least if judged else None,
               "" if judged else "the target is about the page cache")


def check_restored(palettized, restored):
    with h5py.File(palettized) as before, h5py.File(restored) as after:
        for path in spread(support.palettized_groups(before), DECODED_TENSORS):
            if (support.decode(before[path]) != after[path][()]).any():
                raise Failure(f"{path}: restored to other values than it decodes to")


ALL = {1: one_lut, 2: preset_w4, 3: preset_w8, 4: lut_per_row, 5: vectors, 6: halves, 7: quality, 8: memory, 9: scaling,
       10: restore}
