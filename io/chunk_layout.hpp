// Private to io/: how the chunks of a dataset lie in it. Chunks have numbers, row-major; those at
// the edges stick out of the dataset and hold values there that count for nothing.
#pragma once

#include <algorithm>
#include <cstddef>

#include "stages/tensor.hpp"

namespace pal {

class ChunkLayout {
  public:
    /// Of one rank, at least 1, no size 0; the product of `shape` is an element_count().
    ChunkLayout(Shape shape, Shape chunk) : shape_(std::move(shape)), chunk_(std::move(chunk)) {
        inner_dim_ = shape_.size();
        while (inner_dim_ > 0 && chunk_[inner_dim_ - 1] == shape_[inner_dim_ - 1]) {
            inner_values_ *= shape_[--inner_dim_];
        }
        for (std::size_t d = 0; d < shape_.size(); ++d) count_ *= chunks_along(d);
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// The first element of a chunk.
    [[nodiscard]] Shape first(std::size_t number) const {
        Shape first(shape_.size());
        for (std::size_t d = shape_.size(); d-- > 0; number /= chunks_along(d)) {
            first[d] = number % chunks_along(d) * chunk_[d];
        }
        return first;
    }

    /// The number of the chunk with this first element; count() where there is none.
    [[nodiscard]] std::size_t number_of(const Shape& first) const {
        std::size_t number = 0;
        for (std::size_t d = 0; d < shape_.size(); ++d) {
            if (first[d] >= shape_[d] || first[d] % chunk_[d] != 0) return count_;
            number = number * chunks_along(d) + first[d] / chunk_[d];
        }
        return number;
    }

    [[nodiscard]] bool sticks_out(const Shape& first) const {
        for (std::size_t d = 0; d < shape_.size(); ++d) {
            if (shape_[d] - first[d] < chunk_[d]) return true;
        }
        return false;
    }

    /// body(position in the dataset, position in the chunk, length) for each run of values of a
    /// chunk that lie together in both, in ascending order.
    template <class Body>
    void for_each_run(const Shape& first, const Body& body) const {
        // The last dimension that chunks cut, and all that is whole below it, is a run.
        const std::size_t run_dim = inner_dim_ == 0 ? 0 : inner_dim_ - 1;
        const std::size_t below = inner_dim_ == 0 ? inner_values_ / shape_[0] : inner_values_;
        const auto extent = [&](std::size_t d) {
            return std::min(chunk_[d], shape_[d] - first[d]);
        };
        Shape at(run_dim, 0);
        while (true) {
            std::size_t in_dataset = 0;
            std::size_t in_chunk = 0;
            for (std::size_t d = 0; d < run_dim; ++d) {
                in_dataset = in_dataset * shape_[d] + first[d] + at[d];
                in_chunk = in_chunk * chunk_[d] + at[d];
            }
            in_dataset = (in_dataset * shape_[run_dim] + first[run_dim]) * below;
            in_chunk = in_chunk * chunk_[run_dim] * below;
            body(in_dataset, in_chunk, extent(run_dim) * below);
            std::size_t d = run_dim;
            while (d > 0 && ++at[d - 1] == extent(d - 1)) at[--d] = 0;
            if (d == 0) return;
        }
    }

  private:
    [[nodiscard]] std::size_t chunks_along(std::size_t d) const noexcept {
        return (shape_[d] - 1) / chunk_[d] + 1;
    }

    Shape shape_;
    Shape chunk_;
    std::size_t inner_dim_ = 0;     // from here on chunks are as wide as the dataset
    std::size_t inner_values_ = 1;  // product of those dimensions
    std::size_t count_ = 1;
};

}  // namespace pal
