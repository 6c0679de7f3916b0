// What a palettized file says of the run that wrote it, read from the text of /h5palettize/config.
#pragma once

#include <map>
#include <string>

#include "io/checkpoint_info.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

struct Reported {
    Engine engine = Engine::kFast;
    bool known = false;   // whether there is an error at all
    ErrorReport error;    // infinity where JSON has null: squares near the end of double reach it
    std::string palette;  // its fingerprint
};

/// By path. The text of a damaged file may be anything: what is no result is left out. Throws
/// nothing but std::bad_alloc.
[[nodiscard]] std::map<std::string, Reported> reported_results(const std::string& results_json);

/// Throws Error(kInput) where it is no palettized checkpoint, a shard of one, or names tensors that
/// are not in it while it has external links that were not followed.
void require_palettized(const CheckpointInfo& file);

}  // namespace pal
