#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stages/kernels/count_bins.cpp"
#include <hwy/foreach_target.h>  // must come before highway.h
//
#include <hwy/highway.h>

#include "stages/kernels/count_bins.hpp"
#include "stages/tensor/error.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

/// Scalar on every target. Targets differ in how they shift by a variable: one instruction with
/// BMI2, three without.
void count_bins(const float* HWY_RESTRICT values, std::size_t count,
                const KeySplit* HWY_RESTRICT splits, std::uint64_t* HWY_RESTRICT bins,
                std::vector<std::uint32_t>& set_aside) {
    const auto add = [&](std::uint32_t bits) HWY_ATTR {
        const KeySplit split = splits[bits >> 16];
        if (HWY_UNLIKELY(split.shift == kUncounted)) {
            set_aside.push_back(bits);
            return;
        }
        const std::uint32_t trailing = bits & 0xFFFFU;
        bins[split.first + (trailing >> split.shift)] += kOneCounted + trailing;
    };
    std::size_t v = 0;
    for (; v + 2 <= count; v += 2) {  // two values a load
        std::uint64_t two = 0;
        hwy::CopyBytes<8>(values + v, &two);
        add(static_cast<std::uint32_t>(two));
        add(static_cast<std::uint32_t>(two >> 32));
    }
    if (v < count) {
        std::uint32_t bits = 0;
        hwy::CopyBytes<4>(values + v, &bits);
        add(bits);
    }
}

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pal::kernels {

HWY_EXPORT(count_bins);

void count_bins(std::span<const float> values, std::span<const KeySplit> splits,
                std::span<std::uint64_t> bins, std::vector<std::uint32_t>& set_aside) {
    PAL_ASSERT(splits.size() == kLeadingKeys);
    HWY_DYNAMIC_DISPATCH(count_bins)
    (values.data(), values.size(), splits.data(), bins.data(), set_aside);
}

}  // namespace pal::kernels
#endif  // HWY_ONCE
