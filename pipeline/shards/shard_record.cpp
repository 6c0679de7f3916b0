#include "pipeline/shards/shard_record.hpp"

#include <nlohmann/json.hpp>

#include "pipeline/console/json_path.hpp"
#include "pipeline/graph/fingerprint.hpp"

namespace pal {

namespace {

using Json = nlohmann::ordered_json;

/// What `read` reads from JSON of the expected form.
template <class Read>
auto undamaged(const Read& read) {
    try {
        return read();
    } catch (const Json::exception&) {
        throw Error(ErrorCode::kInput, "what /h5palettize/config says of the shard is damaged");
    }
}

}  // namespace

Json shard_json(const ShardRecord& record) {
    Json json;
    json["part"] = record.choice.part;
    json["parts"] = record.choice.parts;
    json["tensors"] = record.tensors;
    put_path(json, record.input);
    json["input_identity"] = record.input_identity;
    json["plan_identity"] = record.plan_identity;
    return json;
}

ShardRecord shard_record(const Json& document) {
    const auto shard = document.find("shard");
    if (shard == document.end()) {
        throw Error(ErrorCode::kInput, "is no shard: run --shard makes those");
    }
    return undamaged([&] {
        ShardRecord record;
        record.choice.part = shard->at("part").get<std::size_t>();
        record.choice.parts = shard->at("parts").get<std::size_t>();
        record.tensors = shard->at("tensors").get<std::size_t>();
        record.input = path_of(*shard);
        record.input_identity = shard->at("input_identity").get<std::string>();
        record.plan_identity = shard->at("plan_identity").get<std::string>();
        return record;
    });
}

bool is_shard(const std::string& results_json) {
    const Json document = Json::parse(results_json, nullptr, false);
    return document.is_object() && document.contains("shard");
}

std::string form_fingerprint(const std::string& spec_json, const Geometry& geometry) {
    Fingerprint form;
    form.add(spec_json);
    form.add(" " + std::to_string(geometry.output_axis) + " " +
             (geometry.group_axis ? std::to_string(*geometry.group_axis) : "none") + " " +
             std::to_string(geometry.group_size));
    return form.text();
}

void add_piece(Json& tensor, const PlanEntry& entry, const Outcome& outcome) {
    tensor["indices_fingerprint"] = outcome.indices.text();
    tensor["form_fingerprint"] =
        form_fingerprint(spec_to_json(entry.task.spec), entry.task.geometry);
    if (!entry.slab) return;
    tensor["slab"] = {entry.slab->first, entry.slab->rows};
    Json& chunks = tensor["chunk_errors"] = Json::array();
    for (const kernels::ErrorSums& sums : outcome.error.chunks)
        chunks.push_back({sums.squared_error, sums.energy, sums.max_abs_error, sums.max_abs});
}

PieceRecord take_piece(Json& tensor) {
    return undamaged([&] {
        PieceRecord record;
        record.indices = tensor.at("indices_fingerprint").get<std::string>();
        tensor.erase("indices_fingerprint");
        record.form = tensor.at("form_fingerprint").get<std::string>();
        tensor.erase("form_fingerprint");
        if (!tensor.contains("slab")) return record;
        record.slab = {tensor.at("slab").at(0).get<std::uint64_t>(),
                       tensor.at("slab").at(1).get<std::uint64_t>()};
        for (const Json& sums : tensor.at("chunk_errors")) {
            record.chunks.push_back({sums.at(0).get<double>(), sums.at(1).get<double>(),
                                     sums.at(2).get<double>(), sums.at(3).get<double>()});
        }
        tensor.erase("slab");
        tensor.erase("chunk_errors");
        return record;
    });
}

}  // namespace pal
