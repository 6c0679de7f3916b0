#include "pipeline/plan/choose_widths.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

#include "configs/model/make_config.hpp"
#include "pipeline/console/bytes_for_people.hpp"
#include "pipeline/plan/allocation.hpp"
#include "stages/pack.hpp"
#include "stages/parallel/parallel.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Number of the way to store an entry dense; the numbers below are those of kWidths.
constexpr std::size_t kDense = kWidths.size();

/// One entry, and what it takes in each way.
struct Options {
    PlanEntry* entry = nullptr;
    const WidthErrors* errors = nullptr;
    std::array<std::uint64_t, kWidths.size() + 1> bytes{};  // [way]
};

double objective_of(const Options& options, std::size_t choice, Objective objective) {
    if (choice == kDense) return 0;
    const WidthErrors& errors = *options.errors;
    if (objective == Objective::kAbsolute) return errors.squared[choice];
    if (!(errors.energy > 0)) return 0;
    return errors.squared[choice] / errors.energy *
           static_cast<double>(options.entry->dataset->element_count);
}

/// Entries with the same module and state name.
using Family = std::vector<Options>;

std::vector<Family> families_of(Plan& plan, const std::vector<WidthErrors>& measured) {
    std::map<std::pair<std::string, std::string>, Family> families;
    std::size_t next = 0;
    for (PlanEntry& entry : plan.entries) {
        if (!entry.palettize) continue;
        Options options{&entry, &measured[next++], {}};
        PalettizationSpec spec = entry.task.spec;
        for (std::size_t w = 0; w < kWidths.size(); ++w) {
            spec.n_bits = kWidths[w];
            options.bytes[w] = stored_bytes(entry.task.geometry, spec, entry.task.dtype);
        }
        options.bytes[kDense] = entry.bytes_in;
        families[{entry.module_path, entry.state_name}].push_back(options);
    }
    std::vector<Family> result;
    result.reserve(families.size());
    for (auto& [name, family] : families) result.push_back(std::move(family));
    return result;
}

/// Returns all widths, and dense if that takes no more bytes than the largest width.
std::vector<std::size_t> ways_of(const Family& family) {
    std::vector<std::size_t> ways(kWidths.size());
    for (std::size_t w = 0; w < ways.size(); ++w) ways[w] = w;
    std::uint64_t dense = 0;
    std::uint64_t most = 0;
    for (const Options& options : family) {
        dense += options.bytes[kDense];
        most += options.bytes[kWidths.size() - 1];
    }
    if (dense <= most) ways.push_back(kDense);
    return ways;
}

Alternative choice_of(const Family& family, std::size_t way, Objective objective) {
    Alternative choice;
    for (const Options& options : family) {
        choice.bytes += options.bytes[way];
        choice.error += objective_of(options, way, objective);
    }
    // Squares of weights near the largest double overflow. This is worse than all others, and sums
    // of it stay finite.
    if (!std::isfinite(choice.error)) choice.error = std::numeric_limits<double>::max() / 1e10;
    return choice;
}

void take(const Family& family, std::size_t way, const std::string& why) {
    for (const Options& options : family) {
        PlanEntry& entry = *options.entry;
        if (way == kDense) {
            leave_dense(entry, why);
            continue;
        }
        set_width(entry, kWidths[way]);
        const WidthErrors& errors = *options.errors;
        entry.expected_sqnr_db = sqnr_in_db(errors.plain_energy, errors.plain_squared[way]);
    }
}

std::uint64_t budget_of(const WidthTarget& target, std::uint64_t other, std::uint64_t weights) {
    if (target.bits_per_weight) {
        // The bits per weight of a report must give the same bytes again when used as a target.
        constexpr double kRounding = 1 + 4 * std::numeric_limits<double>::epsilon();
        const double bits = *target.bits_per_weight * static_cast<double>(weights) * kRounding;
        return static_cast<std::uint64_t>(std::min(bits / 8, 0x1p62));
    }
    if (*target.file_bytes > other) return *target.file_bytes - other;
    throw Error(ErrorCode::kUsage,
                fmt::format("--target-size: {} is less than the file holds beside the values of "
                            "palettized tensors, {}",
                            bytes_for_people(*target.file_bytes), bytes_for_people(other)));
}

[[noreturn]] void refuse_budget(const WidthTarget& target, std::uint64_t budget,
                                std::uint64_t least, std::uint64_t weights) {
    if (target.bits_per_weight) {
        throw Error(ErrorCode::kUsage,
                    fmt::format("--target-bpw: found {}, the smallest palettes and dense tensors "
                                "take {:.4f} bits per weight",
                                *target.bits_per_weight, bits_per_weight(least, weights)));
    }
    throw Error(ErrorCode::kUsage,
                fmt::format("--target-size: found {}, the smallest file takes about {}",
                            bytes_for_people(*target.file_bytes),
                            bytes_for_people(*target.file_bytes - budget + least)));
}

/// Returns the smallest width at which every tensor of a family reaches the SQNR, or dense.
std::size_t least_way(const Family& family, double min_sqnr_db) {
    for (std::size_t w = 0; w < kWidths.size(); ++w) {
        const bool good = std::all_of(family.begin(), family.end(), [&](const Options& options) {
            const WidthErrors& errors = *options.errors;
            return sqnr_in_db(errors.plain_energy, errors.plain_squared[w]) >= min_sqnr_db;
        });
        if (good) return w;
    }
    return kDense;
}

WidthChoice reach_sqnr(const std::vector<Family>& families, const WidthTarget& target) {
    WidthChoice result;
    for (const Family& family : families) {
        const std::size_t way = least_way(family, *target.min_sqnr_db);
        const Alternative choice = choice_of(family, way, target.objective);
        result.used_bytes += choice.bytes;
        result.error += choice.error;
        take(family, way, fmt::format("no width reaches --min-sqnr-db {}", *target.min_sqnr_db));
    }
    return result;
}

WidthChoice reach_budget(const std::vector<Family>& families, const WidthTarget& target,
                         std::uint64_t budget, std::uint64_t weights) {
    std::vector<std::vector<std::size_t>> ways;
    std::vector<std::vector<Alternative>> choices;
    ways.reserve(families.size());
    choices.reserve(families.size());
    std::uint64_t least = 0;
    for (const Family& family : families) {
        ways.push_back(ways_of(family));
        auto& own = choices.emplace_back();
        for (const std::size_t way : ways.back())
            own.push_back(choice_of(family, way, target.objective));
        least += std::min_element(
                     own.begin(), own.end(),
                     [](const Alternative& a, const Alternative& b) { return a.bytes < b.bytes; })
                     ->bytes;
    }
    const auto allocation = allocate(choices, budget);
    if (!allocation) refuse_budget(target, budget, least, weights);
    for (std::size_t f = 0; f < families.size(); ++f) {
        take(families[f], ways[f][allocation->chosen[f]],
             "as it is takes no more than its palette would");
    }
    return {budget, allocation->bytes, 0, allocation->error, allocation->bound};
}

}  // namespace

std::vector<WidthErrors> measure_plan(
    const Plan& plan, std::uint64_t memory_bytes,
    const std::function<Weights(const PlanEntry&)>& load,
    const std::function<std::optional<Weights>(const PlanEntry&)>& sensitivities,
    const std::function<void(const PlanEntry&)>& done) {
    const std::vector<const PlanEntry*> entries = plan.palettized();
    std::vector<WidthErrors> measured(entries.size());
    std::mutex one_at_a_time;
    const auto measure = [&](std::size_t e) {
        const PlanEntry& entry = *entries[e];
        const Weights weights = load(entry);
        std::optional<Weights> own;
        if (sensitivities) own = sensitivities(entry);
        const auto errors = measure_widths(entry.task, weights, own);
        if (!errors) refuse_nonfinite(entry.task, weights);
        measured[e] = *errors;
        const std::lock_guard lock(one_at_a_time);
        done(entry);
    };
    const auto threads = std::uint64_t{thread_count()};
    const auto is_small = [&](std::size_t e) {
        return entries[e]->memory_bytes <= memory_bytes / threads;
    };
    // Successive small entries run in parallel, large ones alone.
    for (std::size_t first = 0; first < entries.size();) {
        std::size_t last = first + 1;
        while (is_small(first) && last < entries.size() && is_small(last)) ++last;
        for_each_task(last - first, [&](std::size_t e) { measure(first + e); });
        first = last;
    }
    return measured;
}

void choose_widths(Plan& plan, const std::vector<WidthErrors>& measured, const WidthTarget& target,
                   std::uint64_t other_bytes) {
    std::uint64_t weights = 0;
    for (const PlanEntry* entry : plan.palettized()) weights += entry->dataset->element_count;
    const std::vector<Family> families = families_of(plan, measured);
    plan.widths =
        target.min_sqnr_db
            ? reach_sqnr(families, target)
            : reach_budget(families, target, budget_of(target, other_bytes, weights), weights);
    plan.widths->weights = weights;
}

Config config_of_plan(const Plan& plan, bool allow_partial_groups) {
    ModuleSpecs modules;
    for (const PlanEntry* entry : plan.palettized()) {
        PalettizationSpec spec = entry->task.spec;
        spec.granularity.partial_groups =
            spec.granularity.kind == GranularityKind::kPerGroupedChannel &&
            (allow_partial_groups || spec.granularity.partial_groups);
        modules[entry->module_path][entry->state_name] = spec;
    }
    // A rule for "weight" matches "kernel" as well: dense tensors of these modules need a rule too.
    for (const PlanEntry& entry : plan.entries) {
        const auto module = modules.find(entry.module_path);
        if (!entry.palettize && module != modules.end())
            module->second.try_emplace(entry.state_name, std::nullopt);
    }
    return config_of_modules(modules);
}

}  // namespace pal
