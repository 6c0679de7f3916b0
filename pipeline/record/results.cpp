#include "pipeline/record/results.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "io/files/foreign_json.hpp"
#include "pipeline/console/json_path.hpp"
#include "pipeline/console/json_text.hpp"
#include "pipeline/plan/plan_text.hpp"
#include "pipeline/record/fingerprint.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

double number_or_infinity(const Json& value) {
    return value.is_null() ? std::numeric_limits<double>::infinity() : value.get<double>();
}

/// Returns the last key of a text that begins with `before`.
std::string fingerprint_key(std::string_view before) {
    Fingerprint fingerprint;
    fingerprint.add(before);
    return R"(,"fingerprint":")" + fingerprint.text() + R"("})";
}

void put_shard_keys(Json& tensor, const TensorRecord& record) {
    tensor["indices_fingerprint"] = record.result.indices_fingerprint;
    if (!record.slab) return;
    tensor["slab"] = {record.slab->first, record.slab->rows};
    Json& chunks = tensor["chunk_errors"] = Json::array();
    for (const kernels::ErrorSums& sums : record.result.error.chunks)
        chunks.push_back({sums.squared_error, sums.energy, sums.max_abs_error, sums.max_abs});
}

Json tensor_json(const TensorRecord& record, bool of_shard) {
    Json tensor;
    put_path(tensor, record.path);
    tensor["engine"] = record.engine;
    put_errors(tensor, record.result.error);
    if (record.result.weighted)
        tensor["weighted_mse"] = number_or_null(record.result.weighted->mse);
    tensor["palette_fingerprint"] = record.result.palette_fingerprint;
    tensor["form"] = record.form_fingerprint;
    if (of_shard) put_shard_keys(tensor, record);
    return tensor;
}

TensorRecord tensor_record(const Json& tensor) {
    TensorRecord record;
    record.path = path_of(tensor);
    record.engine = tensor.at("engine").get<std::string>();
    TensorResult& result = record.result;
    result.finished = true;
    result.error = {number_or_infinity(tensor.at("mse")), number_or_infinity(tensor.at("sqnr_db")),
                    number_or_infinity(tensor.at("max_abs_error"))};
    if (tensor.contains("weighted_mse"))
        result.weighted = WeightedError{0, 0, number_or_infinity(tensor.at("weighted_mse"))};
    result.palette_fingerprint = tensor.at("palette_fingerprint").get<std::string>();
    result.indices_fingerprint = tensor.at("indices_fingerprint").get<std::string>();
    record.form_fingerprint = tensor.at("form").get<std::string>();
    if (!tensor.contains("slab")) return record;
    record.slab = Slab{count_in(tensor.at("slab").at(0)), count_in(tensor.at("slab").at(1))};
    for (const Json& sums : tensor.at("chunk_errors")) {
        result.error.chunks.push_back({sums.at(0).get<double>(), sums.at(1).get<double>(),
                                       sums.at(2).get<double>(), sums.at(3).get<double>()});
    }
    return record;
}

}  // namespace

void put_errors(Json& tensor, const ErrorReport& error) {
    tensor["mse"] = number_or_null(error.mse);
    tensor["sqnr_db"] = number_or_null(error.sqnr_db);
    tensor["max_abs_error"] = number_or_null(error.max_abs_error);
}

std::string form_fingerprint(const std::string& spec_json, const Geometry& geometry) {
    Fingerprint form;
    form.add(spec_json);
    if (geometry.output_dims > 1 || geometry.group_dims > 1) {
        form.add(" " + std::to_string(geometry.output_dims) + " " +
                 std::to_string(geometry.group_dims));
    }
    form.add(" " + std::to_string(geometry.output_axis) + " " +
             (geometry.group_axis ? std::to_string(*geometry.group_axis) : "none") + " " +
             std::to_string(geometry.group_size));
    return form.text();
}

TensorRecord record_of(const PlanEntry& entry, const TensorResult& result) {
    const TensorTask& task = entry.task;
    return {entry.dataset->path, std::string(engine_name(task.cluster.engine)), result,
            form_fingerprint(spec_to_json(task.spec), task.geometry), entry.slab};
}

std::string results_head(const Origin& origin) {
    Json document;
    document["config"] = Json::parse(origin.config_json);
    Fingerprint of_config;
    of_config.add(json_text(document["config"]));
    document["config_fingerprint"] = of_config.text();
    document["input_fingerprint"] = origin.input_fingerprint;
    if (!origin.sensitivity_fingerprint.empty())
        document["sensitivity_fingerprint"] = origin.sensitivity_fingerprint;
    document["layout"] = std::string(layout_name(origin.layout));
    for (const std::string& link : origin.dropped) {
        Json dropped;
        put_path(dropped, link);
        document["dropped"].push_back(std::move(dropped));
    }
    if (origin.shard) document["shard"] = shard_json(*origin.shard);
    return json_text(document);
}

std::string results_json(const std::string& head, const std::vector<TensorRecord>& records,
                         bool of_shard) {
    std::string text = head;
    text.pop_back();  // the brace
    text += R"(,"tensors":[)";
    for (std::size_t t = 0; t < records.size(); ++t) {
        if (t > 0) text += ",";
        text += json_text(tensor_json(records[t], of_shard));
    }
    text += "]";
    text += fingerprint_key(text);
    return text;
}

bool is_unchanged(std::string_view results) {
    const std::size_t key_bytes = fingerprint_key("").size();
    if (results.size() < key_bytes) return false;
    const std::string_view before = results.substr(0, results.size() - key_bytes);
    return results.substr(before.size()) == fingerprint_key(before);
}

ShardResults shard_results(const std::string& results) {
    Json document = json_or_null(results);
    if (!document.is_object() || !is_unchanged(results)) {
        throw Error(ErrorCode::kInput,
                    "is damaged: /h5palettize/config is not the text that was written");
    }
    ShardResults read;
    read.shard = shard_record(document);
    try {
        for (const Json& tensor : document.at("tensors"))
            read.tensors.push_back(tensor_record(tensor));
    } catch (const Json::exception&) {
        throw Error(ErrorCode::kInput, "what /h5palettize/config says of the shard is damaged");
    }
    for (const char* key : {"shard", "tensors", "fingerprint"}) document.erase(key);
    read.head = json_text(document);
    return read;
}

}  // namespace pal
