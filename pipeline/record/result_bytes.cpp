#include "pipeline/record/result_bytes.hpp"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "io/files/foreign_json.hpp"

namespace pal {

namespace {

using Cbor = nlohmann::json;
using Sums = std::vector<kernels::ErrorSums>;

Cbor blob(const Sums& sums) {
    std::vector<std::uint8_t> bytes(sums.size() * sizeof(kernels::ErrorSums));
    if (!bytes.empty()) std::memcpy(bytes.data(), sums.data(), bytes.size());
    return Cbor::binary(std::move(bytes));
}

Sums sums_from(const Cbor& json) {
    const std::vector<std::uint8_t>& bytes = json.get_binary();
    Sums sums(bytes.size() / sizeof(kernels::ErrorSums));
    if (!sums.empty()) std::memcpy(sums.data(), bytes.data(), sums.size() * sizeof sums.front());
    return sums;
}

TensorResult result_from(const Cbor& json) {
    TensorResult result;
    result.finished = json.at("finished");
    result.failed = json.at("failed");
    result.code = json.at("code");
    result.message = json.at("message");
    result.seconds = json.at("seconds");
    const Cbor& error = json.at("error");
    result.error = {error.at(0), error.at(1), error.at(2),
                    error.at(3), error.at(4), sums_from(json.at("chunks"))};
    if (json.contains("gap")) result.optimality_gap = json.at("gap").get<double>();
    if (json.contains("weighted")) {
        const Cbor& weighted = json.at("weighted");
        result.weighted = WeightedError{weighted.at(0), weighted.at(1), weighted.at(2)};
    }
    result.palette_fingerprint = json.at("palette");
    result.indices_fingerprint = json.at("indices");
    return result;
}

}  // namespace

std::string to_bytes(const TensorResult& result) {
    const ErrorReport& error = result.error;
    Cbor json{
        {"finished", result.finished},
        {"failed", result.failed},
        {"code", result.code},
        {"message", result.message},
        {"seconds", result.seconds},
        {"error", {error.mse, error.sqnr_db, error.max_abs_error, error.finite, error.energy}},
        {"chunks", blob(error.chunks)},
        {"palette", result.palette_fingerprint},
        {"indices", result.indices_fingerprint}};
    if (result.optimality_gap) json["gap"] = *result.optimality_gap;
    if (const auto& weighted = result.weighted)
        json["weighted"] = {weighted->squared, weighted->energy, weighted->mse};
    std::string bytes;
    Cbor::to_cbor(json, bytes);
    return bytes;
}

TensorResult result_from_bytes(std::string_view bytes) {
    try {
        return result_from(Cbor(read_cbor(bytes)));
    } catch (const Cbor::exception&) {
        throw Error(ErrorCode::kInput, "the bytes are no tensor result");
    }
}

}  // namespace pal
