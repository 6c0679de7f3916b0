#include "io/write/checkpoint_writer.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "io/files/paths.hpp"
#include "io/guard/memory_fence.hpp"
#include "io/h5/attributes.hpp"
#include "io/read/plausible.hpp"
#include "io/write/copy/copy_skeleton.hpp"
#include "io/write/copy/copy_tree.hpp"
#include "io/write/copy/create_like.hpp"
#include "io/write/dense_sink.hpp"
#include "io/write/restorable.hpp"
#include "io/write/write_group.hpp"
#include "io/write/write_indices.hpp"
#include "io/write/writer_impl.hpp"

namespace pal {

namespace {

/// Estimates the bytes of a copy without the objects at the addresses `left_out`.
std::uint64_t copied_bytes(const Checkpoint& source, const std::set<haddr_t>& left_out) {
    std::uint64_t bytes =
        source.info.file_bytes - std::min(source.info.file_bytes, source.info.dropped.bytes);
    const auto leave_out = [&](const std::string& path, std::uint64_t own_bytes) {
        if (left_out.count(source.address_of(path)) == 0) return;
        bytes -= std::min(bytes, own_bytes);
    };
    for (const DatasetInfo& dataset : source.info.datasets) leave_out(dataset.path, dataset.bytes);
    for (const PalettizedTensorInfo& tensor : source.info.tensors) {
        leave_out(tensor.path, tensor.bytes_stored);
    }
    return bytes;
}

}  // namespace

CheckpointWriter::CheckpointWriter(const CheckpointReader& source, const std::string& target,
                                   bool force, const std::vector<std::string>& replaced,
                                   const std::string& partial_path, Copies copies)
    : impl_(std::make_unique<Impl>(source, target, force, partial_path)) {
    make(replaced, {}, copies);
}

CheckpointWriter::CheckpointWriter(const CheckpointReader& source, const std::string& target,
                                   bool force, const std::vector<std::string>& replaced,
                                   const Links& links, const std::string& partial_path)
    : impl_(std::make_unique<Impl>(source, target, force, partial_path)) {
    make(replaced, links, Copies::kEverything);
}

void CheckpointWriter::make(const std::vector<std::string>& replaced, const Links& links,
                            Copies copies) {
    const auto& info = impl_->source.info;
    if (!info.unsupported.empty())
        throw Error(ErrorCode::kInput, impl_->source.path + ": cannot copy " + info.unsupported);
    if (!info.reserved.empty())
        throw Error(ErrorCode::kInput, impl_->source.path + ": " + info.reserved);
    if (!links.empty() && !impl_->source.references.empty()) {
        throw Error(ErrorCode::kInput, impl_->source.path + ": " +
                                           impl_->source.references.front().path +
                                           " holds references, which do not lead into other files");
    }
    if (impl_->source.has_format) require_restorable(impl_->source, replaced, impl_->target);
    std::set<haddr_t> addresses;
    for (const std::string& path : replaced) addresses.insert(impl_->replaced_address(path));
    LinkedObjects linked;
    std::set<haddr_t> left_out = addresses;
    for (const auto& [path, elsewhere] : links) {
        const haddr_t address = impl_->replaced_address(path);
        linked[address] = elsewhere;
        left_out.insert(address);
    }
    // A palettized file is none any more once all of its tensors are dense again.
    const bool drop_documents = impl_->source.has_format && addresses.size() == info.tensors.size();
    for (const auto& [place, number] : impl_->source.linked) {
        const std::filesystem::path folder = folder_of(impl_->source.path);
        impl_->partial.is_made_of((folder / place.first).string());
    }
    const bool everything = copies == Copies::kEverything;
    if (everything) impl_->partial.require_room(copied_bytes(impl_->source, left_out));
    impl_->guarded("", [&] {
        impl_->file = create_like(impl_->source, impl_->partial.path());
        impl_->partial.created(h5::descriptor_of(impl_->file.get()));
    });
    // There is room and the file could be made: failures are now in the source or on the disk.
    impl_->guarded(
        "",
        [&] {
            with_memory_fence(most_library_bytes(info.file_bytes), [&] {
                const hid_t file = impl_->file.get();
                impl_->stand_ins =
                    everything ? copy_tree(impl_->source, file, addresses, linked, drop_documents)
                               : copy_skeleton(impl_->source, file, addresses);
            });
        },
        true);
}

CheckpointWriter::~CheckpointWriter() = default;

std::vector<ChunkPlace> CheckpointWriter::write_palettized(const std::string& path,
                                                           const PalettizedTensor& tensor,
                                                           const std::string& spec_json) {
    std::vector<ChunkPlace> places;
    impl_->guarded(" (" + path + ")", [&] {
        const StoredWeights* const weights = impl_->source.weights_at(path);
        PAL_ASSERT(weights != nullptr && weights->stored.dtype == tensor.dtype);
        const auto group = impl_->open_stand_in<h5::Group>(path);
        write_group_attributes(group.get(), tensor, spec_json);
        if (tensor.geometry.output_dims > 1 || tensor.geometry.group_dims > 1)
            impl_->needs_format_2 = true;
        places = write_indices(group.get(), tensor, impl_->index_storages, impl_->chunk_notes());
        write_luts(group.get(), tensor, *weights, spec_json);
    });
    return places;
}

std::unique_ptr<WeightSink> CheckpointWriter::open_dense(const std::string& path, DType dtype,
                                                         std::size_t count) {
    std::unique_ptr<WeightSink> sink;
    impl_->guarded(" (" + path + ")", [&] { sink = make_dense_sink(*impl_, path, dtype, count); });
    return sink;
}

void CheckpointWriter::finish(const std::string& config_json) {
    impl_->guarded("", [&] {
        const hid_t file = impl_->file.get();
        if (!config_json.empty()) {
            const h5::Group root = h5::open_group(file, "/");
            const bool is_new = impl_->needs_format_2 || impl_->stand_ins.has_renamed_attributes;
            write_documents(root.get(), config_json, is_new ? 2 : 1);
            h5::call("flush", [&] { return H5Fflush(file, H5F_SCOPE_LOCAL); });
            h5::write_integers(root.get(), "h5palettize_complete", {1}, true);
        }
        h5::call("flush", [&] { return H5Fflush(file, H5F_SCOPE_LOCAL); });
        impl_->file.close_checked("close");
    });
    impl_->partial.copy_head(impl_->source.path, impl_->source.info.user_block_bytes);
}

void CheckpointWriter::is_made_of(const std::string& file) { impl_->partial.is_made_of(file); }

std::uint64_t CheckpointWriter::sync() { return impl_->partial.sync(); }

void CheckpointWriter::publish() { impl_->partial.publish(); }

void CheckpointWriter::commit(const std::string& config_json) {
    finish(config_json);
    publish();
}

}  // namespace pal
