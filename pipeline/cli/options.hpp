// What the options of a command line come to: the values that the rest of the program works with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "configs/model/config.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "pipeline/cli/arguments.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/report_file.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

/// --follow-external, --allow-plugins.
[[nodiscard]] ReadOptions read_options_from(const Arguments& arguments);

/// File of --sensitivity; null: not given. Throws as CheckpointReader does.
[[nodiscard]] std::unique_ptr<const CheckpointReader> sensitivities_from(
    const Arguments& arguments);

/// The file of --config, the preset, or the config that spec options such as --n-bits stand for.
/// Throws Error(kUsage) if they are mixed.
[[nodiscard]] Config config_from(const Arguments& arguments);

/// Selection, clustering, layout and memory. Leaves `sensitivities` unset.
[[nodiscard]] PlanOptions plan_options_from(const Arguments& arguments);

/// --threads; without it available_threads().
[[nodiscard]] std::size_t threads_from(const Arguments& arguments);

/// --memory in bytes; without it half of the memory that this process may use.
[[nodiscard]] std::uint64_t memory_from(const Arguments& arguments);

/// Tells --on-nonfinite=skip, which leaves tensors with NaN or infinity dense, from `fail`.
[[nodiscard]] bool skips_nonfinite(const Arguments& arguments);

/// --quiet, --verbose, --log-format.
[[nodiscard]] LogOptions log_options_from(const Arguments& arguments);

/// Checks the output, the second positional, as check_target does. Throws Error(kOutput), also if
/// it is a file that options were read from.
void check_output(const Arguments& arguments);

// Files that a command writes beside its output. Each throws as ReportFile does, and if the file is
// any other file of the command line.

/// --report.
[[nodiscard]] ReportFile report_from(const Arguments& arguments);
/// --trace.
[[nodiscard]] ReportFile trace_from(const Arguments& arguments);
/// --report-html. Throws Error(kUsage) also for --report-detail without --report.
[[nodiscard]] ReportFile page_from(const Arguments& arguments);
/// --write-config.
[[nodiscard]] ReportFile written_config_from(const Arguments& arguments);

}  // namespace pal
