#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/error_sums.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "stages/kernels/error_lanes-inl.hpp"
#include "stages/kernels/error_sums.hpp"
#include "stages/tensor/error.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

/// Adds whole rows of 8 values.
HWY_ATTR void add_rows(const float* HWY_RESTRICT values, const float* HWY_RESTRICT decoded,
                       std::size_t rows, ErrorLanes& lanes) {
    ErrorVectors sums;
    for (std::size_t row = 0; row < rows; ++row)
        sums.add(values + row * kErrorLanes, decoded + row * kErrorLanes);
    sums.store(lanes);
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(add_rows);

namespace {

using Lanes = std::array<double, kErrorLanes>;

double added_up(const Lanes& lanes) {
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
           ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

}  // namespace

template <class Real>
ErrorSums ErrorLanes::finished(std::span<const Real> values, std::span<const Real> decoded,
                               std::size_t added, double unit) {
    PAL_ASSERT(added % kErrorLanes == 0);
    for (std::size_t v = added; v < values.size(); ++v) {
        const std::size_t lane = v % kErrorLanes;
        const double value = static_cast<double>(values[v]) * unit;
        const double error = value - static_cast<double>(decoded[v]) * unit;
        squared_error[lane] += error * error;
        energy[lane] += value * value;
        max_abs_error[lane] = std::max(max_abs_error[lane], std::abs(error));
        max_abs[lane] = std::max(max_abs[lane], std::abs(value));
    }
    return {added_up(squared_error), added_up(energy),
            *std::max_element(max_abs_error.begin(), max_abs_error.end()),
            *std::max_element(max_abs.begin(), max_abs.end())};
}

template ErrorSums ErrorLanes::finished<float>(std::span<const float>, std::span<const float>,
                                               std::size_t, double);
template ErrorSums ErrorLanes::finished<double>(std::span<const double>, std::span<const double>,
                                                std::size_t, double);

ErrorSums error_sums(std::span<const float> values, std::span<const float> decoded) {
    PAL_ASSERT(values.size() == decoded.size());
    ErrorLanes lanes;
    const std::size_t rows = values.size() / kErrorLanes;
    HWY_DYNAMIC_DISPATCH(add_rows)(values.data(), decoded.data(), rows, lanes);
    return lanes.finished(values, decoded, rows * kErrorLanes, 1.0);
}

ErrorSums error_sums(std::span<const double> values, std::span<const double> decoded, double unit) {
    PAL_ASSERT(values.size() == decoded.size());
    return ErrorLanes().finished(values, decoded, 0, unit);
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
