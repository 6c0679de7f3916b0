#include "pipeline/report/file_result.hpp"

#include <nlohmann/json.hpp>

#include "io/files/foreign_json.hpp"
#include "pipeline/record/result_bytes.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Cbor = nlohmann::json;

Cbor blob(const std::string& bytes) {
    return Cbor::binary(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
}

std::string unblob(const Cbor& json) {
    const std::vector<std::uint8_t>& bytes = json.get_binary();
    return {bytes.begin(), bytes.end()};
}

FileResult file_result_from(const Cbor& json) {
    FileResult result;
    for (const Cbor& tensor : json.at("tensors"))
        result.tensors.push_back(result_from_bytes(unblob(tensor)));
    for (const Cbor& left : json.at("left_dense"))
        result.left_dense.push_back({left.at(0), left.at(1)});
    result.input = unblob(json.at("input"));
    result.output = unblob(json.at("output"));
    result.file_bytes_in = json.at("bytes_in");
    result.file_bytes_out = json.at("bytes_out");
    result.wall_seconds = json.at("seconds");
    result.threads = json.at("threads");
    result.engine = json.at("engine");
    result.profile_json = unblob(json.at("profile_json"));
    result.profile_table = unblob(json.at("profile_table"));
    return result;
}

}  // namespace

std::string to_bytes(const FileResult& result) {
    Cbor tensors = Cbor::array();
    for (const TensorResult& tensor : result.tensors) tensors.push_back(blob(to_bytes(tensor)));
    Cbor left_dense = Cbor::array();
    for (const LeftDense& left : result.left_dense) left_dense.push_back({left.entry, left.reason});
    const Cbor json{{"tensors", std::move(tensors)},
                    {"left_dense", std::move(left_dense)},
                    {"input", blob(result.input)},
                    {"output", blob(result.output)},
                    {"bytes_in", result.file_bytes_in},
                    {"bytes_out", result.file_bytes_out},
                    {"seconds", result.wall_seconds},
                    {"threads", result.threads},
                    {"engine", result.engine},
                    {"profile_json", blob(result.profile_json)},
                    {"profile_table", blob(result.profile_table)}};
    std::string bytes;
    Cbor::to_cbor(json, bytes);
    return bytes;
}

FileResult file_result_from_bytes(std::string_view bytes) {
    try {
        return file_result_from(Cbor(read_cbor(bytes)));
    } catch (const Cbor::exception&) {
        throw Error(ErrorCode::kInput, "the bytes are no result of a file");
    }
}

void apply_result(Plan& plan, const FileResult& result) {
    for (const LeftDense& left : result.left_dense) {
        if (left.entry >= plan.entries.size() || !plan.entries[left.entry].palettize)
            throw Error(ErrorCode::kInput, "the result of the file does not fit its plan");
        leave_dense(plan.entries[left.entry], left.reason);
    }
    if (result.tensors.size() != plan.palettized().size())
        throw Error(ErrorCode::kInput, "the result of the file does not fit its plan");
}

}  // namespace pal
