#include "io/read/checkpoint_reader.hpp"

#include "io/guard/memory_fence.hpp"
#include "io/read/checkpoint.hpp"
#include "io/read/dropped.hpp"
#include "io/read/open.hpp"
#include "io/read/open_weights.hpp"
#include "io/read/plausible.hpp"
#include "io/read/read_palettized.hpp"
#include "io/read/scan.hpp"

namespace pal {

CheckpointReader::CheckpointReader(const std::string& path, const ReadOptions& options)
    : impl_(std::make_unique<Checkpoint>()) {
    impl_->path = path;
    impl_->options = options;
    h5::allow_plugins(options.allow_plugins);
    impl_->suspect.emplace(path);
    impl_->raw = RawFile(path);
    h5::watch_calls(impl_->raw.size_bytes());
    impl_->file = open_checkpoint(path, impl_->raw, impl_->info);
    try {
        with_memory_fence(most_library_bytes(impl_->info.file_bytes),
                          [&] { scan_checkpoint(*impl_); });
    } catch (const Error& error) {
        throw error.in(path);
    }
}

CheckpointReader::~CheckpointReader() = default;

const CheckpointInfo& CheckpointReader::info() const noexcept { return impl_->info; }

Weights CheckpointReader::open_weights(const DatasetInfo& dataset,
                                       std::optional<std::uint64_t> kept_bytes) const {
    return pal::open_weights(*impl_, dataset, kept_bytes);
}

void CheckpointReader::require_whole(const std::string& path) const {
    try {
        impl_->raw.require_whole();
    } catch (const Error& error) {
        throw Error(error.code(), impl_->path + ": " + path + ": " + error.what());
    }
}

std::set<std::string> CheckpointReader::topmost_links(const std::set<std::string>& datasets) const {
    return pal::topmost_links(*impl_, datasets);
}

PalettizedTensor CheckpointReader::read_palettized(const std::string& path) const {
    return pal::read_palettized(*impl_, path);
}

}  // namespace pal
