#include "io/read/describe_dataset.hpp"

#include <optional>
#include <utility>

#include "io/h5/chunk_layout.hpp"
#include "io/h5/datatypes.hpp"
#include "io/h5/foreign_storage.hpp"
#include "io/h5/raw_value.hpp"
#include "io/h5/references.hpp"
#include "io/h5/storage.hpp"
#include "io/read/plausible.hpp"

namespace pal {

namespace {

class DatasetDescription {
  public:
    DatasetDescription(Checkpoint& checkpoint, const FoundDataset& dataset)
        : checkpoint_(checkpoint),
          dataset_(dataset),
          type_(h5::dataset_type(dataset.id)),
          plist_(h5::dataset_plist(dataset.id)) {}

    DatasetInfo run(VirtualReaders& readers) {
        read_size();
        stored_ = h5::classify_type(type_.get(), dataset_.id);
        info_.stored_type = stored_.name;
        info_.dtype = stored_.dtype;
        describe_layout();
        note_sources(readers);
        describe_filters();
        require_known_times();
        note_damage();
        stored_.dtype ? note_weights() : note_other_data();
        note_structure();
        return std::move(info_);
    }

  private:
    void read_size() {
        const h5::Space space = checkpoint_.options.follow_external
                                    ? h5::dataset_space(dataset_.id)
                                    : h5::own_space(dataset_.id, plist_.get());
        info_.shape = h5::space_shape(space.get());
        const Shape largest = h5::space_largest(space.get());
        for (std::size_t d = 0; d < largest.size(); ++d) {
            if (info_.shape[d] > largest[d])
                refuse_shape("beyond the largest that it may have; the file is damaged");
        }
        const auto points =
            h5::call("read a shape", [&] { return H5Sget_simple_extent_npoints(space.get()); });
        info_.element_count = static_cast<std::uint64_t>(points);
        std::size_t element_bytes = 0;
        h5::succeeds([&] { return (element_bytes = H5Tget_size(type_.get())) == 0 ? -1 : 0; });
        if (__builtin_mul_overflow(info_.element_count, element_bytes, &info_.bytes))
            refuse_shape("larger than any memory; the file is damaged");
    }

    [[noreturn]] void refuse_shape(const std::string& reason) const {
        throw Error(ErrorCode::kInput, dataset_.path + ": the shape " +
                                           shape_to_string(info_.shape) + " is " + reason);
    }

    void describe_layout() {
        const H5D_layout_t layout = h5::layout_of(plist_.get());
        const std::string foreign = h5::foreign_storage(plist_.get());
        info_.storage = !foreign.empty()           ? foreign
                        : layout == H5D_COMPACT    ? "compact"
                        : layout == H5D_CONTIGUOUS ? "contiguous"
                                                   : "chunked";
        if (layout == H5D_CHUNKED) describe_chunks();
        if (!foreign.empty()) info_.unreadable = why_not_followed(foreign);
    }

    void describe_chunks() {
        if (info_.element_count == 0) return;
        const Shape chunk = h5::plist_chunk(plist_.get(), info_.shape.size());
        info_.chunk_bytes = element_count(chunk).value_or(0) * (info_.bytes / info_.element_count);
        const std::size_t in_a_row = ChunkLayout(info_.shape, chunk).row_count();
        if (__builtin_mul_overflow(info_.chunk_bytes, in_a_row, &info_.chunk_row_bytes))
            info_.chunk_row_bytes = 0;
    }

    /// Returns why data in other files is not read; empty if it is.
    [[nodiscard]] std::string why_not_followed(const std::string& foreign) const {
        const std::string what = "its data is in other files (" + foreign + " storage)";
        if (!checkpoint_.options.follow_external) return what + "; --follow-external reads them";
        try {
            const std::string missing =
                h5::missing_source(plist_.get(), checkpoint_.path, info_.bytes);
            return missing.empty() ? "" : what + ": " + missing;
        } catch (const Error& error) {
            throw error.in(dataset_.path);
        }
    }

    void note_sources(VirtualReaders& readers) const {
        for (const std::string& source : h5::sources_in_own_file(plist_.get()))
            readers[source.starts_with('/') ? source : "/" + source] = dataset_.path;
    }

    void describe_filters() {
        for (const h5::Filter& filter : h5::filters_of(plist_.get())) {
            const std::string name = h5::filter_name(filter.id);
            info_.storage += " " + name;
            if (h5::is_available(filter.id)) continue;
            info_.unreadable =
                "is filtered by " + name + ", which is not available here" +
                (checkpoint_.options.allow_plugins
                     ? "; set HDF5_PLUGIN_PATH to a folder that has it"
                     : "; --allow-plugins loads it from a folder of HDF5_PLUGIN_PATH");
        }
    }

    /// Throws h5::Failure for times that are none: a copy would have them too.
    void require_known_times() const {
        static_cast<void>(h5::fill_time(plist_.get()));
        static_cast<void>(h5::alloc_time(plist_.get()));
    }

    /// Finds values that cannot be there. They are not read, and a file that cannot be copied
    /// because of them is unsupported.
    void note_damage() {
        if (!info_.unreadable.empty()) return;
        if (info_.storage.starts_with("chunked")) note_damaged_chunks();
        const bool in_one_piece = info_.storage == "contiguous" || info_.storage == "compact";
        if (in_one_piece && !h5::holds_variable_length(type_.get())) note_damaged_piece();
        info_.damaged = !info_.unreadable.empty();
    }

    void note_damaged_chunks() {
        const std::uint64_t file_bytes = checkpoint_.info.file_bytes;
        info_.unreadable = implausible_chunks(info_, file_bytes);
        if (!info_.unreadable.empty()) {
            checkpoint_.implausible.insert(dataset_.address);
            return;
        }
        const std::string damage = damage_of_index(dataset_.id, file_bytes);
        if (info_.dtype) {
            info_.unreadable = damage;
        } else if (!damage.empty()) {  // a copy does not look at its data
            checkpoint_.note_unsupported(dataset_.path + ": " + damage + "; the file is damaged");
        }
    }

    void note_damaged_piece() {
        info_.unreadable = implausible_storage(dataset_.id, info_, checkpoint_.info.file_bytes);
        if (info_.unreadable.empty()) return;
        info_.unreadable += "; the file is damaged";
        checkpoint_.note_unsupported(dataset_.path + ": " + info_.unreadable);
    }

    void note_weights() {
        const bool contiguous = info_.storage == "contiguous";
        const auto offset = contiguous ? h5::file_offset(dataset_.id) : std::nullopt;
        checkpoint_.weights[dataset_.address] = {stored_, kept_type(), offset};
        if (contiguous) {
            info_.bytes_in_file = offset ? info_.bytes : 0;
        } else if (info_.unreadable.empty()) {
            info_.bytes_in_file = h5::storage_bytes(dataset_.id);
        }
    }

    /// Notes the sizes that the size of an output follows from.
    void note_structure() {
        const H5O_info_t header = h5::object_info(dataset_.id);
        info_.form = {checkpoint_.info.root.superblock, header.hdr.version,
                      h5::attribute_order(header)};
        if (!info_.unreadable.empty()) {  // the index of chunks may be damaged too
            info_.structure_bytes = header.hdr.space.total - h5::uncopied_bytes(header);
        } else if (info_.storage.starts_with("chunked")) {
            info_.structure_bytes = h5::copied_bytes_with_chunks(dataset_.id);
        } else {
            info_.structure_bytes = h5::copied_bytes(dataset_.id);
        }
        const bool compact = info_.storage.starts_with("compact");
        if (compact) info_.structure_bytes -= std::min(info_.structure_bytes, info_.bytes);
        if (stored_.dtype) {
            info_.storage_text_bytes = storage_text_bytes();
            return;
        }
        const bool is_here = h5::foreign_storage(plist_.get()).empty();
        checkpoint_.info.structure_bytes += info_.structure_bytes;
        if (is_here) checkpoint_.info.structure_bytes += h5::storage_bytes(dataset_.id);
    }

    /// Datasets of one kind and shape have much the same text; it takes long to write.
    [[nodiscard]] std::uint64_t storage_text_bytes() {
        const auto [known, is_new] = checkpoint_.storage_text_bytes.try_emplace(
            info_.storage + shape_to_string(info_.shape));
        if (is_new)
            known->second = h5::describe_storage(dataset_.id, type_.get(), plist_.get()).size();
        return known->second;
    }

    /// Returns the checkpoint's copy of the type. Weights have few types: one copy of each is kept.
    hid_t kept_type() {
        for (const h5::Type& kept : checkpoint_.types) {
            if (h5::equal_types(kept.get(), type_.get())) return kept.get();
        }
        checkpoint_.types.push_back(h5::copy_type(type_.get()));
        return checkpoint_.types.back().get();
    }

    /// Notes data that a copy has to look into, as its bytes mean something in this file alone.
    void note_other_data() {
        note_damaged_type(checkpoint_, type_.get(), dataset_.path);
        if (h5::holds_references(type_.get())) note_references();
        if (h5::holds_variable_length(type_.get())) note_variable_length();
    }

    /// A copy holds references to its own objects, and so has to decode and write them.
    void note_references() {
        if (fill_value_refers()) checkpoint_.delicate_fills.insert(dataset_.address);
        if (!info_.unreadable.empty()) {
            checkpoint_.note_unsupported("the references in " + dataset_.path + ": " +
                                         info_.unreadable);
        }
        if (h5::foreign_storage(plist_.get()).empty())
            checkpoint_.references.push_back({dataset_.address, dataset_.path, ""});
    }

    [[nodiscard]] bool fill_value_refers() const {
        std::optional<h5::RawValue> fill = h5::read_fill(plist_.get(), type_.get());
        bool refers = false;
        if (fill) {
            h5::for_each_reference(*fill, [&](H5R_type_t, const unsigned char* bytes) {
                refers = refers || h5::object_of(bytes) != 0;
            });
        }
        return refers;
    }

    void note_variable_length() {
        if (h5::fill_defined(plist_.get()) == H5D_FILL_VALUE_USER_DEFINED)
            checkpoint_.delicate_fills.insert(dataset_.address);
        // H5Ocopy crashes where it cannot decode the chunks.
        if (!info_.unreadable.empty() && h5::foreign_storage(plist_.get()).empty()) {
            checkpoint_.note_unsupported("the variable-length data of " + dataset_.path + ": " +
                                         info_.unreadable);
        }
        if (info_.unreadable.empty()) note_heap_bytes();
    }

    /// Values that cannot be read are found when they are copied.
    void note_heap_bytes() {
        try {
            checkpoint_.info.heaps.add(h5::heap_bytes(dataset_.id));
        } catch (const h5::Failure&) {
        }
    }

    Checkpoint& checkpoint_;
    const FoundDataset& dataset_;
    h5::Type type_;
    h5::Plist plist_;
    h5::StoredType stored_;
    DatasetInfo info_;
};

}  // namespace

DatasetInfo describe_dataset(Checkpoint& checkpoint, const FoundDataset& dataset,
                             VirtualReaders& readers) {
    return DatasetDescription(checkpoint, dataset).run(readers);
}

void note_damaged_type(Checkpoint& checkpoint, hid_t type, const std::string& where) {
    if (h5::is_damaged(type)) checkpoint.note_unsupported(where + ": its type is damaged");
}

}  // namespace pal
