// The option table lists every option of every command once. Parser, --help, man pages, shell
// completion and the checks of choices are made from it.
//
// To add an option, add its row to the table in option_table.cpp. Read it with Arguments::flag(),
// text() or a conversion of arguments.hpp. Options of a group that no command has yet: add the
// group to OptionGroup, its title to option_table.cpp, and the group to each command that accepts
// it (pipeline/commands/).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pal {

/// Options that a command accepts together.
enum class OptionGroup {
    kConfig,     // which tensors are palettized, and how
    kWork,       // --sensitivity* and --report of `run` and `plan`
    kTarget,     // widths chosen by what each tensor loses
    kTrust,      // permissions that a file from a stranger must not get
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
    kFile,    // name of a file that is read
    kNewFile  // name of a file that the command writes beside its output
};

/// Row of the table. The strings live as long as the program.
struct Option {
    OptionGroup group = OptionGroup::kGeneral;
    std::string_view name = {};  // without dashes: "n-bits"
    char letter = 0;             // short name: 'q'; 0: none
    ValueKind kind = ValueKind::kFlag;
    std::string_view fallback = {};    // default value; empty: none, or not a fixed one
    std::string_view spec_field = {};  // field of the spec that the option sets; empty: none
    std::vector<std::string> (*named_choices)() = nullptr;  // null: the spec field's, or none
    std::string_view raw_text = {};  // text() with {choices} and {default} not filled in

    [[nodiscard]] bool takes_value() const { return kind != ValueKind::kFlag; }
    [[nodiscard]] bool names_file() const {
        return kind == ValueKind::kFile || kind == ValueKind::kNewFile;
    }
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

/// Names of the options of kind kNewFile, of all commands.
[[nodiscard]] std::vector<std::string> new_file_options();

/// Default value of the option; empty: none, or not a fixed one.
[[nodiscard]] std::string fallback_of(std::string_view option);

}  // namespace pal
