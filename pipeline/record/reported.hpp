// Reads /h5palettize/config of any palettized file, damaged ones too: the results of its tensors.
#pragma once

#include <map>
#include <set>
#include <string>

#include "io/read/checkpoint_info.hpp"
#include "stages/decode.hpp"
#include "stages/tensor/spec.hpp"

namespace pal {

struct Reported {
    Engine engine = Engine::kFast;
    bool known = false;   // there is an error
    ErrorReport error;    // infinity where JSON has null: squares near the end of double reach it
    std::string palette;  // its fingerprint
    std::string form;     // form_fingerprint(); empty in files of versions before it
};

/// Returns the results by path. The text of a damaged file may be anything; parts that are no
/// result are left out. results_json: CheckpointInfo::results_json, which is JSON in its bounds or
/// no JSON.
[[nodiscard]] std::map<std::string, Reported> reported_results(const std::string& results_json);

/// Returns the links of the original that --drop left out.
[[nodiscard]] std::set<std::string> reported_drops(const std::string& results_json);

/// Throws Error(kInput) if the file is no palettized checkpoint or a shard of one, or if it names
/// tensors that are behind external links which were not followed.
void require_palettized(const CheckpointInfo& file);

}  // namespace pal
