#include "pipeline/inputs/inputs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "io/files/file_signature.hpp"
#include "io/files/paths.hpp"
#include "io/files/regular_file.hpp"
#include "io/guard/limits.hpp"
#include "pipeline/console/file_content.hpp"
#include "pipeline/inputs/index_text.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostIndexBytes = std::size_t{256} << 20;

bool ends_in_one_of(const std::string& name, std::initializer_list<std::string_view> ends) {
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return std::ranges::any_of(ends, [&](std::string_view end) { return lower.ends_with(end); });
}

bool is_checkpoint_name(const std::string& name) { return ends_in_one_of(name, {".h5", ".hdf5"}); }

/// Tells whether an existing file lies outside of a folder once all links are followed.
bool leads_out_of(const fs::path& folder, const std::string& file) {
    const fs::path inside = fs::canonical(folder.empty() ? "." : folder);
    const fs::path below = fs::canonical(file).lexically_relative(inside);
    return below.empty() || *below.begin() == "..";
}

class Finder {
  public:
    Finder(const std::string& output_folder, bool follow_external)
        : output_folder_(output_folder), follow_external_(follow_external) {}

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
    /// Adds a file unless it is known; returns its index.
    std::size_t add_file(const std::string& path, const std::string& name) {
        const auto known = places_.find(name);
        if (known != places_.end() && same_file(inputs_.files[known->second].path, path))
            return known->second;
        take_name(name, path);
        inputs_.files.push_back({path, name});
        places_[name] = inputs_.files.size() - 1;
        return inputs_.files.size() - 1;
    }

    [[noreturn]] static void refuse_both(const std::string& one, const std::string& other,
                                         const std::string& name) {
        throw Error(ErrorCode::kUsage, one + " and " + other + ": both would become " + name +
                                           " in the output folder; palettize them one by one");
    }

    void take_name(const std::string& name, const std::string& path) {
        // A folder a.h5 and a file a.h5 cannot both be made.
        for (fs::path above = fs::path(name).parent_path(); !above.empty();
             above = above.parent_path()) {
            folders_.emplace(above.string(), path);
            if (names_.contains(above.string()))
                refuse_both(names_[above.string()], path, above.string());
        }
        if (folders_.contains(name)) refuse_both(folders_[name], path, name);
        const auto [taken, is_new] = names_.emplace(name, path);
        if (!is_new) refuse_both(taken->second, path, name);
    }

    /// in_folder: found in a folder, not named on the command line.
    void add_index(const fs::path& path, const std::string& name, bool in_folder) {
        const bool listed = std::ranges::any_of(inputs_.indexes, [&](const IndexFile& known) {
            return known.name == name && same_file(known.path, path.string());
        });
        if (listed) return;
        IndexFile index{path.string(), name, {}, {}};
        index.text = file_content(open_regular(index.path, "an index"), index.path, kMostIndexBytes,
                                  "no index");
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
            if (!follow_external_ && leads_out_of(path.parent_path(), source)) {
                throw Error(ErrorCode::kInput,
                            index.path + ": names " + file + ", which is " +
                                fs::canonical(source).string() +
                                " behind a symbolic link, outside the folder of the index; "
                                "--follow-external reads it");
            }
            const std::string output = (fs::path(name).parent_path() / file).string();
            index.files.push_back(add_file(source, output));
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
                if (ends_in_one_of(name, {".index.json", ".weights.json"})) {
                    indexes.push_back(below);
                } else if (is_checkpoint_name(name) || begins_as_hdf5(entry->path().string())) {
                    checkpoints.push_back(below);
                } else {
                    inputs_.skipped.push_back((fs::path(folder) / below).string());
                }
            }
        } catch (const fs::filesystem_error& error) {
            throw system_error(ErrorCode::kInput, folder + ": cannot be read",
                               error.code().value());
        }
        std::ranges::sort(inputs_.skipped);
        std::ranges::sort(checkpoints);
        std::ranges::sort(indexes);
        const std::size_t before = inputs_.files.size();
        for (const std::string& name : checkpoints)
            (void)add_file((fs::path(folder) / name).string(), name);
        for (const std::string& name : indexes) add_index(fs::path(folder) / name, name, true);
        if (!checkpoints.empty() || inputs_.files.size() > before) return;
        throw Error(ErrorCode::kInput, folder + ": no HDF5 file is in this folder");
    }

    std::string output_folder_;
    bool follow_external_;
    Inputs inputs_;
    std::map<std::string, std::string> names_;    // output name -> its input
    std::map<std::string, std::string> folders_;  // folder of outputs -> the input of one of them
    std::map<std::string, std::size_t> places_;   // output name -> index into inputs_.files
};

}  // namespace

bool stands_for_several(const std::string& word) {
    std::error_code error;
    return fs::is_directory(word, error) || ends_in_one_of(word, {".json"});
}

Inputs find_inputs(const std::vector<std::string>& words, const std::string& output_folder,
                   bool follow_external) {
    Finder finder(output_folder, follow_external);
    for (const std::string& word : words) finder.add(word);
    return std::move(finder).found();
}

std::string note_of_skipped(const Inputs& inputs) {
    constexpr std::size_t kMostNamed = 5;
    if (inputs.skipped.empty()) return "";
    const std::size_t named = std::min(kMostNamed, inputs.skipped.size());
    std::string text =
        fmt::format("left out, since they are no HDF5 files: {}",
                    fmt::join(inputs.skipped.begin(),
                              inputs.skipped.begin() + static_cast<std::ptrdiff_t>(named), ", "));
    if (inputs.skipped.size() > named)
        text += fmt::format(" and {} more", inputs.skipped.size() - named);
    return text;
}

}  // namespace pal
