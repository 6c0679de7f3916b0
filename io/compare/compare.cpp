#include "io/compare/compare.hpp"

#include <algorithm>
#include <cstddef>

#include "io/compare/compare_tree.hpp"
#include "io/compare/comparison.hpp"
#include "io/compare/foreign_documents.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/read/plausible.hpp"

namespace pal {

namespace {

/// Compares the first `bytes` bytes, which both files have.
bool same_head(const RawFile& a, const RawFile& b, std::uint64_t bytes) {
    std::vector<std::byte> left(std::min<std::uint64_t>(bytes, 1 << 16));
    std::vector<std::byte> right(left.size());
    for (std::uint64_t at = 0; at < bytes; at += left.size()) {
        left.resize(std::min<std::uint64_t>(left.size(), bytes - at));
        right.resize(left.size());
        a.read(at, left, "the user block");
        b.read(at, right, "the user block");
        if (left != right) return false;
    }
    return true;
}

void compare_user_blocks(Comparison& comparison) {
    const std::uint64_t bytes = comparison.original.info.user_block_bytes;
    if (bytes != comparison.derived.info.user_block_bytes) {
        comparison.differs("/", "user block of another size");
    } else if (!same_head(comparison.original.raw, comparison.derived.raw, bytes)) {
        comparison.differs("/", "another user block");
    }
}

std::vector<std::string> compare(const Checkpoint& original, const Checkpoint& derived) {
    Comparison comparison{original, derived};
    compare_tree(comparison);
    for (const auto& compare_references : comparison.deferred) compare_references();
    if (derived.has_format) {
        const h5::Object root = h5::open_object(derived.file.get(), "/");
        for (std::string& line : foreign_documents(root.get()))
            comparison.lines.push_back(std::move(line));
    }
    compare_user_blocks(comparison);
    return std::move(comparison.lines);
}

}  // namespace

std::vector<std::string> compare_untouched(const CheckpointReader& original,
                                           const CheckpointReader& derived) {
    try {
        std::vector<std::string> lines;
        const auto bytes = std::max(original.info().file_bytes,
                                    derived.info().file_bytes + derived.impl().linked_bytes);
        with_memory_fence(most_library_bytes(bytes),
                          [&] { lines = compare(original.impl(), derived.impl()); });
        return lines;
    } catch (const h5::Failure& failure) {
        throw failure.in(derived.info().file);
    }
}

}  // namespace pal
