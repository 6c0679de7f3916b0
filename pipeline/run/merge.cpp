#include "pipeline/run/merge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "io/version.hpp"
#include "io/write/journal.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/log.hpp"
#include "pipeline/console/printable.hpp"
#include "pipeline/graph/fingerprint.hpp"
#include "pipeline/report/report.hpp"
#include "pipeline/run/resume.hpp"
#include "stages/tensor/error.hpp"
#include "stages/weights/slab.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& file, const std::string& why) {
    throw Error(ErrorCode::kInput, file + ": " + why);
}

/// All shards are open at a time; how many files may be is often 1024 unless more are asked for.
void allow_open_files(std::size_t shards) {
    constexpr rlim_t kEach = 2;  // the library's, and one to read past it
    constexpr rlim_t kOthers = 64;
    const rlim_t wanted = kEach * shards + kOthers;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);  // else opening says so
}

std::string text_of(const Json& said) {
    return said.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Shard open_shard(const std::string& file) {
    Shard shard;
    shard.reader = std::make_unique<const CheckpointReader>(file);
    const CheckpointInfo& info = shard.reader->info();
    if (!info.palettized) refuse(file, "is no shard: run --shard makes those");
    Json document = Json::parse(info.results_json, nullptr, false);
    if (!document.is_object() || !is_unchanged(info.results_json))
        refuse(file, "is damaged: /h5palettize/config is not the text that was written");
    try {
        shard.record = shard_record(document);
    } catch (const Error& error) {
        refuse(file, error.what());
    }
    const auto tensors = document.find("tensors");
    if (tensors == document.end() || !tensors->is_array() ||
        tensors->size() != info.tensors.size()) {
        refuse(file, "is damaged: it does not have the tensors that it names");
    }
    for (Json& tensor : *tensors) shard.tensors.push_back(std::move(tensor));
    for (const char* key : {"shard", "tensors", "fingerprint"}) document.erase(key);
    shard.head = text_of(document);
    return shard;
}

const std::string& file_of(const Shard& shard) { return shard.reader->info().file; }

/// Empty where both are of one run.
std::string difference(const Shard& a, const Shard& b) {
    if (a.reader->info().version != b.reader->info().version) return "by another version";
    if (a.record.input_identity != b.record.input_identity)
        return "from another input or with other sensitivities";
    if (a.head != b.head || a.record.plan_identity != b.record.plan_identity)
        return "with another configuration";
    if (a.record.choice.parts != b.record.choice.parts) {
        return fmt::format("as one of {} parts, not {}", b.record.choice.parts,
                           a.record.choice.parts);
    }
    return "";
}

/// "3, 5 and 17 more".
std::string some_of(const std::vector<std::size_t>& numbers) {
    constexpr std::size_t kNamed = 20;
    const auto named = std::span(numbers).first(std::min(kNamed, numbers.size()));
    std::string text = fmt::format("{}", fmt::join(named, ", "));
    if (numbers.size() > kNamed) text += fmt::format(" and {} more", numbers.size() - kNamed);
    return text;
}

void require_all_parts(const std::vector<Shard>& shards) {
    const std::size_t parts = shards.front().record.choice.parts;
    std::map<std::size_t, const Shard*> by_part;
    for (const Shard& shard : shards) {
        const auto [known, is_new] = by_part.emplace(shard.record.choice.part, &shard);
        if (is_new) continue;
        refuse(file_of(shard), fmt::format("is part {} of {}, and so is {}", known->first, parts,
                                           file_of(*known->second)));
    }
    std::vector<std::size_t> missing;
    for (std::size_t part = 0; part < parts; ++part) {
        if (by_part.count(part) == 0) missing.push_back(part);
    }
    if (missing.empty()) return;
    throw Error(ErrorCode::kInput,
                fmt::format("part{} {} of {} {} missing; the run with --shard {}/{} makes {}",
                            missing.size() > 1 ? "s" : "", some_of(missing), parts,
                            missing.size() > 1 ? "are" : "is", missing.front(), parts,
                            missing.size() > 1 ? "the first" : "it"));
}

const DatasetInfo& dataset_of(const std::string& path, const CheckpointInfo& input,
                              const Shard& shard) {
    const auto found = std::ranges::lower_bound(input.datasets, path, {}, &DatasetInfo::path);
    if (found == input.datasets.end() || found->path != path || !found->dtype ||
        found->shape.empty()) {
        refuse(file_of(shard), "has a tensor " + path + " that " + input.file + " has not");
    }
    return *found;
}

/// Whole, or slabs that lie one after the other.
void require_all_rows(const MergedTensor& tensor, std::uint64_t rows) {
    std::uint64_t next = 0;
    for (const MergedTensor::Source& source : tensor.sources) {
        const Slab slab = source.record.slab.value_or(Slab{0, rows});
        if (slab.first != next || slab.rows == 0 || slab.rows > rows - next) {
            refuse(file_of(*source.shard),
                   fmt::format("{}: rows {} to {} do not follow on row {} of another shard",
                               tensor.path, slab.first, slab.first + slab.rows - 1, next));
        }
        next += slab.rows;
    }
    if (next == rows) return;
    throw Error(ErrorCode::kInput,
                fmt::format("{}: rows {} to {} are in no shard", tensor.path, next, rows - 1));
}

/// Of what the input has, or of some rows of it.
void require_shape(const MergedTensor::Source& source, const DatasetInfo& dataset) {
    const PalettizedTensorInfo& info = source.shard->reader->info().tensors[source.tensor];
    Shape shape = dataset.shape;
    if (source.record.slab) shape[0] = source.record.slab->rows;
    if (info.shape == shape && info.dtype == dataset.dtype) return;
    refuse(file_of(*source.shard),
           fmt::format("{}: is damaged: {} {} is not what the input has", info.path,
                       dtype_name(info.dtype), shape_to_string(info.shape)));
}

PalettizedTensor read_checked(const MergedTensor::Source& source) {
    const Shard& shard = *source.shard;
    const PalettizedTensorInfo& info = shard.reader->info().tensors[source.tensor];
    PalettizedTensor tensor = shard.reader->read_palettized(info.path);
    const auto said = shard.tensors[source.tensor].find("palette_fingerprint");
    if (said == shard.tensors[source.tensor].end() || *said != palette_fingerprint(tensor).text()) {
        refuse(
            file_of(shard),
            info.path + ": is damaged: LUT, scales or zero points are not those that were written");
    }
    if (form_fingerprint(info.spec_json, tensor.geometry) != source.record.form) {
        refuse(file_of(shard),
               info.path + ": is damaged: its specification is not the one that was written");
    }
    return tensor;
}

/// The tensor of all slabs.
PalettizedTensor joined_slabs(const MergedTensor& tensor, std::vector<PalettizedTensor> slabs,
                              const DatasetInfo& dataset) {
    const Geometry& first = slabs.front().geometry;
    std::size_t chunks = 0;
    for (const PalettizedTensor& slab : slabs) chunks += slab.chunks.size();
    if (first.group_axis == 0U) {
        const Geometry whole = with_rows(first, dataset.shape.front());
        if (ChunkGrid(whole).count() == chunks) return joined(std::move(slabs), whole);
    }
    refuse(file_of(*tensor.sources.front().shard),
           tensor.path + ": is damaged: its rows are not cut where groups and chunks end");
}

/// Chunks in the order of the file belong to one source after the other.
void require_checksums(const MergedTensor& tensor, const std::vector<std::size_t>& counts,
                       const std::vector<ChunkPlace>& chunks) {
    std::size_t begin = 0;
    for (std::size_t s = 0; s < tensor.sources.size(); ++s) {
        const auto own = chunks.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::vector<ChunkPlace> of_source(own, own + static_cast<std::ptrdiff_t>(counts[s]));
        if (chunks_fingerprint(of_source).text() != tensor.sources[s].record.indices) {
            refuse(file_of(*tensor.sources[s].shard),
                   tensor.path + ": is damaged: its indices are not those that were written");
        }
        begin += counts[s];
    }
}

/// What a run of the whole would have said of the slabs' errors, to the last bit.
ErrorReport joined_error(const MergedTensor& tensor, const PalettizedTensor& whole,
                         const DatasetInfo& dataset, const CheckpointReader& input) {
    ErrorTotals total;
    for (const MergedTensor::Source& source : tensor.sources) {
        if (source.record.chunks.empty()) return measure_error(input.open_weights(dataset), whole);
        for (const kernels::ErrorSums& chunk : source.record.chunks) total.add(chunk);
    }
    if (total.out_of_range()) return measure_error(input.open_weights(dataset), whole);
    return total.report(whole.geometry.weight_count);
}

/// What the results say of a tensor that is whole in a shard.
const Json& said_of(const MergedTensor& tensor) {
    const MergedTensor::Source& source = tensor.sources.front();
    return source.shard->tensors[source.tensor];
}

/// Writes a tensor; returns what the results say of it.
std::string write_one(const MergedTensor& tensor, const CheckpointReader& input,
                      CheckpointWriter& writer) {
    const Shard& first = *tensor.sources.front().shard;
    const PalettizedTensorInfo& info = first.reader->info().tensors[tensor.sources.front().tensor];
    std::vector<PalettizedTensor> parts;
    std::vector<std::size_t> chunk_counts;
    for (const MergedTensor::Source& source : tensor.sources) {
        parts.push_back(read_checked(source));
        chunk_counts.push_back(parts.back().chunks.size());
    }
    if (!tensor.sources.front().record.slab) {
        require_checksums(tensor, chunk_counts,
                          writer.write_palettized(tensor.path, parts.front(), info.spec_json));
        return text_of(said_of(tensor));
    }
    const DatasetInfo& dataset = dataset_of(tensor.path, input.info(), first);
    const PalettizedTensor whole = joined_slabs(tensor, std::move(parts), dataset);
    require_checksums(tensor, chunk_counts,
                      writer.write_palettized(tensor.path, whole, info.spec_json));
    Json said = said_of(tensor);
    put_errors(said, joined_error(tensor, whole, dataset, input));
    said["palette_fingerprint"] = palette_fingerprint(whole).text();
    return text_of(said);
}

}  // namespace

std::vector<Shard> open_shards(const std::vector<std::string>& files) {
    allow_open_files(files.size());
    std::vector<Shard> shards;
    shards.reserve(files.size());
    for (const std::string& file : files) shards.push_back(open_shard(file));
    for (const Shard& shard : shards) {
        const std::string other = difference(shards.front(), shard);
        if (!other.empty()) {
            refuse(file_of(shard), "was made " + other + " than " + file_of(shards.front()));
        }
    }
    require_all_parts(shards);
    return shards;
}

bool is_that_shard(const std::string& file, const ShardRecord& record) {
    std::error_code none;
    if (!std::filesystem::exists(file, none)) return false;
    try {
        Shard shard = open_shard(file);
        const ShardRecord& other = shard.record;
        const bool says_so =
            shard.reader->info().version == kVersion && other.choice.part == record.choice.part &&
            other.choice.parts == record.choice.parts && other.tensors == record.tensors &&
            other.input_identity == record.input_identity &&
            other.plan_identity == record.plan_identity;
        for (std::size_t t = 0; says_so && t < shard.tensors.size(); ++t) {
            const MergedTensor::Source source{&shard, t, take_piece(shard.tensors[t])};
            const auto chunks = checksums_of(read_checked(source));
            if (chunks_fingerprint(chunks).text() != source.record.indices) return false;
        }
        return says_so;
    } catch (const Error&) {  // something else lies there
        return false;
    }
}

std::vector<MergedTensor> merged_tensors(std::vector<Shard>& shards, const CheckpointInfo& input) {
    std::map<std::string, MergedTensor> by_path;
    for (Shard& shard : shards) {
        const auto& tensors = shard.reader->info().tensors;
        for (std::size_t t = 0; t < tensors.size(); ++t) {
            MergedTensor& merged = by_path[tensors[t].path];
            merged.path = tensors[t].path;
            merged.sources.push_back({&shard, t, take_piece(shard.tensors[t])});
        }
    }
    std::vector<MergedTensor> result;
    for (auto& [path, tensor] : by_path) {
        std::ranges::sort(tensor.sources, {}, [](const MergedTensor::Source& source) {
            return source.record.slab ? source.record.slab->first : 0;
        });
        const DatasetInfo& dataset = dataset_of(path, input, *tensor.sources.front().shard);
        require_all_rows(tensor, dataset.shape.front());
        for (const MergedTensor::Source& source : tensor.sources) require_shape(source, dataset);
        result.push_back(std::move(tensor));
    }
    if (result.size() != shards.front().record.tensors) {
        throw Error(ErrorCode::kInput, fmt::format("the shards have {} of {} tensors",
                                                   result.size(), shards.front().record.tensors));
    }
    return result;
}

Links links_to(const std::vector<MergedTensor>& tensors, const std::string& target) {
    namespace fs = std::filesystem;
    const fs::path folder = fs::weakly_canonical(fs::absolute(target)).parent_path();
    std::map<const Shard*, std::string> names;
    Links links;
    for (const MergedTensor& tensor : tensors) {
        const MergedTensor::Source& source = tensor.sources.front();
        if (source.record.slab) continue;
        std::string& name = names[source.shard];
        if (name.empty()) name = fs::canonical(file_of(*source.shard)).lexically_relative(folder);
        links[tensor.path] = {name, tensor.path};
    }
    return links;
}

std::vector<std::string> write_merged(const std::vector<MergedTensor>& tensors, const Links& links,
                                      const CheckpointReader& input, CheckpointWriter& writer) {
    const auto stored_bytes_of = [](const MergedTensor& tensor) {
        std::uint64_t bytes = 0;
        for (const auto& source : tensor.sources)
            bytes += source.shard->reader->info().tensors[source.tensor].bytes_stored;
        return bytes;
    };
    std::uint64_t bytes = 0;
    for (const MergedTensor& tensor : tensors) bytes += stored_bytes_of(tensor);
    Progress progress(tensors.size(), bytes, progress_on_stderr());
    std::vector<std::string> said;
    said.reserve(tensors.size());
    for (const MergedTensor& tensor : tensors) {
        progress.begin(tensor.path);
        if (links.contains(tensor.path)) {
            (void)read_checked(tensor.sources.front());
            said.push_back(text_of(said_of(tensor)));
        } else {
            said.push_back(write_one(tensor, input, writer));
        }
        progress.end(stored_bytes_of(tensor));
    }
    return said;
}

std::vector<std::string> paths_of(const std::vector<MergedTensor>& tensors, const Links& links) {
    std::vector<std::string> paths;
    for (const MergedTensor& tensor : tensors) {
        if (!links.contains(tensor.path)) paths.push_back(tensor.path);
    }
    return paths;
}

void require_input_of(const Shard& shard, const CheckpointInfo& input) {
    const std::string identity = input_fingerprint(input) + " " + content_stamp(input.file);
    // Sensitivities follow, where there are some.
    if ((shard.record.input_identity + " ").starts_with(identity + " ")) return;
    refuse(input.file, "is not, or no longer, the file that " + file_of(shard) +
                           " was made from (a copy keeps its time of change with cp -p)");
}

}  // namespace pal
