"""What a large checkpoint takes on many nodes, by the model of docs/scaling.md. Prints its table.

Usage: scaling.py [--cores 64] [--read 2.5] [--write 1.5] [--all-read 200] [--all-write 100]
Rates in GB/s: of a node, and of the file system for all nodes together."""

import argparse
import heapq

# Of Llama 3.1 405B: 16-bit weights, output channels first.
HIDDEN, FFN, KV, VOCABULARY, LAYERS = 16384, 53248, 1024, 128256, 126
LAYER = ((HIDDEN, HIDDEN), (KV, HIDDEN), (KV, HIDDEN), (HIDDEN, HIDDEN), (FFN, HIDDEN), (FFN, HIDDEN), (HIDDEN, FFN))
TENSORS = LAYER * LAYERS + ((VOCABULARY, HIDDEN),) * 2

# 4 bits in groups of 16 output channels, engine fast, as pipeline/plan/cost has it.
BITS, GROUP = 4, 16
TENSOR_SECONDS, GROUP_OF_4096_SECONDS = 0.35e-3, 150e-6
WEIGHT_SECONDS = (1.3 + 2.3 + 0.1 * BITS) * 1e-9
EFFICIENCY, START_SECONDS = 0.8, 5


def seconds(rows, columns):
    group_seconds = GROUP_OF_4096_SECONDS * min((GROUP * columns / 4096) ** 0.25, 3)
    return TENSOR_SECONDS + rows / GROUP * group_seconds + rows * columns * WEIGHT_SECONDS


def balanced(parts):
    """(seconds, weights) of the part that takes longest: pipeline/shards/shards, with slabs of a sixteenth of a part."""
    share = sum(seconds(*shape) for shape in TENSORS) / parts
    pieces = []
    for rows, columns in TENSORS:
        slab = max(GROUP, 2 ** 20 // columns // GROUP * GROUP)  # whole groups and chunks
        whole = seconds(rows, columns)
        count = min(rows // slab, max(1, int(whole / (share / 16)))) if whole > share / 4 else 1
        pieces += [(whole / count, rows * columns / count)] * count
    heap = [(0.0, 0.0)] * parts
    for cost, weights in sorted(pieces, reverse=True):
        took, done = heap[0]
        heapq.heapreplace(heap, (took + cost, done + weights))
    return max(heap)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("cores", 64), ("read", 2.5), ("write", 1.5), ("all-read", 200), ("all-write", 100)):
        parser.add_argument(f"--{name}", type=float, default=default)
    options = parser.parse_args()
    weights = sum(rows * columns for rows, columns in TENSORS)
    print(f"{weights / 1e9:.0f}e9 weights in {len(TENSORS)} tensors, {weights * 2 / 1e9:.0f} GB -> {weights * BITS / 8e9:.0f} GB; "
          f"{sum(seconds(*shape) for shape in TENSORS):.0f} CPU seconds")
    print("| nodes | compute s | read s | write s | longest | merge s | with merge | bound by |\n|---|---|---|---|---|---|---|---|")
    for nodes in (1, 16, 256):
        cpu, own = balanced(nodes)
        stages = {"compute": cpu / options.cores / EFFICIENCY,
                  "read": own * 2e-9 / min(options.read, options.all_read / nodes),
                  "write": own * BITS / 8e9 / min(options.write, options.all_write / nodes)}
        longest = START_SECONDS + max(stages.values())  # they overlap
        merge = weights * BITS / 8e9 / min(options.read, options.write) if nodes > 1 else 0
        bound = max(stages, key=stages.get) if longest > merge else "merge"
        print(f"| {nodes} | {stages['compute']:.1f} | {stages['read']:.1f} | {stages['write']:.1f} | {longest:.0f} s | {merge:.0f} | "
              f"{longest + merge:.0f} s | {bound} |")


if __name__ == "__main__":
    main()
