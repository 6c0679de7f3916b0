// Computes where the chunks of a dataset lie in it. Chunks are numbered in row-major order. Those
// at the edges stick out of the dataset; their values out there mean nothing.
#pragma once

#include <algorithm>
#include <cstddef>

#include "stages/tensor/tensor.hpp"

namespace pal {

class ChunkLayout {
  public:
    /// Both shapes have the same rank, at least 1, and no size 0. The product of `shape` is an
    /// element_count().
    ChunkLayout(Shape shape, Shape chunk) : shape_(std::move(shape)), chunk_(std::move(chunk)) {
        std::size_t inner_dim = shape_.size();  // from here on chunks are as wide as the dataset
        std::size_t inner_values = 1;           // product of those dimensions
        while (inner_dim > 0 && chunk_[inner_dim - 1] == shape_[inner_dim - 1]) {
            inner_values *= shape_[--inner_dim];
        }
        run_dim_ = inner_dim == 0 ? 0 : inner_dim - 1;
        below_ = inner_dim == 0 ? inner_values / shape_[0] : inner_values;
        for (std::size_t d = 0; d < shape_.size(); ++d) count_ *= chunks_along(d);
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// Returns the position of a chunk's first element.
    [[nodiscard]] Shape first(std::size_t number) const {
        Shape first(shape_.size());
        for (std::size_t d = shape_.size(); d-- > 0; number /= chunks_along(d)) {
            first[d] = number % chunks_along(d) * chunk_[d];
        }
        return first;
    }

    /// Returns the number of the chunk with this first element; count() if there is none.
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

    /// Calls body(position in the dataset, position in the chunk, length) for each run of a chunk's
    /// values that are consecutive in both, in ascending order.
    template <class Body>
    void for_each_run(const Shape& first, const Body& body) const {
        const auto extent = [&](std::size_t d) {
            return std::min(chunk_[d], shape_[d] - first[d]);
        };
        Shape at(run_dim_, 0);
        while (true) {
            std::size_t in_dataset = 0;
            std::size_t in_chunk = 0;
            for (std::size_t d = 0; d < run_dim_; ++d) {
                in_dataset = in_dataset * shape_[d] + first[d] + at[d];
                in_chunk = in_chunk * chunk_[d] + at[d];
            }
            in_dataset = (in_dataset * shape_[run_dim_] + first[run_dim_]) * below_;
            in_chunk = in_chunk * chunk_[run_dim_] * below_;
            body(in_dataset, in_chunk, extent(run_dim_) * below_);
            std::size_t d = run_dim_;
            while (d > 0 && ++at[d - 1] == extent(d - 1)) at[--d] = 0;
            if (d == 0) return;
        }
    }

    /// Calls body(number of the chunk, position in the chunk, length) for the runs that make up
    /// positions begin .. begin + count - 1 of the dataset, in ascending order.
    template <class Body>
    void for_each_piece(std::size_t begin, std::size_t count, const Body& body) const {
        const std::size_t row_length = shape_[run_dim_] * below_;
        const std::size_t piece_length = chunk_[run_dim_] * below_;
        for (std::size_t p = begin; p < begin + count;) {
            std::size_t number = 0;  // the row's first chunk; in_chunk: the row's place in it
            std::size_t in_chunk = 0;
            std::size_t chunks = chunks_along(run_dim_);
            std::size_t values = piece_length;
            std::size_t row = p / row_length;
            for (std::size_t d = run_dim_; d-- > 0; row /= shape_[d]) {
                const std::size_t at = row % shape_[d];
                number += at / chunk_[d] * chunks;
                in_chunk += at % chunk_[d] * values;
                chunks *= chunks_along(d);
                values *= chunk_[d];
            }
            const std::size_t row_begin = p / row_length * row_length;
            const std::size_t end = std::min(begin + count, row_begin + row_length);
            while (p < end) {
                const std::size_t at = p - row_begin;
                const std::size_t length = std::min(piece_length - at % piece_length, end - p);
                body(number + at / piece_length, in_chunk + at % piece_length, length);
                p += length;
            }
        }
    }

    /// Returns the number of chunks in a row: those side by side that share consecutive values of
    /// the dataset. A row spans all dimensions below the first one along which chunks are longer
    /// than 1.
    [[nodiscard]] std::size_t row_count() const noexcept {
        std::size_t d = 0;
        while (d < run_dim_ && chunk_[d] == 1) ++d;
        std::size_t row = 1;
        while (++d < shape_.size()) row *= chunks_along(d);
        return row;
    }

  private:
    [[nodiscard]] std::size_t chunks_along(std::size_t d) const noexcept {
        return (shape_[d] - 1) / chunk_[d] + 1;
    }

    Shape shape_;
    Shape chunk_;
    // A run lies along the last dimension that chunks cut, with all whole dimensions below it.
    std::size_t run_dim_ = 0;
    std::size_t below_ = 1;  // values in one step along run_dim_
    std::size_t count_ = 1;
};

}  // namespace pal
