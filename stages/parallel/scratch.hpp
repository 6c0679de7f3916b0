// Buffers that a thread keeps from block to block. A fresh buffer would cost a page fault every
// 4 KiB.
#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace pal {

/// Buffer of T. Comes from the spare buffers of this thread and returns to them when destroyed. Its
/// contents are unspecified at first.
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
        constexpr std::size_t kKept = std::size_t{4} << 20;  // bytes; larger ones are freed
        if (buffer_.capacity() > 0 && buffer_.capacity() * sizeof(T) <= kKept)
            spare_buffers().push_back(std::move(buffer_));
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    /// Returns the first `count` elements. Valid until a call asks for more.
    [[nodiscard]] std::span<T> first(std::size_t count) {
        if (buffer_.size() < count) buffer_.resize(count);
        return std::span(buffer_).first(count);
    }
    /// Returns the buffer itself, for callers that resize it.
    [[nodiscard]] std::vector<T>& buffer() noexcept { return buffer_; }

  private:
    static std::vector<std::vector<T>>& spare_buffers() {
        thread_local std::vector<std::vector<T>> spare;
        return spare;
    }

    std::vector<T> buffer_;
};

}  // namespace pal
