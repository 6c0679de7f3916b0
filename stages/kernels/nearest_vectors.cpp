// The score of entry c for vector x is |c|^2 / 2 - x.c, which is half the squared distance less
// |x|^2 / 2. Both are taken relative to the medians of the LUT's components: data far from zero or
// on one side of it would drown otherwise.
//
// How far a float score is from the exact one: the inputs are rounded once each, and D products and
// D sums follow (fewer with fused multiplication, which is allowed here: it changes scores within
// the bound, not results). With u = 2^-24 and g = (D + 5) u that is at most
//     g (|c|^2 / 2 + |x||c|)  <=  g (3 s + 4 |x|^2),  s the exact score,
// by |x||c| <= |x|^2 + |c|^2 / 4 and |c|^2 / 2 <= 2 (s + |x|^2). So a gap between the two best
// float scores s1 <= s2 above g (3 |s1| + 3 |s2| + 8 |x|^2) proves the order of s1 and of
// everything at or above s2. The low bits of a score give way to the number of its entry, so that
// one minimum keeps both: that moves a score by at most (2^bits - 1) 2^-23 of itself. Slack for
// terms of second order, for this test's own rounding and for the rounding of the definition (2^-48
// |x|^2) is in kSlack; kTiny stands for what underflows.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/nearest_vectors.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "stages/kernels/nearest_vectors.hpp"
#include "stages/tensor/error.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::int32_t kDoubt = -1;
constexpr float kSlack = 1.01F;
constexpr float kTiny = 0x1p-130F;

/// Two registers of vectors against all rows. winners: row of each vector, kDoubt where the second
/// best is too close. points: [dim][stride].
template <std::size_t dim>
HWY_ATTR void search(const float* HWY_RESTRICT points, std::size_t stride, std::size_t count,
                     const float* HWY_RESTRICT rows, std::size_t row_count,
                     std::int32_t* HWY_RESTRICT winners) {
    const hn::ScalableTag<float> d;
    const hn::Rebind<std::int32_t, decltype(d)> di;
    using V = hn::Vec<decltype(d)>;
    const std::size_t lanes = hn::Lanes(d);
    const auto row_bits = static_cast<std::int32_t>(std::bit_ceil(row_count) - 1);
    const V kept = hn::BitCast(d, hn::Set(di, ~row_bits));

    for (std::size_t v = 0; v < count; v += 2 * lanes) {
        const float* HWY_RESTRICT left = points + v;
        const float* HWY_RESTRICT right = left + lanes;
        V best_l = hn::Set(d, std::numeric_limits<float>::infinity());
        V best_r = best_l;
        V second_l = best_l;
        V second_r = best_l;
        auto number = hn::Zero(di);
        const auto one = hn::Set(di, 1);
        const float* HWY_RESTRICT row = rows;
        for (std::size_t c = 0; c < row_count; ++c, row += dim + 1) {
            V score_l = hn::Set(d, row[dim]);
            V score_r = score_l;
            for (std::size_t t = 0; t < dim; ++t) {
                const V component = hn::Set(d, row[t]);
                score_l = hn::NegMulAdd(hn::Load(d, left + t * stride), component, score_l);
                score_r = hn::NegMulAdd(hn::Load(d, right + t * stride), component, score_r);
            }
            const V tag = hn::BitCast(d, number);
            score_l = hn::OrAnd(tag, score_l, kept);
            score_r = hn::OrAnd(tag, score_r, kept);
            second_l = hn::Min(second_l, hn::Max(best_l, score_l));
            second_r = hn::Min(second_r, hn::Max(best_r, score_r));
            best_l = hn::Min(best_l, score_l);
            best_r = hn::Min(best_r, score_r);
            number = hn::Add(number, one);
        }
        const auto store = [&](const float* HWY_RESTRICT first, V best, V second,
                               std::int32_t* HWY_RESTRICT to) HWY_ATTR {
            V norm = hn::Zero(d);
            for (std::size_t t = 0; t < dim; ++t) {
                const V x = hn::Load(d, first + t * stride);
                norm = hn::MulAdd(x, x, norm);
            }
            const V scores = hn::Add(hn::Abs(best), hn::Abs(second));
            const V scale = hn::MulAdd(hn::Set(d, 3.0F), scores, hn::Mul(hn::Set(d, 8.0F), norm));
            const V rounding = hn::Set(d, kSlack * 0x1p-24F * static_cast<float>(dim + 5));
            const V tagging = hn::Set(d, kSlack * 0x1p-23F * static_cast<float>(row_bits));
            const V doubt =
                hn::MulAdd(rounding, scale, hn::MulAdd(tagging, scores, hn::Set(d, kTiny)));
            const auto sure = hn::RebindMask(di, hn::Gt(hn::Sub(second, best), doubt));
            const auto row_of = hn::And(hn::BitCast(di, best), hn::Set(di, row_bits));
            hn::Store(hn::IfThenElse(sure, row_of, hn::Set(di, kDoubt)), di, to);
        };
        store(left, best_l, second_l, winners + v);
        store(right, best_r, second_r, winners + v + lanes);
    }
}

template <std::size_t... kDims>
void search_one_of(std::index_sequence<kDims...>, const float* points, std::size_t stride,
                   std::size_t count, std::span<const float> rows, std::size_t dim,
                   std::int32_t* winners) {
    const std::size_t row_count = rows.size() / (dim + 1);
    static_cast<void>(
        ((kDims + 1 == dim &&
          (search<kDims + 1>(points, stride, count, rows.data(), row_count, winners), true)) ||
         ...));
}

void search_any(const float* points, std::size_t stride, std::size_t count,
                std::span<const float> rows, std::size_t dim, std::int32_t* winners) {
    search_one_of(std::make_index_sequence<kMostVectorDim>(), points, stride, count, rows, dim,
                  winners);
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

namespace {

HWY_EXPORT(search_any);

constexpr std::size_t kChunk = 512;  // vectors: 16 components of them fill the L1 cache
static_assert(kChunk % (2 * HWY_MAX_BYTES / sizeof(float)) == 0);

struct alignas(64) Scratch {
    std::array<float, kMostVectorDim * kChunk> points;
    std::array<std::int32_t, kChunk> winners;
};

/// The power of two that brings `largest` to [1, 2), where Real has it.
template <class Real>
Real unit_of(double largest) {
    constexpr int kRange = std::numeric_limits<Real>::max_exponent - 2;
    if (!(largest > 0)) return 1;
    return static_cast<Real>(std::ldexp(1.0, std::clamp(-std::ilogb(largest), -kRange, kRange)));
}

}  // namespace

template <class Real>
NearestVectors<Real>::NearestVectors(std::span<const double> lut, std::size_t dim)
    : dim_(dim), entries_(lut.size() / dim), columns_(lut.size()) {
    PAL_ASSERT(dim >= 1 && lut.size() % dim == 0);
    PAL_ASSERT(entries_ >= 1 && entries_ <= kMostVectorEntries);
    double largest = 0;
    for (const double component : lut) largest = std::max(largest, std::abs(component));
    exact_unit_ = unit_of<double>(largest);
    largest = 0;
    for (std::size_t t = 0; t < dim; ++t) {
        double* column = columns_.data() + t * entries_;
        for (std::size_t e = 0; e < entries_; ++e) column[e] = lut[e * dim + t];
        std::vector<double> sorted(column, column + entries_);
        std::sort(sorted.begin(), sorted.end());
        offset_.push_back(static_cast<Real>(sorted[entries_ / 2]));
        const auto offset = static_cast<double>(offset_[t]);
        largest = std::max(
            {largest, std::abs(sorted.front() - offset), std::abs(sorted.back() - offset)});
        for (std::size_t e = 0; e < entries_; ++e) column[e] *= exact_unit_;
    }
    // No rows: doubles at both ends of their range, and what the scratch has no room for.
    if (!std::isfinite(largest) || dim > kMostVectorDim) return;
    unit_ = unit_of<Real>(largest);
    for (std::size_t e = 0; e < entries_; ++e) {
        const auto entry = lut.subspan(e * dim, dim);
        if (e > 0 && std::ranges::equal(entry, lut.subspan((e - 1) * dim, dim))) continue;
        double norm = 0;
        for (std::size_t t = 0; t < dim; ++t) {
            const double shifted =
                (entry[t] - static_cast<double>(offset_[t])) * static_cast<double>(unit_);
            rows_.push_back(static_cast<float>(shifted));
            norm += shifted * shifted;
        }
        rows_.push_back(static_cast<float>(norm / 2));
        row_entry_.push_back(static_cast<std::uint8_t>(e));
    }
}

template <class Real>
std::uint8_t NearestVectors<Real>::find_exactly(const Real* vector,
                                                std::size_t component_stride) const {
    std::array<double, kMostVectorEntries> distances{};
    for (std::size_t t = 0; t < dim_; ++t) {
        const double* column = columns_.data() + t * entries_;
        const auto x = static_cast<double>(vector[t * component_stride]) * exact_unit_;
        for (std::size_t e = 0; e < entries_; ++e) {
            distances[e] += (x - column[e]) * (x - column[e]);
        }
    }
    return static_cast<std::uint8_t>(
        std::min_element(distances.begin(), distances.begin() + entries_) - distances.begin());
}

template <class Real>
void NearestVectors<Real>::find(const Real* points, std::size_t vector_stride,
                                std::size_t component_stride,
                                std::span<std::uint8_t> indices) const {
    if (row_entry_.size() == 1) {
        std::ranges::fill(indices, row_entry_[0]);
        return;
    }
    Scratch scratch;
    for (std::size_t begin = 0; begin < indices.size(); begin += kChunk) {
        const std::size_t count = std::min(kChunk, indices.size() - begin);
        const Real* chunk = points + begin * vector_stride;
        if (rows_.empty()) {
            for (std::size_t v = 0; v < count; ++v)
                indices[begin + v] = find_exactly(chunk + v * vector_stride, component_stride);
            continue;
        }
        for (std::size_t t = 0; t < dim_; ++t) {
            const Real* first = chunk + t * component_stride;
            float* row = scratch.points.data() + t * kChunk;
            for (std::size_t v = 0; v < count; ++v) {
                row[v] = static_cast<float>((first[v * vector_stride] - offset_[t]) * unit_);
            }
            std::fill(row + count, row + kChunk, 0.0F);
        }
        HWY_DYNAMIC_DISPATCH(search_any)
        (scratch.points.data(), kChunk, count, rows_, dim_, scratch.winners.data());
        for (std::size_t v = 0; v < count; ++v) {
            const std::int32_t winner = scratch.winners[v];
            indices[begin + v] = winner >= 0
                                     ? row_entry_[static_cast<std::size_t>(winner)]
                                     : find_exactly(chunk + v * vector_stride, component_stride);
        }
    }
}

template class NearestVectors<float>;
template class NearestVectors<double>;

}  // namespace pal::kernels
#endif  // HWY_ONCE
