#include "pipeline/run/scan_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "configs/layers/optimizer_names.hpp"
#include "configs/rules/path_filter.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/plan/file_layers.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

/// DatasetPaths to datasets of a file, by their paths.
using DatasetPaths = std::set<std::string>;

bool drops(const Arguments& arguments) {
    return arguments.has("drop") || arguments.flag("drop-optimizer");
}

/// Returns the links of each file that --drop and --drop-optimizer name.
std::vector<DatasetPaths> dropped_links(const std::vector<const CheckpointInfo*>& infos,
                                        const Arguments& arguments) {
    std::vector<Candidate> all;
    for (const CheckpointInfo* info : infos) {
        FileLayers layers = layers_of(*info, {});
        std::ranges::move(layers.candidates, std::back_inserter(all));
    }
    const PathFilter filter("--drop", arguments.text("drop"), all);
    if (filter.matches_nothing())
        throw Error(ErrorCode::kUsage, filter.label() + ": matches no dataset; `plan` lists them");
    std::vector<DatasetPaths> dropped(infos.size());
    std::size_t slots = 0;
    std::size_t next = 0;
    for (std::size_t f = 0; f < infos.size(); ++f) {
        for (const std::size_t end = next + infos[f]->datasets.size(); next < end; ++next) {
            const std::vector<TensorPath>& paths = all[next].paths;
            for (const std::size_t p : filter.matching_paths(next))
                dropped[f].insert(paths[p].path);
            if (!arguments.flag("drop-optimizer")) continue;
            for (const TensorPath& path : paths) {
                if (!lies_in_optimizer(path.name)) continue;
                dropped[f].insert(path.path);
                ++slots;
            }
        }
    }
    if (arguments.flag("drop-optimizer") && slots == 0)
        log_note("--drop-optimizer: there is no optimizer state");
    return dropped;
}

/// Opens a file again without these links to datasets.
std::unique_ptr<const CheckpointReader> open_without(std::unique_ptr<const CheckpointReader> whole,
                                                     const DatasetPaths& links,
                                                     ReadOptions options) {
    if (links.empty()) return whole;
    options.dropped = whole->topmost_links(links);
    const std::string path = whole->info().file;
    whole.reset();
    return std::make_unique<const CheckpointReader>(path, options);
}

}  // namespace

std::unique_ptr<const CheckpointReader> open_input(const std::string& path,
                                                   const Arguments& arguments) {
    const ReadOptions options = read_options_from(arguments);
    auto reader = std::make_unique<const CheckpointReader>(path, options);
    if (!drops(arguments)) return reader;
    const std::vector<DatasetPaths> dropped = dropped_links({&reader->info()}, arguments);
    return open_without(std::move(reader), dropped.front(), options);
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
    if (!drops(arguments)) return infos;
    std::vector<const CheckpointInfo*> pointers;
    for (const CheckpointInfo& info : infos) pointers.push_back(&info);
    const std::vector<DatasetPaths> dropped = dropped_links(pointers, arguments);
    for (std::size_t f = 0; f < infos.size(); ++f) {
        if (!dropped[f].empty())
            infos[f] = open_without(open(inputs.files[f]), dropped[f], options)->info();
    }
    return infos;
}

}  // namespace pal
