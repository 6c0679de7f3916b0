// Room that values of variable length take in the heaps of a file. No HDF5 in sight.
#pragma once

#include <bit>
#include <cstdint>

namespace pal::h5 {

class HeapBytes {
  public:
    /// Adds one value: a string or a sequence. Empty ones are not in a heap.
    void add(std::uint64_t value_bytes) noexcept {
        if (value_bytes == 0) return;
        const std::uint64_t object = kHeader + (value_bytes + 7) / 8 * 8;
        (object <= kRoom ? small_ : large_) += object;
    }
    /// Adds the values of another file or object.
    void add(const HeapBytes& more) noexcept {
        small_ += more.small_;
        large_ += more.large_;
    }
    /// Adds values that are written one after the other, `times` as many as were counted. Their
    /// block doubles as long as it can.
    void add_row(const HeapBytes& counted, double times) noexcept {
        constexpr std::uint64_t kLargestBlock = 65536;
        const auto bytes =
            static_cast<std::uint64_t>(static_cast<double>(counted.of_values()) * times);
        const std::uint64_t rest = bytes % kLargestBlock;
        large_ += bytes - rest;
        (rest < kRoom ? small_ : large_) += rest < kRoom ? rest : std::bit_ceil(rest);
    }
    /// Returns the bytes of the values alone.
    [[nodiscard]] std::uint64_t of_values() const noexcept { return small_ + large_; }
    /// Returns the bytes of the heaps: blocks of 4 KiB that small values share, and large values.
    [[nodiscard]] std::uint64_t in_file() const noexcept {
        return (small_ + kRoom - 1) / kRoom * kBlock + large_;
    }

  private:
    static constexpr std::uint64_t kBlock = 4096;
    static constexpr std::uint64_t kHeader = 16;  // of a block, and of an object in it
    static constexpr std::uint64_t kRoom = kBlock - kHeader;

    std::uint64_t small_ = 0;
    std::uint64_t large_ = 0;
};

}  // namespace pal::h5
