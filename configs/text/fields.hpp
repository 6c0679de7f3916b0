// The keys of a map in a config as a table: what reads a config and the JSON Schema of it are made
// from the same one, so that neither knows a key or a value that the other does not. Only for
// configs/.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "configs/text/schema.hpp"
#include "configs/text/yaml.hpp"

namespace pal::yaml {

/// A key: what its value is read into, and the schema of that value.
template <class Target>
struct Field {
    std::string name;
    std::string description;  // a line, for editors
    std::function<void(const Place& value, Target& target)> read;
    Schema schema;
};

/// What must hold between the fields of a map, said twice: as a check of a map whose fields are
/// read, which fails with a message, and as a schema.
template <class Target>
struct Condition {
    void (*check)(const Place& map, const Target& target);
    Schema schema;
};

/// A field that is read by a kind of value (configs/text/values.hpp) into a member.
template <class Kind, class Target, class Member>
Field<Target> field(std::string name, std::string description, Kind kind, Member Target::*member) {
    Schema schema = kind.schema();
    return {std::move(name), std::move(description),
            [kind = std::move(kind), member](const Place& value, Target& target) {
                kind.read(value, target.*member);
            },
            std::move(schema)};
}

/// A field whose value has one meaning here: it is checked and not kept.
template <class Target, class Kind>
Field<Target> checked_field(std::string name, std::string description, Kind kind) {
    Schema schema = kind.schema();
    return {std::move(name), std::move(description),
            [kind = std::move(kind)](const Place& value, Target&) { kind.check(value); },
            std::move(schema)};
}

/// A map with these fields. It is a kind of value itself.
template <class Target>
struct FieldMap {
    std::string name;  // of its definition in the schema
    std::string description;
    std::vector<Field<Target>> fields;
    std::vector<Condition<Target>> conditions;

    /// Throws Error(kUsage): an unknown key, then bad values in the order of the file, then
    /// conditions.
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

    [[nodiscard]] Schema schema() const { return reference_to(name); }

    /// What the reference leads to.
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
