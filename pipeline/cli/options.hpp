// Makes the values that the rest of the program works with from the options of a command line.
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

/// Opens the file of --sensitivity; null: not given. Throws as CheckpointReader does.
[[nodiscard]] std::unique_ptr<const CheckpointReader> sensitivities_from(
    const Arguments& arguments);

/// Reads --config, takes --preset, or makes a config of spec options such as --n-bits. Without any
/// of them: the default config. Throws Error(kUsage) if they are mixed.
[[nodiscard]] Config config_from(const Arguments& arguments);

/// Sets all but `sensitivities`, which the caller sets.
[[nodiscard]] PlanOptions plan_options_from(const Arguments& arguments);

/// --threads; without it available_threads().
[[nodiscard]] std::size_t threads_from(const Arguments& arguments);

/// --memory in bytes; without it half of the memory that this process may use.
[[nodiscard]] std::uint64_t memory_from(const Arguments& arguments);

/// True for --on-nonfinite=skip: tensors with NaN or infinity stay dense.
[[nodiscard]] bool skips_nonfinite(const Arguments& arguments);

/// --quiet, --verbose, --log-format. Throws Error(kUsage) for the first two together.
[[nodiscard]] LogOptions log_options_from(const Arguments& arguments);

/// Checks the output, which is the second positional, as check_target does. Throws Error(kOutput)
/// also if options were read from that file.
void check_output(const Arguments& arguments);

/// Opens the file that an option of kind kNewFile names. Throws as ReportFile does, also if the
/// command line names the file for another use.
[[nodiscard]] ReportFile new_file_from(const Arguments& arguments, const std::string& option);

}  // namespace pal
