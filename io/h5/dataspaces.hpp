// Dataspaces (H5S): shapes. All functions throw Failure.
#pragma once

#include <vector>

#include "io/h5/handles.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal::h5 {

/// Makes a dataspace that cannot grow; a scalar one for an empty shape.
[[nodiscard]] inline Space create_space(const Shape& shape) {
    const std::vector<hsize_t> dims(shape.begin(), shape.end());
    return Space(call("make a dataspace", [&] {
        return dims.empty() ? H5Screate(H5S_SCALAR)
                            : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
    }));
}

/// Returns a scalar dataspace, kept for the process: attributes need it by the hundred thousand.
[[nodiscard]] inline hid_t scalar_space() {
    static const Space* const space = new Space(create_space({}));  // never closed, like the lock
    return space->get();
}

[[nodiscard]] inline Shape space_shape(hid_t space) {
    const int rank = call("read a rank", [&] { return H5Sget_simple_extent_ndims(space); });
    std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
    if (rank > 0) {
        call("read a shape",
             [&] { return H5Sget_simple_extent_dims(space, dims.data(), nullptr); });
    }
    return {dims.begin(), dims.end()};
}

/// Returns the largest shape that the dataspace may grow to; H5S_UNLIMITED for no limit.
[[nodiscard]] inline Shape space_largest(hid_t space) {
    std::vector<hsize_t> largest(space_shape(space).size());
    if (!largest.empty()) {
        call("read a shape",
             [&] { return H5Sget_simple_extent_dims(space, nullptr, largest.data()); });
    }
    return {largest.begin(), largest.end()};
}

/// Compares shapes, and the shapes that both may grow to.
[[nodiscard]] inline bool equal_spaces(hid_t a, hid_t b) {
    return call("compare shapes", [&] { return H5Sextent_equal(a, b); }) > 0;
}

}  // namespace pal::h5
