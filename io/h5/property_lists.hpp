// Property lists (H5P) and the filters (H5Z) that they name. `plist` is a dataset's creation
// properties. All functions throw Failure.
#pragma once

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "io/h5/handles.hpp"
#include "stages/tensor/tensor.hpp"

namespace pal::h5 {

[[nodiscard]] inline Plist create_plist(hid_t plist_class) {
    return Plist(call("make a property list", [&] { return H5Pcreate(plist_class); }));
}

[[nodiscard]] inline H5D_layout_t layout_of(hid_t plist) {
    return call("read a layout", [&] { return H5Pget_layout(plist); });
}

/// Returns the chunk shape of a chunked dataset of that rank. Throws Failure for chunks of another
/// rank, or of no size: the library takes the file's word for both.
[[nodiscard]] inline Shape plist_chunk(hid_t plist, std::size_t rank) {
    std::vector<hsize_t> chunk(rank);
    const int stored = call("read a chunk shape", [&] {
        return H5Pget_chunk(plist, static_cast<int>(rank), chunk.data());
    });
    if (static_cast<std::size_t>(stored) != rank || std::ranges::count(chunk, 0U) > 0) {
        throw Failure("chunks of " + std::to_string(stored) + " dimensions in a dataset of " +
                      std::to_string(rank) + ", or of none along one; the file is damaged");
    }
    return {chunk.begin(), chunk.end()};
}

/// Returns 0 or H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS: chunks at the edges go unfiltered.
[[nodiscard]] inline unsigned chunk_options(hid_t plist) {
    unsigned options = 0;
    call("read chunk options", [&] { return H5Pget_chunk_opts(plist, &options); });
    return options;
}

/// Returns whether the dataset was given a fill value of its own, has the default, or has none.
[[nodiscard]] inline H5D_fill_value_t fill_defined(hid_t plist) {
    H5D_fill_value_t defined = H5D_FILL_VALUE_DEFAULT;
    call("read a fill value", [&] { return H5Pfill_value_defined(plist, &defined); });
    return defined;
}

/// Reads an enumeration by get(). Throws Failure for a number that is none of its values, 0 to
/// `last`: the library returns the file's number unseen.
template <class Time, class Get>
Time checked_time(const char* what, int last, const Get& get) {
    Time time{};
    static_assert(sizeof time == sizeof last);
    call(std::string("read the ") + what, [&] { return get(&time); });
    int number = 0;
    std::memcpy(&number, &time, sizeof number);
    if (number < 0 || number > last)
        throw Failure(std::string("the ") + what + " is " + std::to_string(number) +
                      ", which is none; the file is damaged");
    return static_cast<Time>(number);
}

/// Returns when the library writes fill values.
[[nodiscard]] inline H5D_fill_time_t fill_time(hid_t plist) {
    return checked_time<H5D_fill_time_t>("fill time", H5D_FILL_TIME_IFSET,
                                         [&](auto* time) { return H5Pget_fill_time(plist, time); });
}

/// Returns when the library makes room for the values.
[[nodiscard]] inline H5D_alloc_time_t alloc_time(hid_t plist) {
    return checked_time<H5D_alloc_time_t>("allocation time", H5D_ALLOC_TIME_INCR, [&](auto* time) {
        return H5Pget_alloc_time(plist, time);
    });
}

struct Filter {
    H5Z_filter_t id = H5Z_FILTER_NONE;
    unsigned flags = 0;
    std::vector<unsigned> values;  // its parameters, at most 64
};

/// Lists the filters in the order in which they are applied.
[[nodiscard]] inline std::vector<Filter> filters_of(hid_t plist) {
    const int count = call("read filters", [&] { return H5Pget_nfilters(plist); });
    std::vector<Filter> filters(static_cast<std::size_t>(count));
    for (unsigned f = 0; f < filters.size(); ++f) {
        std::vector<unsigned> values(64);
        std::size_t value_count = values.size();
        filters[f].id = call("read filters", [&] {
            return H5Pget_filter2(plist, f, &filters[f].flags, &value_count, values.data(), 0,
                                  nullptr, nullptr);
        });
        values.resize(std::min(value_count, values.size()));
        filters[f].values = std::move(values);
    }
    return filters;
}

/// Returns true if the library can apply and undo the filter, here and now.
[[nodiscard]] inline bool is_available(H5Z_filter_t filter) {
    return call("look for a filter", [&] { return H5Zfilter_avail(filter); }) > 0;
}

/// A filter that this program knows by name.
struct KnownFilter {
    const char* name;
    H5Z_filter_t id;
    bool keeps_every_bit;  // of a float; N-bit does of types that are stored whole
};
/// The library's own, and plugins of the HDF Group's registry that many files use.
inline constexpr KnownFilter kKnownFilters[] = {
    {"gzip", H5Z_FILTER_DEFLATE, true},
    {"shuffle", H5Z_FILTER_SHUFFLE, true},
    {"fletcher32", H5Z_FILTER_FLETCHER32, true},
    {"szip", H5Z_FILTER_SZIP, true},
    {"nbit", H5Z_FILTER_NBIT, true},
    {"scaleoffset", H5Z_FILTER_SCALEOFFSET, false},
    {"bzip2", 307, true},
    {"lzf", 32000, true},
    {"blosc", 32001, true},
    {"lz4", 32004, true},
    {"bitshuffle", 32008, true},
    {"zstd", 32015, true},
};

/// Returns the name of a filter for people: "gzip", "filter-32013".
[[nodiscard]] inline std::string filter_name(H5Z_filter_t filter) {
    const auto* const known = std::ranges::find(kKnownFilters, filter, &KnownFilter::id);
    return known == std::end(kKnownFilters) ? "filter-" + std::to_string(filter) : known->name;
}

/// Returns false for filters that may round, as ZFP does, and for unknown ones.
[[nodiscard]] inline bool keeps_every_bit(H5Z_filter_t filter) {
    const auto* const known = std::ranges::find(kKnownFilters, filter, &KnownFilter::id);
    return known != std::end(kKnownFilters) && known->keeps_every_bit;
}

/// Allows or forbids filters from plugins, for the process. They start forbidden: to decode a
/// chunk, the library would load whatever code lies in the folders of HDF5_PLUGIN_PATH.
inline void allow_plugins(bool allowed) {
    call("set what plugins may be loaded",
         [&] { return H5PLset_loading_state(allowed ? H5PL_ALL_PLUGIN : 0); });
}

}  // namespace pal::h5
