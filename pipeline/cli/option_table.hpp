// The option table: every option of every command, once. The parser, --help, the man pages, shell
// completion and the checks of choices are all made from it.
//
// To add an option: add its row to the table in option_table.cpp, and read it from Arguments where
// it is needed. To add a group: add its name here and its title there, and name it in each command
// that accepts it (pipeline/commands/).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pal {

/// Options that a command accepts together.
enum class OptionGroup {
    kConfig,     // which tensors are palettized, and how
    kWork,       // --sensitivity and --report of `run` and `plan`
    kTarget,     // widths chosen by what each tensor loses
    kTrust,      // access to other files and to plugins, which files from strangers must not get
    kCertify,    // --certify
    kShard,      // --shard
    kBatch,      // size of a Slurm job
    kMerge,      // --input and --link
    kCheck,      // --min-sqnr-db of `verify`
    kThreads,    // --threads
    kRecording,  // --profile and --trace
    kPage,       // --report-html and --report-detail
    kForce,      // --force
    kResume,     // --resume
    kJson,       // --json
    kGeneral     // accepted by every command
};

enum class ValueKind {
    kFlag,    // no value
    kText,    // any text; the code that reads the option checks it
    kChoice,  // one of the choices; check_choices() checks it
    kFile     // name of a file, which shells complete
};

/// A row of the table. Texts live as long as the program.
struct Option {
    OptionGroup group = OptionGroup::kGeneral;
    std::string_view name = {};  // without dashes: "n-bits"
    char letter = 0;             // short name: 'q'; 0: none
    ValueKind kind = ValueKind::kFlag;
    std::string_view fallback = {};    // value when the option is not given; empty: no fixed one
    std::string_view spec_field = {};  // field of the spec that the option sets; empty: none
    std::vector<std::string> (*named_choices)() = nullptr;  // null: those of the spec field, if any
    std::string_view raw_text = {};                         // may hold {choices} and {default}

    [[nodiscard]] bool takes_value() const { return kind != ValueKind::kFlag; }
    /// Name of the value in --help and man pages; empty for flags.
    [[nodiscard]] std::string value_name() const;
    /// Allowed values, in the order of messages; empty: no fixed list.
    [[nodiscard]] std::vector<std::string> choices() const;
    /// Description in --help, man pages and completion.
    [[nodiscard]] std::string text() const;
};

/// Options under one title in --help.
struct OptionSection {
    std::string_view title;
    std::vector<Option> options;
};

/// Sections of these groups, in this order. Groups with the same title share a section.
[[nodiscard]] std::vector<OptionSection> option_sections(const std::vector<OptionGroup>& groups);

/// The same options without titles.
[[nodiscard]] std::vector<Option> options_in(const std::vector<OptionGroup>& groups);

/// Value of an option that is not given; empty: no fixed one.
[[nodiscard]] std::string fallback_of(std::string_view option);

}  // namespace pal
