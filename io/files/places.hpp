// Places of other files that a file names, where --follow-external lets the HDF5 library open them.
// It would wait for the writer of a pipe, so such a place is refused first.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pal {

/// Returns the places where the library looks for another file: as it is named, if that is an
/// absolute path; below the prefixes in the environment's `variable`; below the current folder; and
/// beside the file `own_path` that names it. For external storage it takes the first.
[[nodiscard]] std::vector<std::filesystem::path> places_of(const std::string& name,
                                                           const char* variable,
                                                           const std::string& own_path);

/// Returns the first place that is a pipe, a socket or a device; empty if there is none.
[[nodiscard]] std::string pipe_among(const std::vector<std::filesystem::path>& places);

/// Throws Error(kInput) for a place that pipe_among() returned.
[[noreturn]] void refuse_pipe(const std::string& place);

/// Throws Error(kInput) if there is such a place.
void require_no_pipe(const std::vector<std::filesystem::path>& places);

}  // namespace pal
