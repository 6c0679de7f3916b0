#include "pipeline/run/scan_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "configs/layers/optimizer_names.hpp"
#include "configs/model/tensor_name.hpp"
#include "configs/rules/path_filter.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// Hard links to datasets of a file.
using DatasetPaths = std::set<std::string>;

bool drops(const Arguments& arguments) {
    return arguments.has("drop") || arguments.flag("drop-optimizer");
}

bool lies_below(const std::string& path, const std::string& group) {
    return path.size() > group.size() && path.starts_with(group) && path[group.size()] == '/';
}

TensorPath tensor_path(const std::string& path) { return {path, tensor_name(path), {}}; }

/// The datasets of a file, each with all of its paths. A further name of a group makes more paths.
std::vector<Candidate> candidates_of(const CheckpointInfo& info) {
    constexpr std::size_t kMostPaths = 1'000'000;
    std::vector<Candidate> all;
    std::size_t count = 0;
    for (const DatasetInfo& dataset : info.datasets) {
        Candidate candidate;
        candidate.path = dataset.path;
        candidate.paths.push_back(tensor_path(dataset.path));
        for (const std::string& alias : dataset.aliases)
            candidate.paths.push_back(tensor_path(alias));
        const std::size_t listed = candidate.paths.size();
        for (std::size_t p = 0; p < listed; ++p) {
            for (const auto& [alias, group] : info.group_aliases) {
                const std::string path = candidate.paths[p].path;
                if (lies_below(path, group) && !lies_below(alias, group))
                    candidate.paths.push_back(tensor_path(alias + path.substr(group.size())));
            }
        }
        count += candidate.paths.size();
        if (count > kMostPaths)
            throw Error(ErrorCode::kInput, info.file + ": too many names of groups for --drop");
        all.push_back(std::move(candidate));
    }
    return all;
}

/// Refuses to drop a member of a group with several names: it would be gone under each of them.
void require_one_name(const CheckpointInfo& info, const std::string& path) {
    for (const auto& [alias, group] : info.group_aliases) {
        if (!lies_below(path, group) && !lies_below(path, alias)) continue;
        throw Error(ErrorCode::kUsage,
                    fmt::format("{}: {} lies in a group with two names, {} and {}; --drop cannot "
                                "leave it out under one of them",
                                info.file, path, alias, group.empty() ? "/" : group));
    }
}

/// Returns the links of each file that --drop and --drop-optimizer name.
std::vector<DatasetPaths> dropped_links(const std::vector<const CheckpointInfo*>& infos,
                                        const Arguments& arguments) {
    std::vector<Candidate> all;
    for (const CheckpointInfo* info : infos)
        std::ranges::move(candidates_of(*info), std::back_inserter(all));
    const PathFilter filter("--drop", arguments.text("drop"), all);
    if (filter.matches_nothing())
        throw Error(ErrorCode::kUsage,
                    filter.label() + ": matches no dataset; `inspect` lists them");
    const bool drops_optimizer = arguments.flag("drop-optimizer");
    std::vector<DatasetPaths> dropped(infos.size());
    bool has_slots = false;
    std::size_t next = 0;
    for (std::size_t f = 0; f < infos.size(); ++f) {
        for (const std::size_t end = next + infos[f]->datasets.size(); next < end; ++next) {
            const std::vector<TensorPath>& paths = all[next].paths;
            DatasetPaths own;
            for (const std::size_t p : filter.matching_paths(next)) own.insert(paths[p].path);
            for (const TensorPath& path : paths) {
                if (!drops_optimizer || !lies_in_optimizer(path.name)) continue;
                own.insert(path.path);
                has_slots = true;
            }
            for (const std::string& path : own) require_one_name(*infos[f], path);
            dropped[f].merge(own);
        }
    }
    if (drops_optimizer && !has_slots) log_note("--drop-optimizer: there is no optimizer state");
    return dropped;
}

/// Returns what is planned for a file that was read without some links. The whole file tells what
/// its layers are.
CheckpointInfo with_evidence(CheckpointInfo rest, CheckpointInfo whole) {
    rest.layout = whole.layout;
    rest.layout_reason = whole.layout_reason;
    rest.layer_types = std::move(whole.layer_types);
    rest.layer_names = std::move(whole.layer_names);
    rest.layer_equations = std::move(whole.layer_equations);
    DatasetPaths stay;
    for (const DatasetInfo& dataset : rest.datasets) {
        stay.insert(dataset.path);
        stay.insert(dataset.aliases.begin(), dataset.aliases.end());
    }
    for (DatasetInfo& dataset : whole.datasets) {
        const auto stays = [&](const std::string& path) { return stay.contains(path); };
        if (!stays(dataset.path) && std::ranges::none_of(dataset.aliases, stays))
            rest.dropped.evidence.push_back(std::move(dataset));
    }
    for (const DatasetInfo& dataset : rest.dropped.evidence) {
        if (!dataset.is_used_scale) continue;
        log_warning(
            fmt::format("{}: {} is left out, a dimension scale of other datasets; netCDF "
                        "programs will not open the output",
                        rest.file, dataset.path));
        break;
    }
    return rest;
}

/// Opens a file again without these links to datasets.
OpenInput open_without(const CheckpointReader& whole, const DatasetPaths& links,
                       ReadOptions options) {
    options.dropped = whole.topmost_links(links);
    auto reader = std::make_unique<const CheckpointReader>(whole.info().file, options);
    CheckpointInfo info = with_evidence(reader->info(), whole.info());
    return {std::move(reader), std::move(info)};
}

}  // namespace

OpenInput open_input(const std::string& path, const Arguments& arguments) {
    const ReadOptions options = read_options_from(arguments);
    auto reader = std::make_unique<const CheckpointReader>(path, options);
    const CheckpointInfo& info = reader->info();
    if (drops(arguments) && !info.palettized) {
        const std::vector<DatasetPaths> dropped = dropped_links({&info}, arguments);
        if (!dropped.front().empty()) return open_without(*reader, dropped.front(), options);
    }
    CheckpointInfo copy = info;
    return {std::move(reader), std::move(copy)};
}

std::vector<CheckpointInfo> scan_files(const Inputs& inputs, const Arguments& arguments) {
    const ReadOptions options = read_options_from(arguments);
    std::vector<CheckpointInfo> infos;
    infos.reserve(inputs.files.size());
    const auto open = [&](const InputFile& file) {
        if (stop_requested())
            throw Error(ErrorCode::kStopped, "interrupted before anything was done");
        return std::make_unique<const CheckpointReader>(file.path, options);
    };
    for (const InputFile& file : inputs.files) infos.push_back(open(file)->info());
    const bool is_palettized = std::ranges::any_of(infos, &CheckpointInfo::palettized);
    if (!drops(arguments) || is_palettized) return infos;
    std::vector<const CheckpointInfo*> pointers;
    pointers.reserve(infos.size());
    for (const CheckpointInfo& info : infos) pointers.push_back(&info);
    const std::vector<DatasetPaths> dropped = dropped_links(pointers, arguments);
    for (std::size_t f = 0; f < infos.size(); ++f) {
        if (!dropped[f].empty())
            infos[f] = open_without(*open(inputs.files[f]), dropped[f], options).info;
    }
    return infos;
}

}  // namespace pal
