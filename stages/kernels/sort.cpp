#include "stages/kernels/sort.hpp"

#include <hwy/contrib/sort/vqsort.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

namespace pal::kernels {

namespace {

/// Return the bits as a signed integer of the same order as the value, and back. Negative values
/// turn their magnitude over.
template <class Integer>
Integer turned(Integer bits) noexcept {
    return bits < 0 ? bits ^ std::numeric_limits<Integer>::max() : bits;
}

/// Sorts as integers. As floats, vqsort (1.0.3) leaves repeated denormal values unsorted now and
/// then, and how it does depends on its random pivots.
template <class Real>
void sort_as_integers(std::span<Real> values) {
    using Integer = std::conditional_t<sizeof(Real) == 4, std::int32_t, std::int64_t>;
    const auto turn_all = [&] {
        for (Real& value : values) {
            Integer bits;
            std::memcpy(&bits, &value, sizeof(bits));
            bits = turned(bits);
            std::memcpy(&value, &bits, sizeof(bits));
        }
    };
    turn_all();
    hwy::Sorter()(reinterpret_cast<Integer*>(values.data()),  // NOLINT: what turn_all left there
                  values.size(), hwy::SortAscending());
    turn_all();
}

}  // namespace

void sort_ascending(std::span<float> values) { sort_as_integers(values); }
void sort_ascending(std::span<double> values) { sort_as_integers(values); }

}  // namespace pal::kernels
