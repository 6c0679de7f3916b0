#include "pipeline/run/planned_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>
#include <utility>

#include "io/files/check_target.hpp"
#include "io/files/paths.hpp"
#include "io/guard/last_wish.hpp"
#include "pipeline/cli/choices.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/inputs/index_text.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

bool is_there(const std::string& path) {
    std::error_code error;
    return std::filesystem::exists(path, error);
}

/// Identity of a file, whatever its name.
using FileId = std::pair<dev_t, ino_t>;

std::map<FileId, std::string> ids_of(const Inputs& inputs) {
    std::map<FileId, std::string> ids;
    const auto add = [&](const std::string& path) {
        struct stat status {};
        if (::stat(path.c_str(), &status) == 0) ids[{status.st_dev, status.st_ino}] = path;
    };
    for (const InputFile& file : inputs.files) add(file.path);
    for (const IndexFile& index : inputs.indexes) add(index.path);
    return ids;
}

void check_folder(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) {
        const std::string extension = std::filesystem::path(folder).extension().string();
        if (extension == ".h5" || extension == ".hdf5" || extension == ".json") {
            throw Error(ErrorCode::kUsage,
                        folder +
                            ": is the name of a file that is not there; what comes last is the "
                            "output of several inputs, a folder");
        }
        try {
            return check_target("", folder, false);
        } catch (const Error&) {  // another run may have made it in the meantime
            if (::stat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) throw;
        }
    }
    if (S_ISDIR(status.st_mode)) return;
    throw Error(ErrorCode::kOutput,
                folder + ": is no folder; the output of several inputs is a folder");
}

/// Returns a warning about tensors of an index that its files do not have, or that are left out;
/// empty if there are none.
std::string warning_of(const IndexFile& index, const std::vector<const CheckpointInfo*>& infos) {
    std::vector<const CheckpointInfo*> named;
    named.reserve(index.files.size());
    for (const std::size_t f : index.files) named.push_back(infos[f]);
    const std::vector<IndexedTensor> missing = tensors_not_there(index.text, named);
    if (missing.empty()) return "";
    constexpr std::size_t kNamed = 3;
    std::vector<std::string> some;
    for (const IndexedTensor& tensor : std::span(missing).first(std::min(kNamed, missing.size())))
        some.push_back(fmt::format("'{}' of {}", tensor.tensor, tensor.file));
    if (missing.size() > kNamed) some.push_back(fmt::format("{} more", missing.size() - kNamed));
    return fmt::format("{}: names tensors that are not in the output: {}; its copy names them too",
                       index.path, fmt::join(some, ", "));
}

}  // namespace

bool has_several_inputs(const Arguments& arguments) {
    return arguments.positionals.size() > 2 || stands_for_several(arguments.positionals[0]);
}

void log_skipped(const Inputs& inputs) {
    if (const std::string note = note_of_skipped(inputs); !note.empty()) log_note(note);
}

std::vector<const CheckpointInfo*> PlannedFiles::info_pointers() const {
    std::vector<const CheckpointInfo*> pointers;
    pointers.reserve(infos.size());
    for (const CheckpointInfo& info : infos) pointers.push_back(&info);
    return pointers;
}

PlannedFiles plan_files(const Inputs& inputs, std::vector<CheckpointInfo> infos, Config config,
                        const Arguments& arguments) {
    PlannedFiles planned;
    planned.infos = std::move(infos);
    planned.sensitivities = sensitivities_from(arguments);
    planned.options = plan_options_from(arguments);
    if (planned.sensitivities) {
        planned.options.sensitivities = &planned.sensitivities->info();
        planned.options.normalize_sensitivities =
            choice_of(arguments, "sensitivity-normalize", kSensitivityNormalizeChoices);
        planned.options.may_lack_sensitivities =
            choice_of(arguments, "sensitivity-missing", kSensitivityMissingChoices);
    }
    planned.config = std::move(config);
    std::vector<std::vector<std::size_t>> models;
    for (const IndexFile& index : inputs.indexes) models.push_back(index.files);
    planned.plans = make_plans(planned.info_pointers(), planned.config, planned.options, models);
    for (const IndexFile& index : inputs.indexes) {
        std::string warning = warning_of(index, planned.info_pointers());
        if (!warning.empty()) planned.plans.warnings.push_back(std::move(warning));
    }
    return planned;
}

Arguments with_files(const Arguments& arguments, const std::string& input,
                     const std::string& output) {
    Arguments one = arguments;
    one.positionals = {input, output};
    return one;
}

void check_outputs(const Files& files, const Arguments& arguments,
                   const std::vector<std::size_t>& inputs, bool force_indexes) {
    check_folder(files.folder);
    const std::map<FileId, std::string> ids = ids_of(files.inputs);
    std::map<std::string, std::string> behind;  // outputs by what their links lead to
    const auto check = [&](const std::string& input, const std::string& name) {
        const std::string target = files.target(name);
        if (const auto [other, is_new] = behind.emplace(behind_links(target), target); !is_new) {
            throw Error(ErrorCode::kOutput, target + ": leads to the same file as the output " +
                                                other->second + "; remove the link");
        }
        struct stat status {};
        if (::stat(target.c_str(), &status) == 0) {
            const auto same = ids.find({status.st_dev, status.st_ino});
            if (same != ids.end()) {
                throw Error(ErrorCode::kOutput, target + ": is the input " + same->second +
                                                    "; choose another output folder");
            }
        }
        if (is_there(folder_of(target))) check_output(with_files(arguments, input, target));
    };
    for (const std::size_t f : inputs)
        check(files.inputs.files[f].path, files.inputs.files[f].name);
    for (const IndexFile& index : files.inputs.indexes) {
        if (force_indexes && is_there(files.target(index.name))) continue;
        check(index.path, index.name);
    }
}

Arguments with_others(const Arguments& arguments, const Files& files) {
    Arguments with = arguments;
    const auto add = [&](const std::string& path, const std::string& name) {
        with.others.push_back({path, "an input", true});
        if (!files.folder.empty()) with.others.push_back({files.target(name), "an output"});
    };
    for (const InputFile& file : files.inputs.files) add(file.path, file.name);
    for (const IndexFile& index : files.inputs.indexes) add(index.path, index.name);
    return with;
}

}  // namespace pal
