#include "pipeline/plan/widths_of_files.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "configs/text/parse_config.hpp"
#include "configs/write/config_json.hpp"
#include "configs/write/config_yaml.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/plan/file_size.hpp"
#include "pipeline/plan/sensitivities.hpp"
#include "pipeline/plan/skip_nonfinite.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Measures what each palettized tensor of a file loses at every width.
std::vector<WidthErrors> measure(const Plan& plan, const CheckpointReader& reader,
                                 const WidthMeasurement& measurement) {
    const CheckpointReader* const sensitivities = measurement.sensitivities;
    if (sensitivities != nullptr) require_valid(*sensitivities, plan);
    std::uint64_t bytes = 0;
    for (const PlanEntry* entry : plan.palettized()) bytes += entry->dataset->bytes;
    Progress progress(plan.palettized().size(), bytes, progress_on_stderr());
    const auto load = [&](const PlanEntry& entry) {
        return reader.open_weights(*entry.dataset, entry.kept_bytes);
    };
    std::function<std::optional<Weights>(const PlanEntry&)> load_sensitivities;
    if (sensitivities != nullptr) {
        load_sensitivities = [&](const PlanEntry& entry) {
            return open_sensitivities(*sensitivities, entry);
        };
    }
    return measure_plan(plan, measurement.memory_bytes, load, load_sensitivities,
                        [&](const PlanEntry& entry) {
                            reader.require_whole(entry.dataset->path);
                            progress.begin(entry.dataset->path);
                            progress.end(entry.dataset->bytes);
                        });
}

/// Moves the entries of all files into one plan.
Plan joined(std::vector<Plan>& files) {
    Plan all;
    for (Plan& plan : files) {
        std::ranges::move(plan.entries, std::back_inserter(all.entries));
        plan.entries.clear();
    }
    return all;
}

/// Sets the size of the configuration that is to be written. Each output holds all of it.
void set_config_bytes(std::vector<Plan>& files) {
    std::vector<Plan> copies = files;
    const std::uint64_t bytes = config_to_json(config_of_plan(joined(copies), true)).size();
    for (Plan& plan : files) plan.config_bytes = bytes;
}

/// Returns the bytes of the output files beside the values of palettized tensors, whatever their
/// widths.
std::uint64_t other_bytes(const std::vector<Plan>& files) {
    std::uint64_t bytes = 0;
    for (const Plan& plan : files) {
        Plan widest = plan;  // 8 bits need no filter
        for (PlanEntry& entry : widest.entries) {
            if (entry.palettize) set_width(entry, 6);
        }
        bytes += most_file_bytes(widest);
        for (const PlanEntry* entry : widest.palettized()) bytes -= entry->bytes_out;
    }
    return bytes;
}

/// Moves the entries back to the files, `counts` of them to each.
void part(Plan&& all, const std::vector<std::size_t>& counts, std::vector<Plan>& files) {
    auto next = all.entries.begin();
    for (std::size_t f = 0; f < counts.size(); ++f) {
        const auto end = next + static_cast<std::ptrdiff_t>(counts[f]);
        files[f].entries.assign(std::move_iterator(next), std::move_iterator(end));
        next = end;
    }
}

/// Plans the files by the config, and throws if any tensor becomes something else.
void require_same(const Plan& all, const Config& config,
                  const std::vector<const CheckpointInfo*>& infos, PlanOptions options) {
    options.selection = {};
    options.selection.allow_unmatched_rules = true;
    options.strict = false;
    FilePlans plans = make_plans(infos, config, options);
    const Plan again = joined(plans.files);
    for (std::size_t e = 0; e < all.entries.size(); ++e) {
        const PlanEntry& wanted = all.entries[e];
        const PlanEntry& found = again.entries[e];
        if (wanted.palettize == found.palettize &&
            (!wanted.palettize || wanted.task.spec.n_bits == found.task.spec.n_bits)) {
            continue;
        }
        throw Error(ErrorCode::kUsage,
                    "--write-config: no rule can give " + wanted.dataset->path +
                        " what was chosen: it shares a module path and a state name with another "
                        "tensor, by a hard link, because / and . are the same to rules, or because "
                        "numbered variables of one role have one name; plan with --include or "
                        "--exclude that keeps one of them out, and give run the same");
    }
}

}  // namespace

WidthChoice choose_widths_of_files(FilePlans& plans,
                                   const std::vector<const CheckpointInfo*>& infos,
                                   const WidthTarget& target, const WidthMeasurement& measurement) {
    std::vector<WidthErrors> measured;
    std::vector<std::size_t> counts;
    for (std::size_t f = 0; f < infos.size(); ++f) {
        Plan& plan = plans.files[f];
        const CheckpointReader reader(infos[f]->file, measurement.read);
        if (measurement.skips_nonfinite) (void)skip_nonfinite(plan, reader);
        std::ranges::move(measure(plan, reader, measurement), std::back_inserter(measured));
        counts.push_back(plan.entries.size());
    }
    if (measurement.writes_config) set_config_bytes(plans.files);
    const std::uint64_t other = other_bytes(plans.files);
    Plan all = joined(plans.files);
    choose_widths(all, measured, target, other);
    const WidthChoice widths = all.widths.value();
    part(std::move(all), counts, plans.files);
    return widths;
}

std::string config_of_files(const FilePlans& plans, const std::vector<const CheckpointInfo*>& infos,
                            const PlanOptions& options) {
    std::vector<Plan> copies = plans.files;
    const Plan all = joined(copies);
    if (all.palettized().empty()) {
        throw Error(ErrorCode::kUsage,
                    "--write-config: every tensor stays dense, there is nothing for run to do");
    }
    std::string yaml = config_to_yaml(config_of_plan(all, options.allow_partial_groups));
    require_same(all, parse_config(yaml, "--write-config"), infos, options);
    return yaml;
}

}  // namespace pal
