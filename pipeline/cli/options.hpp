// Command line options: their text, and the values that the rest of the program works with.
#pragma once

#include <boost/program_options.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "configs/model/config.hpp"
#include "io/read/checkpoint_reader.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/report_file.hpp"
#include "pipeline/plan/plan.hpp"

namespace pal {

namespace po = boost::program_options;

/// The value name of options that take a file name, by which completion knows them.
inline constexpr const char* kFileValue = "FILE";

/// A parsed command line.
struct Arguments {
    std::vector<std::string> positionals;
    std::vector<std::string> option_files;  // that words and options were read from
    po::variables_map values;
    std::vector<UsedFile> others;  // files behind the positionals that reports may not be, either

    [[nodiscard]] bool has(const char* option) const { return values.count(option) != 0; }
    [[nodiscard]] std::string text(const char* option) const {
        return has(option) ? values[option].as<std::string>() : std::string();
    }
    [[nodiscard]] bool flag(const char* option) const {
        return has(option) && values[option].as<bool>();
    }
};

/// Which palette for which tensor, engine, memory; and those with --report, of `run` and `plan`.
[[nodiscard]] po::options_description config_options();
[[nodiscard]] po::options_description palettize_options();
[[nodiscard]] po::options_description thread_options();
/// Of every command.
[[nodiscard]] po::options_description common_options();
[[nodiscard]] po::options_description recording_options();
/// --report-html and --report-detail.
[[nodiscard]] po::options_description page_options();
[[nodiscard]] po::options_description certify_option();
[[nodiscard]] po::options_description json_option();
[[nodiscard]] po::options_description force_option();
/// --force and --resume.
[[nodiscard]] po::options_description run_output_options();
/// What a file from a stranger must not do: --follow-external, --allow-plugins.
[[nodiscard]] po::options_description trust_options();
[[nodiscard]] po::options_description shard_option();
[[nodiscard]] ReadOptions read_options_from(const Arguments& arguments);
/// The file of --sensitivity; null without. Throws as CheckpointReader does.
[[nodiscard]] std::unique_ptr<const CheckpointReader> sensitivities_from(
    const Arguments& arguments);

/// Options that take the place of a config file, or the file, or the preset. Throws Error(kUsage)
/// where they are mixed.
[[nodiscard]] Config config_from(const Arguments& arguments);
[[nodiscard]] PlanOptions plan_options_from(const Arguments& arguments);
[[nodiscard]] std::size_t threads_from(const Arguments& arguments);
/// --memory in bytes; without it half of the memory that this process may use.
[[nodiscard]] std::uint64_t memory_from(const Arguments& arguments);

/// --on-nonfinite: whether tensors with NaN or infinity are left dense instead of failing the run.
[[nodiscard]] bool skips_nonfinite(const Arguments& arguments);

/// The output, the second file name, as check_target sees it; nor may it be a file that options
/// were read from. Throws Error(kOutput).
void check_output(const Arguments& arguments);

/// --report, checked: it may be no other file of the command line. Throws as ReportFile does.
[[nodiscard]] ReportFile report_from(const Arguments& arguments);
/// --trace, checked likewise.
[[nodiscard]] ReportFile trace_from(const Arguments& arguments);
/// --report-html, checked likewise. Throws Error(kUsage) also for --report-detail without --report.
[[nodiscard]] ReportFile page_from(const Arguments& arguments);

/// --write-config, checked likewise.
[[nodiscard]] ReportFile written_config_from(const Arguments& arguments);

/// --quiet, --verbose, --log-format.
[[nodiscard]] LogOptions log_options_from(const Arguments& arguments);

/// Of an option that is given. Throws Error(kUsage).
[[nodiscard]] double positive_number(const Arguments& arguments, const char* option);

/// Likewise, from `least` to `most`.
[[nodiscard]] std::uint64_t whole_number(const Arguments& arguments, const char* option,
                                         std::uint64_t least, std::uint64_t most);

/// "2GiB", "512MiB", "1.5GB", "4096" -> bytes. Throws Error(kUsage) that names the option.
[[nodiscard]] std::uint64_t parse_bytes(const std::string& text,
                                        const std::string& option = "memory");

}  // namespace pal
