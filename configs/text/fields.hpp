// Tables of the keys of a map in a config. The reader of configs and their JSON Schema are made
// from the same table, so that both know the same keys and values.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "configs/text/schema.hpp"
#include "configs/text/yaml.hpp"

namespace pal::yaml {

/// A key, with a reader of its value and the schema of that value.
template <class Target>
struct Field {
    std::string name;
    std::string description;  // one line; editors show it
    std::function<void(const Place& value, Target& target)> read;
    Schema schema;
};

/// A condition between the fields of a map, as a check and as a schema. The check runs after the
/// fields are read; it throws Error(kUsage).
template <class Target>
struct Condition {
    void (*check)(const Place& map, const Target& target);
    Schema schema;
};

/// Makes a field whose value a kind of value (configs/text/values.hpp) reads into a member.
template <class Kind, class Target, class Member>
Field<Target> field(std::string name, std::string description, Kind kind, Member Target::*member) {
    Schema schema = kind.schema();
    return {std::move(name), std::move(description),
            [kind = std::move(kind), member](const Place& value, Target& target) {
                kind.read(value, target.*member);
            },
            std::move(schema)};
}

/// Makes a field whose value has only one meaning here: it is checked and not kept.
template <class Target, class Kind>
Field<Target> checked_field(std::string name, std::string description, Kind kind) {
    Schema schema = kind.schema();
    return {std::move(name), std::move(description),
            [kind = std::move(kind)](const Place& value, Target&) { kind.check(value); },
            std::move(schema)};
}

/// A map with given fields. It is itself a kind of value.
template <class Target>
struct FieldMap {
    std::string name;  // names its definition in the schema
    std::string description;
    std::vector<Field<Target>> fields;
    std::vector<Condition<Target>> conditions;

    /// Reads all fields. Throws Error(kUsage) for the first fault: an unknown key, then a bad value
    /// in the order of the file, then a condition that does not hold.
    void read_into(const Place& map, Target& target) const {
        std::vector<std::string> names;
        names.reserve(fields.size());
        for (const auto& known : fields) names.push_back(known.name);
        require_known(map, names);
        for (const auto& [key, value] : entries(map)) {
            for (const auto& known : fields) {
                if (known.name == key) known.read(value, target);
            }
        }
        for (const auto& condition : conditions) condition.check(map, target);
    }

    template <class Member>
    void read(const Place& map, Member& member) const {
        Target target;
        read_into(map, target);
        member = std::move(target);
    }

    void check(const Place& map) const {
        Target target;
        read_into(map, target);
    }

    /// Reference to the definition.
    [[nodiscard]] Schema schema() const { return reference_to(name); }

    /// Schema of the map, for "$defs".
    [[nodiscard]] Schema definition() const {
        Schema map{{"description", description},
                   {"type", "object"},
                   {"properties", Schema::object()},
                   {"additionalProperties", false}};
        for (const auto& known : fields) {
            Schema& property = map["properties"][known.name];
            property["description"] = known.description;
            property.update(known.schema);
        }
        for (const auto& condition : conditions) map["allOf"].push_back(condition.schema);
        return map;
    }
};

}  // namespace pal::yaml
