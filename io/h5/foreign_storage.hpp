// Private to io/: datasets whose data is not their own. External storage keeps it in raw files, a
// virtual dataset in other datasets, mostly of other files. Nothing here opens such a file but
// missing_source().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// "external" or "virtual"; empty where a dataset with these creation properties holds its data.
[[nodiscard]] std::string foreign_storage(hid_t plist);

/// The shape as the dataset's own file has it. dataset_space() of a virtual dataset that grows
/// with its sources opens them to ask for theirs.
[[nodiscard]] Space own_space(hid_t dataset, hid_t plist);

/// A shape and the selection in it, as text.
[[nodiscard]] std::string encoded(const Space& space);

/// Where the data is, as text: the same for two datasets that read the same places in the same
/// way. Empty where it is the dataset's own.
[[nodiscard]] std::string describe_sources(hid_t plist);

/// The datasets of its own file that a virtual dataset reads, as it names them.
[[nodiscard]] std::vector<std::string> sources_in_own_file(hid_t plist);

/// What the library would read as zeros or fill values without a word: a raw file that is missing
/// or too short for `bytes` of data, a source that is missing. Empty where all is there. Opens the
/// other files. path: of the dataset's own file.
[[nodiscard]] std::string missing_source(hid_t plist, const std::string& path, std::uint64_t bytes);

}  // namespace pal::h5
