// Buffers that a thread keeps from one block to the next: a fresh one would cost a page fault every
// 4 KiB.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace pal {

/// A buffer of T, taken from this thread's spare ones and given back at the end. What it holds at
/// first is open.
template <class T>
class Scratch {
  public:
    Scratch() {
        auto& spare = spare_buffers();
        if (spare.empty()) return;
        buffer_ = std::move(spare.back());
        spare.pop_back();
    }
    ~Scratch() {
        constexpr std::size_t kKept = std::size_t{4} << 20;  // bytes: a huge one is not kept
        if (buffer_.capacity() > 0 && buffer_.capacity() * sizeof(T) <= kKept)
            spare_buffers().push_back(std::move(buffer_));
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    /// The first `count` elements; valid until asked for more.
    [[nodiscard]] std::span<T> first(std::size_t count) {
        if (buffer_.size() < count) buffer_.resize(count);
        return std::span(buffer_).first(count);
    }
    /// For who resizes it.
    [[nodiscard]] std::vector<T>& buffer() noexcept { return buffer_; }

  private:
    static std::vector<std::vector<T>>& spare_buffers() {
        thread_local std::vector<std::vector<T>> spare;
        return spare;
    }

    std::vector<T> buffer_;
};

}  // namespace pal
