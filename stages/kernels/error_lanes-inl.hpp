// Running error sums of a block in registers, per target, for kernels that have values and decoded
// values at hand. Included once for each instruction set, by Highway's rules.
#if defined(PAL_ERROR_LANES_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PAL_ERROR_LANES_INL
#undef PAL_ERROR_LANES_INL
#else
#define PAL_ERROR_LANES_INL
#endif

#include <hwy/highway.h>

#include "stages/kernels/error_sums.hpp"

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

/// Error sums in lanes. Value v of a block is in lane v % 8, for any length of a register.
class ErrorVectors {
    static constexpr std::size_t kLanes = HWY_MIN(kErrorLanes, HWY_LANES(double));
    static constexpr std::size_t kParts = kErrorLanes / kLanes;
    static constexpr std::size_t kFloats = HWY_MIN(kErrorLanes, HWY_LANES(float));
    static constexpr std::size_t kFloatParts = kErrorLanes / kFloats;
    using D = hwy::HWY_NAMESPACE::FixedTag<double, kLanes>;
    using F = hwy::HWY_NAMESPACE::FixedTag<float, kLanes>;
    using M = hwy::HWY_NAMESPACE::FixedTag<float, kFloats>;

  public:
    HWY_INLINE ErrorVectors() {
        namespace hn = hwy::HWY_NAMESPACE;
        for (std::size_t p = 0; p < kParts; ++p)
            squares_[p] = energy_[p] = errors_[p] = hn::Zero(D());
        for (std::size_t p = 0; p < kFloatParts; ++p) largest_[p] = hn::Zero(M());
    }

    /// Adds 8 values and their decoded values.
    HWY_INLINE void add(const float* HWY_RESTRICT values, const float* HWY_RESTRICT decoded) {
        namespace hn = hwy::HWY_NAMESPACE;
        for (std::size_t p = 0; p < kParts; ++p) {
            const auto value = hn::PromoteTo(D(), hn::LoadU(F(), values + p * kLanes));
            const auto near = hn::PromoteTo(D(), hn::LoadU(F(), decoded + p * kLanes));
            const auto error = hn::Sub(value, near);
            squares_[p] = hn::Add(squares_[p], hn::Mul(error, error));
            energy_[p] = hn::Add(energy_[p], hn::Mul(value, value));
            errors_[p] = hn::Max(errors_[p], hn::Abs(error));
        }
        for (std::size_t p = 0; p < kFloatParts; ++p) {
            const auto value = hn::LoadU(M(), values + p * kFloats);
            largest_[p] = hn::Max(largest_[p], hn::Abs(value));
        }
    }

    /// Writes the lanes.
    HWY_INLINE void store(ErrorLanes& lanes) const {
        namespace hn = hwy::HWY_NAMESPACE;
        for (std::size_t p = 0; p < kParts; ++p) {
            hn::StoreU(squares_[p], D(), lanes.squared_error.data() + p * kLanes);
            hn::StoreU(energy_[p], D(), lanes.energy.data() + p * kLanes);
            hn::StoreU(errors_[p], D(), lanes.max_abs_error.data() + p * kLanes);
        }
        float largest[kErrorLanes];
        for (std::size_t p = 0; p < kFloatParts; ++p)
            hn::StoreU(largest_[p], M(), largest + p * kFloats);
        for (std::size_t v = 0; v < kErrorLanes; ++v) lanes.max_abs[v] = largest[v];
    }

  private:
    hwy::HWY_NAMESPACE::Vec<D> squares_[kParts];
    hwy::HWY_NAMESPACE::Vec<D> energy_[kParts];
    hwy::HWY_NAMESPACE::Vec<D> errors_[kParts];
    hwy::HWY_NAMESPACE::Vec<M> largest_[kFloatParts];
};

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
