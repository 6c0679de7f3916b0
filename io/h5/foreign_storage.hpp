// Datasets whose data lies elsewhere, and what external links lead to. External storage keeps data
// in raw files, a virtual dataset in other datasets, mostly of other files. Only missing_source()
// and open_followed() open such files. `plist` is a dataset's creation properties. All functions
// throw Failure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/h5/hdf5.hpp"

namespace pal::h5 {

/// Returns "external" or "virtual"; empty if the dataset holds its data itself.
[[nodiscard]] std::string foreign_storage(hid_t plist);

/// Returns the shape as the dataset's own file has it. dataset_space() would open the sources of a
/// virtual dataset that grows with them.
[[nodiscard]] Space own_space(hid_t dataset, hid_t plist);

/// Returns a shape and the selection in it as text.
[[nodiscard]] std::string encoded(const Space& space);

/// Returns the places of the data as text; equal for two datasets that read the same places in the
/// same way. Empty if the dataset holds its data itself.
[[nodiscard]] std::string describe_sources(hid_t plist);

/// Lists the datasets of its own file that a virtual dataset reads, as it names them.
[[nodiscard]] std::vector<std::string> sources_in_own_file(hid_t plist);

/// Returns the first source that is missing, or too short for `bytes` of data; empty if all is
/// there. The library would silently read zeros or fill values instead. Opens the other files.
/// path: the dataset's own file. Throws Error(kInput) if a pipe lies where one of them should.
[[nodiscard]] std::string missing_source(hid_t plist, const std::string& path, std::uint64_t bytes);

/// Opens the object at `path`, through external links. Throws Error(kInput) where one of them leads
/// to a pipe. The caller owns the result.
[[nodiscard]] hid_t open_followed(hid_t file, const std::string& path);

}  // namespace pal::h5
