// man: the text of --help as man pages.
#include <fmt/format.h>

#include <iostream>

#include "pipeline/cli/command.hpp"
#include "pipeline/cli/roff.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

std::string page_name(const Command& command) { return "h5palettize-" + command.name; }

std::string heading(std::string_view page, std::string_view summary) {
    return fmt::format(
        ".TH \"{}\" 1 \"\" \"h5palettize {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n.SH "
        "SYNOPSIS\n",
        roff_text(page), H5PALETTIZE_VERSION, roff_text(page), roff_text(summary));
}

std::string tagged(std::string_view tag, std::string_view text) {
    return fmt::format(".TP\n{}\n{}\n", tag, roff_text(text));
}

std::string bold(std::string_view text) { return "\\fB" + roff_text(text) + "\\fR"; }

std::string option_tag(const po::option_description& option) {
    std::string tag;
    const std::string short_name =
        option.canonical_display_name(po::command_line_style::allow_dash_for_short);
    if (short_name.starts_with('-')) tag = bold(short_name) + ", ";
    tag += bold("--" + option.long_name());
    if (option.semantic()->max_tokens() > 0)
        tag += " \\fI" + roff_text(option.semantic()->name()) + "\\fR";
    return tag;
}

std::string options_section(std::string_view title, const po::options_description& options) {
    if (options.options().empty()) return "";
    std::string section = fmt::format(".SH {}\n", title);
    for (const auto& option : options.options())
        section += tagged(option_tag(*option), option->description());
    return section;
}

std::string exit_status() {
    std::string section = ".SH \"EXIT STATUS\"\n";
    for (const ExitCode& code : kExitCodes)
        section += tagged(fmt::format("\\fB{}\\fR", code.number), code.meaning);
    return section;
}

std::string command_page(const Command& command) {
    return heading(page_name(command), command.summary) +
           fmt::format("\\fBh5palettize {}\\fR {} [options]\n", roff_text(command.name),
                       roff_text(command.arguments)) +
           options_section("OPTIONS", command.options()) +
           options_section("\"GENERAL OPTIONS\"", common_options()) +
           fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", roff_text(command.example)) + exit_status() +
           ".SH \"SEE ALSO\"\n\\fBh5palettize\\fR(1)\n";
}

std::string program_page() {
    std::string page = heading("h5palettize", kProgramSummary) +
                       "\\fBh5palettize\\fR \\fIcommand\\fR ...\n.br\n"
                       "\\fBh5palettize\\fR \\fIcommand\\fR \\fB\\-\\-help\\fR\n.br\n"
                       "\\fBh5palettize\\fR \\fB\\-\\-version\\fR\n.SH COMMANDS\n";
    std::string see_also;
    for (const Command& command : commands()) {
        page += tagged(bold(command.name) + " " + roff_text(command.arguments), command.summary);
        see_also += fmt::format("{}\\fB{}\\fR(1)", see_also.empty() ? "" : ",\n",
                                roff_text(page_name(command)));
    }
    return page + options_section("\"GENERAL OPTIONS\"", common_options()) + exit_status() +
           ".SH \"SEE ALSO\"\n" + see_also + "\n";
}

int execute_man(const Arguments& arguments) {
    std::cout << (arguments.positionals.empty()
                      ? program_page()
                      : command_page(command_named(arguments.positionals[0])));
    return 0;
}

}  // namespace

Command man_command() {
    return {"man",
            "[COMMAND]",
            "prints the man page of a command, or of the program",
            "h5palettize man run | man -l -",
            0,
            1,
            [] { return po::options_description(); },
            execute_man,
            command_names};
}

}  // namespace pal
