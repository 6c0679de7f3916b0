#include "io/checkpoint_reader.hpp"

#include "io/hdf5_types.hpp"
#include "io/reader_impl.hpp"

namespace pal {

CheckpointReader::CheckpointReader(const std::string& path) : impl_(std::make_unique<Impl>()) {
    impl_->path = path;
    impl_->file = open_checkpoint(path, impl_->info);
    try {
        scan_checkpoint(*impl_);
    } catch (const Error& error) {
        throw Error(ErrorCode::kInput, path + ": " + error.what());
    }
}

CheckpointReader::~CheckpointReader() = default;

const CheckpointInfo& CheckpointReader::info() const noexcept { return impl_->info; }

WeightValues CheckpointReader::read_weights(const DatasetInfo& info) const {
    try {
        if (!info.unreadable.empty()) throw Error(ErrorCode::kInput, info.unreadable);
        const h5::Dataset dataset = h5::open_dataset(impl_->file.get(), info.path);
        const h5::Type type = h5::dataset_type(dataset.get());
        const h5::StoredType stored = h5::classify_type(type.get(), dataset.get());
        if (!stored.dtype) {
            throw Error(ErrorCode::kInput, "holds " + stored.name + ", not floating-point weights");
        }
        const h5::Space space = h5::dataset_space(dataset.get());
        const Shape shape = h5::space_shape(space.get());
        const auto count = element_count(shape);
        if (!count || shape != info.shape || *count > (std::uint64_t{1} << 48)) {
            throw Error(ErrorCode::kInput, "impossible shape " + shape_to_string(shape));
        }
        return h5::read_values(dataset.get(), type.get(), stored, info.element_count);
    } catch (const std::bad_alloc&) {
        throw Error(ErrorCode::kInput, impl_->path + ": " + info.path + ": not enough memory for " +
                                           std::to_string(info.bytes) + " bytes of shape " +
                                           shape_to_string(info.shape));
    } catch (const Error& error) {
        throw Error(error.code(), impl_->path + ": " + info.path + ": " + error.what());
    }
}

}  // namespace pal
