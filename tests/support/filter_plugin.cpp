// Filter library for HDF5 that inverts the bits of every byte. When loaded, it creates the file
// that FILTER_PLUGIN_TRACE names. A test sees by it if the library's code ran.
#include <H5PLextern.h>
#include <hdf5.h>

#include <cstdio>
#include <cstdlib>

namespace {

// Number of Zstandard: the program knows that this filter is lossless, and so is ours.
constexpr H5Z_filter_t kNumber = 32015;

std::size_t invert(unsigned, std::size_t, const unsigned*, std::size_t bytes, std::size_t*,
                   void** buffer) {
    auto* const values = static_cast<unsigned char*>(*buffer);
    for (std::size_t b = 0; b < bytes; ++b) values[b] = static_cast<unsigned char>(~values[b]);
    return bytes;
}

const H5Z_class2_t kFilter = {H5Z_CLASS_T_VERS, kNumber, 1, 1, "invert", nullptr, nullptr, invert};

[[gnu::constructor]] void leave_trace() {
    const char* const path = std::getenv("FILTER_PLUGIN_TRACE");
    if (path == nullptr) return;
    if (std::FILE* const file = std::fopen(path, "w"); file != nullptr) std::fclose(file);
}

}  // namespace

H5PL_type_t H5PLget_plugin_type() { return H5PL_TYPE_FILTER; }
const void* H5PLget_plugin_info() { return &kFilter; }
