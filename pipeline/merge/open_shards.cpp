#include "pipeline/merge/open_shards.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "io/files/content_stamp.hpp"
#include "io/write/version.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "pipeline/record/run_identity.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
    throw Error(ErrorCode::kInput, file + ": " + why);
}

/// Raises the limit of open files, which is often 1024, since all shards are open at a time.
void allow_open_files(std::size_t shards) {
    constexpr rlim_t kEach = 2;  // the HDF5 library's, and one to read past it
    constexpr rlim_t kOthers = 64;
    const rlim_t wanted = kEach * shards + kOthers;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);  // if this fails, opening the shards says so
}

Shard open_shard(const std::string& file) {
    Shard shard;
    shard.reader = std::make_unique<const CheckpointReader>(file);
    const CheckpointInfo& info = shard.reader->info();
    if (!info.palettized) refuse(file, "is no shard: run --shard makes those");
    ShardResults results;
    try {
        results = shard_results(info.results_json);
    } catch (const Error& error) {
        refuse(file, error.what());
    }
    if (results.tensors.size() != info.tensors.size())
        refuse(file, "is damaged: it does not have the tensors that it names");
    shard.record = std::move(results.shard);
    shard.head = std::move(results.head);
    shard.tensors = std::move(results.tensors);
    return shard;
}

/// Says how two shards differ in their runs; empty if they are of one run.
std::string difference(const Shard& a, const Shard& b) {
    if (a.reader->info().version != b.reader->info().version) return "by another version";
    if (a.record.input_identity != b.record.input_identity)
        return "from another input, with other sensitivities, or with another --drop";
    if (a.head != b.head || a.record.plan_identity != b.record.plan_identity)
        return "with another configuration";
    if (a.record.choice.parts != b.record.choice.parts) {
        return fmt::format("as one of {} parts, not {}", b.record.choice.parts,
                           a.record.choice.parts);
    }
    return "";
}

constexpr std::size_t kMostNamedParts = 20;

/// Returns "3, 5 and 17 more". count: how many there are, of which `numbers` are the first.
std::string some_of(const std::vector<std::size_t>& numbers, std::size_t count) {
    std::string text = fmt::format("{}", fmt::join(numbers, ", "));
    if (count > numbers.size()) text += fmt::format(" and {} more", count - numbers.size());
    return text;
}

void require_all_parts(const std::vector<Shard>& shards) {
    const std::size_t parts = shards.front().record.choice.parts;
    std::map<std::size_t, const Shard*> by_part;
    for (const Shard& shard : shards) {
        const auto [known, is_new] = by_part.emplace(shard.record.choice.part, &shard);
        if (is_new) continue;
        refuse(shard.file(), fmt::format("is part {} of {}, and so is {}", known->first, parts,
                                         known->second->file()));
    }
    const std::size_t count = parts - by_part.size();  // of missing ones; parts may be any number
    if (count == 0) return;
    std::vector<std::size_t> missing;
    for (std::size_t part = 0; missing.size() < std::min(count, kMostNamedParts); ++part) {
        if (!by_part.contains(part)) missing.push_back(part);
    }
    throw Error(ErrorCode::kInput,
                fmt::format("{}: part{} {} of {} {} missing; the run with --shard {}/{} makes {}",
                            shards.front().file(), count > 1 ? "s" : "", some_of(missing, count),
                            parts, count > 1 ? "are" : "is", missing.front(), parts,
                            count > 1 ? "the first" : "it"));
}

}  // namespace

std::vector<Shard> open_shards(const std::vector<std::string>& files) {
    allow_open_files(files.size());
    std::vector<Shard> shards;
    shards.reserve(files.size());
    for (const std::string& file : files) shards.push_back(open_shard(file));
    for (const Shard& shard : shards) {
        const std::string other = difference(shards.front(), shard);
        if (!other.empty())
            refuse(shard.file(), "was made " + other + " than " + shards.front().file());
    }
    require_all_parts(shards);
    return shards;
}

PalettizedTensor read_checked(const Shard& shard, std::size_t t) {
    const PalettizedTensorInfo& info = shard.reader->info().tensors[t];
    const TensorRecord& record = shard.tensors[t];
    PalettizedTensor tensor = shard.reader->read_palettized(info.path);
    if (record.result.palette_fingerprint != palette_fingerprint(tensor).text()) {
        refuse(
            shard.file(),
            info.path + ": is damaged: LUT, scales or zero points are not those that were written");
    }
    if (record.form_fingerprint != form_fingerprint(info.spec_json, tensor.geometry)) {
        refuse(shard.file(),
               info.path + ": is damaged: its specification is not the one that was written");
    }
    return tensor;
}

bool is_that_shard(const std::string& file, const ShardRecord& record) {
    std::error_code none;
    if (!std::filesystem::exists(file, none)) return false;
    try {
        const Shard shard = open_shard(file);
        ShardRecord expected = record;
        expected.input = shard.record.input;  // the input may lie in another folder now
        if (shard.reader->info().version != kVersion || shard.record != expected) return false;
        for (std::size_t t = 0; t < shard.tensors.size(); ++t) {
            const auto chunks = checksums_of(read_checked(shard, t));
            if (chunks_fingerprint(chunks).text() != shard.tensors[t].result.indices_fingerprint)
                return false;
        }
        return true;
    } catch (const Error&) {  // something else lies there
        return false;
    }
}

void require_input_of(const Shard& shard, const CheckpointInfo& input) {
    const std::string identity = input_fingerprint(input) + " " + content_stamp(input.file);
    // Sensitivities follow, if there are any.
    if ((shard.record.input_identity + " ").starts_with(identity + " ")) return;
    refuse(input.file, "is not, or no longer, the file that " + shard.file() +
                           " was made from (a copy keeps its time of change with cp -p)");
}

}  // namespace pal
