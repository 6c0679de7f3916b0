#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/error_sums.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "stages/error.hpp"
#include "stages/kernels/error_sums.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kVirtualLanes = 8;

/// Adds whole rows of 8 values; lanes: [4][8] squared error, energy, largest error, largest value.
HWY_ATTR void add_rows(const float* HWY_RESTRICT values, const float* HWY_RESTRICT decoded,
                       std::size_t rows, double* HWY_RESTRICT lanes) {
    constexpr std::size_t kLanes = HWY_MIN(kVirtualLanes, HWY_LANES(double));
    constexpr std::size_t kParts = kVirtualLanes / kLanes;
    const hn::FixedTag<double, kLanes> d;
    const hn::FixedTag<float, kLanes> df;
    using V = hn::Vec<decltype(d)>;
    V squares[kParts];
    V energy[kParts];
    V errors[kParts];
    V largest[kParts];
    for (std::size_t p = 0; p < kParts; ++p) {
        squares[p] = energy[p] = errors[p] = largest[p] = hn::Zero(d);
    }
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t p = 0; p < kParts; ++p) {
            const std::size_t at = row * kVirtualLanes + p * kLanes;
            const V value = hn::PromoteTo(d, hn::LoadU(df, values + at));
            const V error = hn::Sub(value, hn::PromoteTo(d, hn::LoadU(df, decoded + at)));
            squares[p] = hn::Add(squares[p], hn::Mul(error, error));
            energy[p] = hn::Add(energy[p], hn::Mul(value, value));
            errors[p] = hn::Max(errors[p], hn::Abs(error));
            largest[p] = hn::Max(largest[p], hn::Abs(value));
        }
    }
    for (std::size_t p = 0; p < kParts; ++p) {
        hn::StoreU(squares[p], d, lanes + p * kLanes);
        hn::StoreU(energy[p], d, lanes + kVirtualLanes + p * kLanes);
        hn::StoreU(errors[p], d, lanes + 2 * kVirtualLanes + p * kLanes);
        hn::StoreU(largest[p], d, lanes + 3 * kVirtualLanes + p * kLanes);
    }
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(add_rows);

namespace {

using HWY_NAMESPACE::kVirtualLanes;
using Lanes = std::array<double, 4 * kVirtualLanes>;

double added_up(const double* lanes) {
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

/// The values from `first` on, one by one, and the end.
template <class Real>
ErrorSums finished(Lanes& lanes, std::span<const Real> values, std::span<const Real> decoded,
                   std::size_t first, double unit) {
    for (std::size_t v = first; v < values.size(); ++v) {
        const std::size_t lane = v % kVirtualLanes;
        const double value = static_cast<double>(values[v]) * unit;
        const double error = value - static_cast<double>(decoded[v]) * unit;
        lanes[lane] += error * error;
        lanes[kVirtualLanes + lane] += value * value;
        lanes[2 * kVirtualLanes + lane] =
            std::max(lanes[2 * kVirtualLanes + lane], std::abs(error));
        lanes[3 * kVirtualLanes + lane] =
            std::max(lanes[3 * kVirtualLanes + lane], std::abs(value));
    }
    const auto row = [&](std::size_t r) { return lanes.data() + r * kVirtualLanes; };
    return {added_up(row(0)), added_up(row(1)), *std::max_element(row(2), row(2) + kVirtualLanes),
            *std::max_element(row(3), row(3) + kVirtualLanes)};
}

}  // namespace

ErrorSums error_sums(std::span<const float> values, std::span<const float> decoded) {
    PAL_ASSERT(values.size() == decoded.size());
    Lanes lanes{};
    const std::size_t rows = values.size() / kVirtualLanes;
    HWY_DYNAMIC_DISPATCH(add_rows)(values.data(), decoded.data(), rows, lanes.data());
    return finished(lanes, values, decoded, rows * kVirtualLanes, 1.0);
}

ErrorSums error_sums(std::span<const double> values, std::span<const double> decoded, double unit) {
    PAL_ASSERT(values.size() == decoded.size());
    Lanes lanes{};
    return finished(lanes, values, decoded, 0, unit);
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
