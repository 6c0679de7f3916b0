#include "pipeline/cli/man_page.hpp"

#include <fmt/format.h>

#include <string_view>

#include "pipeline/cli/roff.hpp"

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

std::string option_tag(const Option& option) {
    std::string tag;
    if (option.letter != 0) tag = bold(std::string("-") + option.letter) + ", ";
    tag += bold("--" + std::string(option.name));
    if (option.takes_value()) tag += " \\fI" + roff_text(option.value_name()) + "\\fR";
    return tag;
}

std::string options_section(std::string_view title, const std::vector<Option>& options) {
    if (options.empty()) return "";
    std::string section = fmt::format(".SH {}\n", title);
    for (const Option& option : options) section += tagged(option_tag(option), option.text());
    return section;
}

std::string general_options_section() {
    return options_section("\"GENERAL OPTIONS\"", options_in({OptionGroup::kGeneral}));
}

std::string exit_status() {
    std::string section = ".SH \"EXIT STATUS\"\n";
    for (const ExitCode& code : kExitCodes)
        section += tagged(fmt::format("\\fB{}\\fR", code.number), code.meaning);
    return section;
}

}  // namespace

std::string program_man_page(const std::vector<Command>& commands) {
    std::string page = heading("h5palettize", kProgramSummary) +
                       "\\fBh5palettize\\fR \\fIcommand\\fR ...\n.br\n"
                       "\\fBh5palettize\\fR \\fIcommand\\fR \\fB\\-\\-help\\fR\n.br\n"
                       "\\fBh5palettize\\fR \\fB\\-\\-version\\fR\n.SH COMMANDS\n";
    std::string see_also;
    for (const Command& command : commands) {
        page += tagged(bold(command.name) + " " + roff_text(command.arguments), command.summary);
        see_also += fmt::format("{}\\fB{}\\fR(1)", see_also.empty() ? "" : ",\n",
                                roff_text(page_name(command)));
    }
    return page + general_options_section() + exit_status() + ".SH \"SEE ALSO\"\n" + see_also +
           "\n";
}

std::string command_man_page(const Command& command) {
    return heading(page_name(command), command.summary) +
           fmt::format("\\fBh5palettize {}\\fR {} [options]\n", roff_text(command.name),
                       roff_text(command.arguments)) +
           options_section("OPTIONS", options_in(command.groups)) + general_options_section() +
           fmt::format(".SH EXAMPLES\n.nf\n{}\n.fi\n", roff_text(command.example)) + exit_status() +
           ".SH \"SEE ALSO\"\n\\fBh5palettize\\fR(1)\n";
}

}  // namespace pal
