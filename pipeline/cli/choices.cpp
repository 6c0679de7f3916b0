#include "pipeline/cli/choices.hpp"

#include "configs/text/spec_options.hpp"

namespace pal {

namespace {

template <class... Options>
std::vector<std::string> names_in(std::string_view option, const Options&... tables) {
    std::vector<std::string> names;
    const auto take = [&](const auto& table) {
        if (option != table.name) return;
        for (const auto& choice : table.choices) names.emplace_back(choice.name);
    };
    (take(tables), ...);
    return names;
}

}  // namespace

std::vector<std::string> allowed_values(std::string_view option) {
    if (option == "preset") return allowed_field_values(option);
    for (const SpecOption& spec : kSpecOptions) {
        if (option == spec.option) return allowed_field_values(spec.field);
    }
    return names_in(option, kEngineChoices, kLayoutChoices, kPartialGroupsChoices,
                    kOnNonfiniteChoices, kLogFormatChoices, kObjectiveChoices);
}

}  // namespace pal
