#include "pipeline/run/rank_files.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "io/files/paths.hpp"
#include "io/write/journal.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace fs = std::filesystem;

std::string folder_of_ranks(const std::string& target) { return target + ".shards"; }

std::string shard_of_rank(const std::string& target, std::size_t rank, std::size_t ranks) {
    return fmt::format("{}/rank-{}-of-{}.h5", folder_of_ranks(target), rank, ranks);
}

void prepare_folder_of_ranks(const std::string& target, std::size_t ranks, bool resume) {
    if (ranks > 1) {
        std::error_code error;
        fs::create_directory(folder_of_ranks(target), error);
        if (error)
            throw Error(ErrorCode::kOutput, folder_of_ranks(target) + ": " + error.message());
    }
    clear_other_jobs(target, ranks, resume);
}

void clear_other_jobs(const std::string& target, std::size_t ranks, bool resume) {
    const std::string folder = folder_of_ranks(target);
    const std::string own = fmt::format("-of-{}.h5.", ranks);
    std::error_code none;
    bool any = false;
    for (const auto& file : fs::directory_iterator(folder, none)) {
        const std::string name = file.path().filename().string();
        const std::size_t end = name.find(".h5.h5palettize-journal");
        if (!name.starts_with(".rank-") || end == std::string::npos ||
            name.find(own) != std::string::npos)
            continue;
        const std::size_t of = name.find("-of-");
        if (resume) {
            throw Error(ErrorCode::kUsage,
                        fmt::format("--resume: what was begun in {} is of {} ranks, not {}; start "
                                    "as many, or leave --resume out to start afresh",
                                    folder, name.substr(of + 4, end - of - 4), ranks));
        }
        const Journal removed(folder + "/" + name.substr(1, end + 2), {}, false);
        any = true;
    }
    // Several ranks are about to use the folder.
    if (any && ranks == 1) ::rmdir(folder.c_str());
}

void remove_parts(const std::string& target, std::size_t ranks) noexcept {
    for (std::size_t rank = 0; rank < ranks; ++rank)
        ::unlink(beside(shard_of_rank(target, rank, ranks), "part").c_str());
}

}  // namespace pal
