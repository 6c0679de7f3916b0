// Kinds of values in a config. Each reads a value and has the schema of the values that it reads.
//
// All throw Error(kUsage) with the place, the value found and the values allowed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "configs/text/schema.hpp"
#include "configs/text/yaml.hpp"

namespace pal::yaml {

/// Returns the index of the name that a text is. Another text is an error with the nearest name.
/// torch_prefix: "torch.int8" is read as "int8".
[[nodiscard]] std::size_t choose(const Place& place, const std::vector<std::string>& names,
                                 bool torch_prefix);

/// One of several names, each of which stands for a value.
template <class Value>
struct Choices {
    std::vector<std::pair<std::string, Value>> choices;
    bool torch_prefix = false;  // upstream dumps types as "torch.int8"

    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> all;
        all.reserve(choices.size());
        for (const auto& choice : choices) all.push_back(choice.first);
        return all;
    }
    void read(const Place& place, Value& value) const {
        value = choices[choose(place, names(), torch_prefix)].second;
    }
    [[nodiscard]] Schema schema() const {
        std::vector<std::string> all = names();
        for (std::size_t n = 0; torch_prefix && n < choices.size(); ++n)
            all.push_back("torch." + choices[n].first);
        return one_of_texts(all);
    }
};

/// A setting of upstream with only one meaning here. Any other value would be a silent difference.
struct Only {
    std::vector<std::string> allowed;

    void check(const Place& place) const;
    [[nodiscard]] Schema schema() const { return one_of_texts(allowed); }
};

/// A setting of training, which has no effect on a checkpoint. parse_config() notes it.
struct ForTraining {
    static void check(const Place&) {}
    [[nodiscard]] static Schema schema() { return Schema::object(); }
};

struct Boolean {
    void read(const Place& place, bool& value) const { value = boolean(place); }
    [[nodiscard]] Schema schema() const { return {{"type", "boolean"}}; }
};

/// One of a few integers.
struct Integers {
    std::vector<int> allowed;
    std::string shown;      // "0, 1, null"
    bool text_too = false;  // takes "1", as pydantic does where no list is given to it

    void read(const Place& place, int& value) const;
    [[nodiscard]] Schema schema() const;
};

[[nodiscard]] long long positive_integer(const Place& place);
[[nodiscard]] Schema positive_schema();

/// An integer from 1 on; larger ones than `most` are read as `most`.
template <class Value>
struct Positive {
    long long most;

    void read(const Place& place, Value& value) const {
        value = static_cast<Value>(std::min(positive_integer(place), most));
    }
    [[nodiscard]] Schema schema() const { return positive_schema(); }
};

/// Another kind of value, or null, which leaves the default.
template <class Kind>
struct Nullable {
    Kind kind;

    template <class Value>
    void read(const Place& place, Value& value) const {
        if (!is_null(place)) kind.read(place, value);
    }
    void check(const Place& place) const {
        if (!is_null(place)) kind.check(place);
    }
    [[nodiscard]] Schema schema() const { return nullable(kind.schema()); }
};
template <class Kind>
Nullable(Kind) -> Nullable<Kind>;

}  // namespace pal::yaml
