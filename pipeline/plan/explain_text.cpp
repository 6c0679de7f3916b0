#include "pipeline/plan/explain_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/plan/plan_text.hpp"

namespace pal {

namespace {

std::string trials_text(const std::vector<Trial>& trials) {
    std::string text;
    for (const Trial& trial : trials) {
        text += fmt::format("  {} {}: {}\n", trial.decides ? '>' : ' ', printable(trial.what),
                            printable(trial.verdict));
    }
    return text;
}

std::string path_text(const PathExplanation& path, bool one_of_several) {
    std::string text;
    if (one_of_several) {
        text += fmt::format("by the path {}{}\n", printable(path.path),
                            path.decides ? ", whose word counts" : "");
    }
    text +=
        fmt::format("module {}, state {}{}\n",
                    printable(fmt::format("{}", fmt::join(path.name.module_names, " or "))),
                    printable(path.name.state_name),
                    path.layer.type.empty() ? "" : ", layer type " + printable(path.layer.type));
    for (const std::string& evidence : path.layer.evidence)
        text += fmt::format("  {}\n", printable(evidence));
    text += "rules, the strongest first (> wins):\n" + trials_text(path.rules);
    if (!path.entries.empty())
        text += "what wins, its entries, the strongest first:\n" + trials_text(path.entries);
    return text + "so: " + printable(path.outcome) + "\n";
}

/// Returns "dimension 1 (64)", or "dimensions 1 to 2 (4 x 8)" where several count as one.
std::string dims_text(const ChannelDims& dims, const Shape& shape) {
    if (dims.count == 0) return "a single channel";
    if (dims.count == 1) return fmt::format("dimension {} ({})", dims.first, shape[dims.first]);
    const auto begin = shape.begin() + static_cast<std::ptrdiff_t>(dims.first);
    return fmt::format("dimensions {} to {} ({})", dims.first, dims.first + dims.count - 1,
                       fmt::join(begin, begin + static_cast<std::ptrdiff_t>(dims.count), " x "));
}

std::string axes_text(const TensorExplanation& explanation) {
    const Shape& shape = explanation.dataset->shape;
    const std::string layout = fmt::format("layout {} ({})", layout_name(explanation.layout),
                                           printable(explanation.layout_reason));
    if (shape.size() < 2) return layout + "\n";
    const Layer& layer = explanation.how.decision.layer;
    return fmt::format("{}: axis 0, output channels, is {}; axis 1, input channels, is {}\n",
                       layout, dims_text(layer.output, shape), dims_text(layer.input, shape));
}

std::string groups_text(const Geometry& geometry) {
    if (!geometry.group_axis) return "1 group, the whole tensor\n";
    return fmt::format("{} groups of {} channels along dimension {}\n", geometry.group_count,
                       geometry.group_size, *geometry.group_axis);
}

std::string result_text(const TensorExplanation& explanation) {
    const PlanEntry& entry = explanation.entry;
    const auto& spec = explanation.how.decision.spec;
    std::string text = entry.palettize ? "palettized" : "stays dense";
    text += ": " + printable(entry.reason) + "\n";
    if (!explanation.refused.empty() && explanation.refused != entry.reason)
        text += "plan and run refuse this: " + printable(explanation.refused) + "\n";
    if (spec) text += fmt::format("spec: {}; {}\n", spec_for_people(*spec), spec_to_json(*spec));
    if (!entry.palettize)
        return text + fmt::format("size {}, as it is\n", bytes_for_people(entry.bytes_in));
    return text + groups_text(entry.task.geometry) +
           fmt::format("size {} -> {}, {:.2f} bits per weight; takes about {} of memory\n",
                       bytes_for_people(entry.bytes_in), bytes_for_people(entry.bytes_out),
                       bits_per_weight(entry.bytes_out, explanation.dataset->element_count),
                       bytes_for_people(entry.memory_bytes));
}

}  // namespace

std::string explanation_text(const TensorExplanation& explanation) {
    const DatasetInfo& dataset = *explanation.dataset;
    std::string text =
        fmt::format("{}: {} {}, {}\n", printable(dataset.path), printable(dataset.stored_type),
                    shape_to_string(dataset.shape), dataset.storage);
    const auto& paths = explanation.how.paths;
    for (const PathExplanation& path : paths) text += path_text(path, paths.size() > 1);
    if (!explanation.how.filters.empty())
        text += "filters:\n" + trials_text(explanation.how.filters);
    if (dataset.dtype) text += axes_text(explanation);
    return text + result_text(explanation);
}

std::string survey_text(const RuleSurvey& survey) {
    std::string text;
    for (const RuleFinding& finding : survey.rules) {
        text += finding.text.empty() || finding.tensors > 0
                    ? fmt::format("{}: tensors decided {}, palettized {}\n",
                                  printable(finding.rule), finding.tensors, finding.palettized)
                    : "";
        if (!finding.text.empty()) text += printable(finding.text) + "\n";
    }
    for (const std::string& warning : survey.warnings) text += printable(warning) + "\n";
    for (const std::string& error : survey.errors)
        text += "plan and run refuse this: " + printable(error) + "\n";
    return text;
}

}  // namespace pal
