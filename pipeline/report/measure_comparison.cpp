#include "pipeline/report/measure_comparison.hpp"

#include <cstdint>

#include "pipeline/console/log.hpp"
#include "pipeline/console/progress.hpp"
#include "pipeline/report/verify.hpp"

namespace pal {

namespace {

std::uint64_t dense_bytes(const ComparedTensor& tensor) {
    std::uint64_t bytes = 0;
    for (const ComparedSide* side : {&tensor.a, &tensor.b}) {
        if (side->palettized != nullptr) bytes += side->palettized->dense_bytes;
    }
    return bytes;
}

void measure_side(const CheckpointReader& original, const CheckpointReader& reader,
                  ComparedSide& side, std::vector<std::string>& missing) {
    if (side.palettized == nullptr) return;
    const PalettizedTensorInfo& info = *side.palettized;
    const DatasetInfo* source = original_of(original.info(), info);
    if (source == nullptr) {
        const std::string text = info.path + ": " + original.info().file +
                                 " has no such tensor of shape " + shape_to_string(info.shape) +
                                 " and type " + std::string(dtype_name(info.dtype));
        // A and B lack the same one.
        if (missing.empty() || missing.back() != text) missing.push_back(text);
        return;
    }
    side.measured =
        measure_error(original.open_weights(*source), reader.read_palettized(info.path));
    original.require_whole(info.path);
}

}  // namespace

std::vector<std::string> measure_comparison(std::vector<ComparedTensor>& tensors,
                                            const CheckpointReader& original,
                                            const CheckpointReader& a, const CheckpointReader& b) {
    std::uint64_t bytes = 0;
    for (const ComparedTensor& tensor : tensors) bytes += dense_bytes(tensor);
    std::vector<std::string> missing;
    Progress progress(tensors.size(), bytes, progress_on_stderr());
    for (ComparedTensor& tensor : tensors) {
        progress.begin(tensor.path);
        measure_side(original, a, tensor.a, missing);
        measure_side(original, b, tensor.b, missing);
        progress.end(dense_bytes(tensor));
    }
    return missing;
}

}  // namespace pal
