// What the program says about a plan or a run: the JSON report and the table on the console.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/graph/message.hpp"
#include "pipeline/plan/plan.hpp"
#include "pipeline/profile/job_profile.hpp"
#include "pipeline/profile/profile.hpp"
#include "pipeline/shards/shard_record.hpp"

namespace pal {

/// How a run went as a whole; for `plan` there is none.
struct RunFacts {
    std::vector<Outcome> outcomes;  // of plan.palettized(), in order
    std::uint64_t file_bytes_in = 0;
    std::uint64_t file_bytes_out = 0;
    double wall_seconds = 0;
    std::size_t threads = 1;
    Engine engine = Engine::kFast;
    std::string input;  // names of the files
    std::string output;
    bool described = false;                 // whether outcomes have a detail
    std::optional<Profile> profile;         // where the run was recorded
    std::optional<JobProfile> job_profile;  // instead, of several ranks
};

/// "4 bit, groups of 16 on axis 0, scaled, int8 LUT".
[[nodiscard]] std::string spec_for_people(const PalettizationSpec& spec);

/// {"totals": {...}, "tensors": [...]}; where facts are given with those, the errors of each tensor
/// and, if described, its detail. docs/report.md lists the keys.
[[nodiscard]] std::string report_json(const Plan& plan, const RunFacts* facts);

/// What a report and a table say of the widths of a plan with a target.
[[nodiscard]] nlohmann::ordered_json widths_json(const WidthChoice& widths);
[[nodiscard]] std::string widths_for_people(const WidthChoice& widths);

/// What a palettized file was made of.
struct Origin {
    std::string config_json;
    std::string input_fingerprint;
    std::string sensitivity_fingerprint;    // empty without
    std::optional<ShardRecord> shard = {};  // where the file is a part of a palettized checkpoint
};

/// The part of the report that depends on input and config alone: what the palettized file keeps.
[[nodiscard]] std::string results_json(const Plan& plan, const std::vector<Outcome>& outcomes,
                                       const Origin& origin);

/// The same of its parts, JSON each: all that is said before the tensors, and what is said of each.
[[nodiscard]] std::string results_json(const std::string& head,
                                       const std::vector<std::string>& tensors);

/// Sets mse, sqnr_db and max_abs_error, null where they are infinite.
void put_errors(nlohmann::ordered_json& tensor, const ErrorReport& error);

/// Whether such a text is as results_json() made it: its last key is a fingerprint of what comes
/// before.
[[nodiscard]] bool is_unchanged(std::string_view results);

/// The table for people: dense tensors first, then palettized ones by falling SQNR (worst last),
/// then the totals.
[[nodiscard]] std::string report_table(const Plan& plan, const RunFacts* facts);

}  // namespace pal
