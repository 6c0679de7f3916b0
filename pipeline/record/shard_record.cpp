#include "pipeline/record/shard_record.hpp"

#include <nlohmann/json.hpp>

#include "io/files/foreign_json.hpp"
#include "pipeline/console/json_path.hpp"
#include "stages/tensor/error.hpp"

namespace pal {

using Json = nlohmann::ordered_json;

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
    if (shard == document.end())
        throw Error(ErrorCode::kInput, "is no shard: run --shard makes those");
    try {
        if (count_in(shard->at("part")) >= count_in(shard->at("parts")))
            throw Error(ErrorCode::kInput, "/h5palettize/config names a part that is none");
        return {{count_in(shard->at("part")), count_in(shard->at("parts"))},
                count_in(shard->at("tensors")),
                path_of(*shard),
                shard->at("input_identity").get<std::string>(),
                shard->at("plan_identity").get<std::string>()};
    } catch (const Json::exception&) {
        throw Error(ErrorCode::kInput, "what /h5palettize/config says of the shard is damaged");
    }
}

bool is_shard(const std::string& results_json) {
    const Json document = json_or_null(results_json);
    return document.is_object() && document.contains("shard");
}

}  // namespace pal
