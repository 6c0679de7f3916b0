#include "pipeline/report/stored_spec.hpp"

#include "configs/text/parse_config.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

const PalettizationSpec& StoredSpecs::of(const PalettizedTensorInfo& tensor,
                                         const std::string& file) {
    const auto found = known_.find(tensor.spec_json);
    if (found != known_.end()) return found->second;
    try {
        const Config config = parse_config(
            R"({"kmeans_palettization_config":{"global_config":{"op_state_spec":{"weight":)" +
                tensor.spec_json + "}}}}",
            "palettized_spec");
        return known_[tensor.spec_json] =
                   config.global_config->op_state_spec->front().second.value();
    } catch (const std::exception& error) {
        throw Error(ErrorCode::kInput,
                    file + ": " + tensor.path + ": palettized_spec is damaged: " + error.what());
    }
}

}  // namespace pal
