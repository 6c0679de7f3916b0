#include "pipeline/merge/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "stages/tensor/error.hpp"
#include "stages/weights/slab.hpp"

namespace pal {

namespace {

[[noreturn]] void refuse(const Shard& shard, const std::string& why) {
    throw Error(ErrorCode::kInput, shard.file() + ": " + why);
}

const DatasetInfo& dataset_of(const std::string& path, const CheckpointInfo& input,
                              const Shard& shard) {
    const auto found = std::ranges::lower_bound(input.datasets, path, {}, &DatasetInfo::path);
    if (found == input.datasets.end() || found->path != path || !found->dtype ||
        found->shape.empty()) {
        refuse(shard, "has a tensor " + path + " that " + input.file + " has not");
    }
    return *found;
}

/// Checks that the sources are the whole tensor, or slabs that lie one after the other.
void require_all_rows(const MergedTensor& tensor, std::uint64_t rows) {
    std::uint64_t next = 0;
    for (const MergedTensor::Source& source : tensor.sources) {
        const Slab slab = source.record().slab.value_or(Slab{0, rows});
        if (slab.first != next || slab.rows == 0 || slab.rows > rows - next) {
            refuse(*source.shard,
                   fmt::format("{}: rows {} to {} do not follow on row {} of another shard",
                               tensor.path, slab.first, slab.first + slab.rows - 1, next));
        }
        next += slab.rows;
    }
    if (next == rows) return;
    throw Error(ErrorCode::kInput,
                fmt::format("{}: rows {} to {} are in no shard", tensor.path, next, rows - 1));
}

/// Checks that a source has the type and shape of the input's tensor, or of some of its rows.
void require_shape(const MergedTensor::Source& source, const DatasetInfo& dataset) {
    const PalettizedTensorInfo& info = source.info();
    Shape shape = dataset.shape;
    if (const auto& slab = source.record().slab) shape[0] = slab->rows;
    if (info.shape == shape && info.dtype == dataset.dtype) return;
    refuse(*source.shard, fmt::format("{}: is damaged: {} {} is not what the input has", info.path,
                                      dtype_name(info.dtype), shape_to_string(info.shape)));
}

/// Joins all slabs of a tensor.
PalettizedTensor joined_slabs(const MergedTensor& tensor, std::vector<PalettizedTensor> slabs,
                              const DatasetInfo& dataset) {
    const Geometry& first = slabs.front().geometry;
    std::size_t chunks = 0;
    for (const PalettizedTensor& slab : slabs) chunks += slab.chunks.size();
    if (first.group_axis == 0U) {
        const Geometry whole = with_rows(first, dataset.shape.front());
        if (ChunkGrid(whole).count() == chunks) return joined(std::move(slabs), whole);
    }
    refuse(*tensor.sources.front().shard,
           tensor.path + ": is damaged: its rows are not cut where groups and chunks end");
}

/// Checks the chunks, which lie in the file source by source. counts: chunks of each source.
void require_checksums(const MergedTensor& tensor, const std::vector<std::size_t>& counts,
                       const std::vector<ChunkPlace>& chunks) {
    std::size_t begin = 0;
    for (std::size_t s = 0; s < tensor.sources.size(); ++s) {
        const auto own = chunks.begin() + static_cast<std::ptrdiff_t>(begin);
        const std::vector<ChunkPlace> of_source(own, own + static_cast<std::ptrdiff_t>(counts[s]));
        if (chunks_fingerprint(of_source).text() !=
            tensor.sources[s].record().result.indices_fingerprint) {
            refuse(*tensor.sources[s].shard,
                   tensor.path + ": is damaged: its indices are not those that were written");
        }
        begin += counts[s];
    }
}

/// Returns the error that a run of the whole tensor would report, to the last bit.
ErrorReport joined_error(const MergedTensor& tensor, const PalettizedTensor& whole,
                         const DatasetInfo& dataset, const CheckpointReader& input) {
    ErrorTotals total;
    for (const MergedTensor::Source& source : tensor.sources) {
        const auto& chunks = source.record().result.error.chunks;
        if (chunks.empty()) return measure_error(input.open_weights(dataset), whole);
        for (const kernels::ErrorSums& chunk : chunks) total.add(chunk);
    }
    if (total.out_of_range()) return measure_error(input.open_weights(dataset), whole);
    return total.report(whole.geometry.weight_count);
}

/// Writes a tensor and returns its record.
TensorRecord write_one(const MergedTensor& tensor, const CheckpointReader& input,
                       CheckpointWriter& writer) {
    const MergedTensor::Source& first = tensor.sources.front();
    const std::string& spec_json = first.info().spec_json;
    std::vector<PalettizedTensor> parts;
    std::vector<std::size_t> chunk_counts;
    for (const MergedTensor::Source& source : tensor.sources) {
        parts.push_back(read_checked(*source.shard, source.tensor));
        chunk_counts.push_back(parts.back().chunks.size());
    }
    TensorRecord record = first.record();
    if (!record.slab) {
        require_checksums(tensor, chunk_counts,
                          writer.write_palettized(tensor.path, parts.front(), spec_json));
        return record;
    }
    const DatasetInfo& dataset = dataset_of(tensor.path, input.info(), *first.shard);
    const PalettizedTensor whole = joined_slabs(tensor, std::move(parts), dataset);
    require_checksums(tensor, chunk_counts, writer.write_palettized(tensor.path, whole, spec_json));
    record.slab.reset();
    record.result.error = joined_error(tensor, whole, dataset, input);
    record.result.palette_fingerprint = palette_fingerprint(whole).text();
    return record;
}

std::uint64_t stored_bytes_of(const MergedTensor& tensor) {
    std::uint64_t bytes = 0;
    for (const MergedTensor::Source& source : tensor.sources) bytes += source.info().bytes_stored;
    return bytes;
}

}  // namespace

std::vector<MergedTensor> merged_tensors(const std::vector<Shard>& shards,
                                         const CheckpointInfo& input) {
    std::map<std::string, MergedTensor> by_path;
    for (const Shard& shard : shards) {
        const auto& tensors = shard.reader->info().tensors;
        for (std::size_t t = 0; t < tensors.size(); ++t) {
            MergedTensor& merged = by_path[tensors[t].path];
            merged.path = tensors[t].path;
            merged.sources.push_back({&shard, t});
        }
    }
    std::vector<MergedTensor> result;
    for (auto& [path, tensor] : by_path) {
        std::ranges::sort(tensor.sources, {}, [](const MergedTensor::Source& source) {
            return source.record().slab ? source.record().slab->first : 0;
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
        if (source.record().slab) continue;
        std::string& name = names[source.shard];
        if (name.empty()) name = fs::canonical(source.shard->file()).lexically_relative(folder);
        links[tensor.path] = {name, tensor.path};
    }
    return links;
}

std::vector<std::string> paths_of(const std::vector<MergedTensor>& tensors, const Links& links) {
    std::vector<std::string> paths;
    for (const MergedTensor& tensor : tensors) {
        if (!links.contains(tensor.path)) paths.push_back(tensor.path);
    }
    return paths;
}

std::vector<TensorRecord> write_merged(const std::vector<MergedTensor>& tensors, const Links& links,
                                       const CheckpointReader& input, CheckpointWriter& writer) {
    std::uint64_t bytes = 0;
    for (const MergedTensor& tensor : tensors) bytes += stored_bytes_of(tensor);
    Progress progress(tensors.size(), bytes, progress_on_stderr());
    std::vector<TensorRecord> records;
    records.reserve(tensors.size());
    for (const MergedTensor& tensor : tensors) {
        progress.begin(tensor.path);
        if (links.contains(tensor.path)) {
            const MergedTensor::Source& source = tensor.sources.front();
            (void)read_checked(*source.shard, source.tensor);
            records.push_back(source.record());
        } else {
            records.push_back(write_one(tensor, input, writer));
        }
        progress.end(stored_bytes_of(tensor));
    }
    return records;
}

}  // namespace pal
