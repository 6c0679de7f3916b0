#include "pipeline/inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "pipeline/file_content.hpp"
#include "pipeline/report_file.hpp"
#include "stages/error.hpp"

namespace pal {

namespace {

namespace fs = std::filesystem;
using SortedJson = nlohmann::json;  // looks keys up; an ordered one walks over all for each

constexpr int kDeepest = 64;  // levels of an index; deeper ones would exhaust the stack of dump()
constexpr std::size_t kMostIndexBytes = std::size_t{256} << 20;

bool ends_in_one_of(const std::string& name, std::initializer_list<std::string_view> ends) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return std::ranges::any_of(ends, [&](std::string_view end) { return lower.ends_with(end); });
}

bool is_checkpoint_name(const std::string& name) { return ends_in_one_of(name, {".h5", ".hdf5"}); }

constexpr const char* kWeightMap = "weight_map";
constexpr const char* kTotalSize = "total_size";

/// A tensor that the map names twice would be taken from the last file alone.
SortedJson parsed(std::string_view text, const std::string& path) {
    bool in_map = false;
    std::set<std::string> tensors;
    try {
        return SortedJson::parse(
            text, [&](int depth, SortedJson::parse_event_t event, const SortedJson& value) {
                if (depth > kDeepest) {
                    throw Error(ErrorCode::kInput,
                                fmt::format("{}: no index: its JSON has more than {} levels", path,
                                            kDeepest));
                }
                if (event != SortedJson::parse_event_t::key) return true;
                if (depth == 1) in_map = value == kWeightMap;
                if (depth == 2 && in_map && !tensors.insert(value.get<std::string>()).second) {
                    throw Error(ErrorCode::kInput, fmt::format("{}: weight_map: names {} twice",
                                                               path, value.get<std::string>()));
                }
                return true;
            });
    } catch (const SortedJson::exception& error) {
        throw Error(ErrorCode::kInput, path + ": no index: " + error.what());
    }
}

/// As it is below the folder of the index.
std::string file_of_index(const SortedJson& value, const std::string& path) {
    const auto refuse = [&](const std::string& why) {
        throw Error(ErrorCode::kInput,
                    path + ": weight_map: found " +
                        value.dump(-1, ' ', false, SortedJson::error_handler_t::replace) + ", " +
                        why);
    };
    if (!value.is_string()) refuse("wanted are names of files");
    const std::string name = value.get<std::string>();
    const fs::path file(name);
    if (name.empty() || name.find('\0') != std::string::npos || !file.has_filename() ||
        file.filename() == ".")
        refuse("which is no name of a file");
    if (file.is_absolute() || std::ranges::find(file, "..") != file.end())
        refuse("which leads out of the folder of the index; nothing outside it is read");
    if (name.find(".h5palettize-") != std::string::npos)
        refuse("a name that unfinished outputs have; rename the file");
    return file.lexically_normal().string();
}

class Finder {
  public:
    explicit Finder(const std::string& output_folder) : output_folder_(output_folder) {}

    void add(const std::string& word) {
        std::error_code error;
        if (fs::is_directory(word, error)) {
            add_folder(word);
        } else if (stands_for_several(word)) {
            const fs::path path(word);
            add_index(path, path.filename().string(), false);
        } else {
            (void)add_file(word, fs::path(word).filename().string());
        }
    }

    [[nodiscard]] Inputs found() && { return std::move(inputs_); }

  private:
    std::size_t add_file(const std::string& path, const std::string& name) {
        take_name(name, path);
        inputs_.files.push_back({path, name});
        places_[name] = inputs_.files.size() - 1;
        return inputs_.files.size() - 1;
    }

    void take_name(const std::string& name, const std::string& path) {
        const auto [taken, is_new] = names_.emplace(name, path);
        if (is_new) return;
        throw Error(ErrorCode::kUsage, taken->second + " and " + path + ": both would become " +
                                           name +
                                           " in the output folder; palettize them one by one");
    }

    /// in_folder: found there, not asked for.
    void add_index(const fs::path& path, const std::string& name, bool in_folder) {
        IndexFile index{path.string(), name, {}, {}};
        index.text = file_content(index.path, kMostIndexBytes, "no index");
        const std::vector<std::string> files = files_of_index(index.text, index.path);
        if (in_folder && !std::ranges::all_of(files, is_checkpoint_name)) return;
        take_name(name, index.path);
        for (const std::string& file : files) {
            const std::string source = (path.parent_path() / file).string();
            std::error_code error;
            if (!fs::exists(source, error)) {
                throw Error(ErrorCode::kInput, index.path + ": names " + file +
                                                   ", which is not there; all of its files are "
                                                   "needed");
            }
            const std::string output = (fs::path(name).parent_path() / file).string();
            const auto known = places_.find(output);
            const bool listed =
                known != places_.end() && same_file(inputs_.files[known->second].path, source);
            index.files.push_back(listed ? known->second : add_file(source, output));
        }
        inputs_.indexes.push_back(std::move(index));
    }

    void add_folder(const std::string& folder) {
        std::vector<std::string> checkpoints;
        std::vector<std::string> indexes;
        try {
            auto entry = fs::recursive_directory_iterator(folder);
            for (; entry != fs::recursive_directory_iterator(); ++entry) {
                const std::string name = entry->path().filename().string();
                const bool folder_below = entry->is_directory() && !entry->is_symlink();
                if (name.starts_with('.') ||
                    (folder_below && same_file(entry->path().string(), output_folder_))) {
                    if (folder_below) entry.disable_recursion_pending();
                    continue;
                }
                if (entry->is_directory()) continue;
                const std::string below = entry->path().lexically_relative(folder).string();
                if (is_checkpoint_name(name)) checkpoints.push_back(below);
                if (ends_in_one_of(name, {".index.json", ".weights.json"}))
                    indexes.push_back(below);
            }
        } catch (const fs::filesystem_error& error) {
            throw Error(ErrorCode::kInput, folder + ": cannot be read: " + error.code().message());
        }
        std::ranges::sort(checkpoints);
        std::ranges::sort(indexes);
        const std::size_t before = inputs_.files.size();
        for (const std::string& name : checkpoints)
            (void)add_file((fs::path(folder) / name).string(), name);
        for (const std::string& name : indexes) add_index(fs::path(folder) / name, name, true);
        if (inputs_.files.size() > before) return;
        throw Error(ErrorCode::kInput, folder + ": no .h5 or .hdf5 file is in this folder");
    }

    std::string output_folder_;
    Inputs inputs_;
    std::map<std::string, std::string> names_;   // of outputs: what they are made of
    std::map<std::string, std::size_t> places_;  // of outputs: in inputs_.files
};

/// Where the text of a number begins and ends that is the value of a name before `at`; nothing
/// where there is none.
std::pair<std::size_t, std::size_t> value_behind(std::string_view text, std::size_t at) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t colon = std::min(text.find_first_not_of(kSpace, at), text.size());
    if (!text.substr(colon).starts_with(':')) return {colon, colon};
    const std::size_t first = std::min(text.find_first_not_of(kSpace, colon + 1), text.size());
    return {first, std::min(text.find_first_not_of("0123456789.eE+-", first), text.size())};
}

}  // namespace

bool stands_for_several(const std::string& word) {
    std::error_code error;
    return fs::is_directory(word, error) || ends_in_one_of(word, {".json"});
}

Inputs find_inputs(const std::vector<std::string>& words, const std::string& output_folder) {
    Finder finder(output_folder);
    for (const std::string& word : words) finder.add(word);
    return std::move(finder).found();
}

std::vector<std::string> files_of_index(std::string_view text, const std::string& path) {
    const SortedJson index = parsed(text, path);
    if (!index.is_object() || !index.contains(kWeightMap) || !index[kWeightMap].is_object() ||
        index[kWeightMap].empty()) {
        throw Error(ErrorCode::kInput,
                    path +
                        ": no index: wanted is an object with a weight_map, which says the file "
                        "of each tensor");
    }
    std::set<std::string> files;
    for (const auto& [tensor, value] : index[kWeightMap].items()) {
        if (!value.is_array()) {
            files.insert(file_of_index(value, path));
            continue;
        }
        for (const SortedJson& one : value) files.insert(file_of_index(one, path));
    }
    return {files.begin(), files.end()};
}

std::string index_with_size(std::string_view text, std::uint64_t bytes) {
    SortedJson index = SortedJson::parse(text);
    const auto metadata = index.find("metadata");
    if (metadata == index.end() || !metadata->is_object() || !metadata->contains(kTotalSize) ||
        !metadata->at(kTotalSize).is_number())
        return std::string(text);
    SortedJson& size = metadata->at(kTotalSize);
    if (size.is_number_float()) {  // Keras
        size = static_cast<double>(bytes);
    } else {
        size = bytes;
    }
    // A tensor may have that name too: what the text then says, tells.
    const std::string name = std::string("\"") + kTotalSize + '"';
    for (std::size_t at = text.find(name); at != std::string_view::npos;
         at = text.find(name, at + 1)) {
        const auto [first, end] = value_behind(text, at + name.size());
        std::string changed(text);
        changed.replace(first, end - first, size.dump());
        if (SortedJson::parse(changed, nullptr, false) == index) return changed;
    }
    throw Error(ErrorCode::kInput, "an index whose total_size is spelled with escapes");
}

}  // namespace pal
