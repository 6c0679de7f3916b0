#include "stages/kernels/sort.hpp"

#include <hwy/contrib/sort/vqsort.h>

namespace pal::kernels {

void sort_ascending(std::span<float> values) {
    hwy::Sorter()(values.data(), values.size(), hwy::SortAscending());
}

void sort_ascending(std::span<double> values) {
    hwy::Sorter()(values.data(), values.size(), hwy::SortAscending());
}

}  // namespace pal::kernels
