#include "io/files/foreign_json.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stages/tensor/error.hpp"

namespace pal {

namespace {

[[noreturn]] void refuse_json(const std::string& what) { throw Error(ErrorCode::kInput, what); }

/// Takes the events of nlohmann's parser and builds the values. Its own builder has no bounds and
/// compares each name of an object with all names before it.
class JsonBuilder : public nlohmann::json_sax<ForeignJson> {
  public:
    explicit JsonBuilder(bool unique_names) : unique_names_(unique_names) {}

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t& value) override { return add(ForeignJson::binary(std::move(value))); }
    bool start_object(std::size_t) override { return open(ForeignJson::object()); }
    bool start_array(std::size_t) override { return open(ForeignJson::array()); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        open_.back()->get_ref<ForeignJson::object_t&>().emplace_back(std::move(name), nullptr);
        return true;
    }
    bool end_object() override {
        if (unique_names_)
            require_unique_names(open_.back()->get_ref<const ForeignJson::object_t&>());
        return close();
    }
    bool parse_error(std::size_t, const std::string&,
                     const nlohmann::detail::exception& error) override {
        error_ = error.what();
        return false;
    }

    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    [[nodiscard]] ForeignJson&& root() && noexcept { return std::move(root_); }

  private:
    bool add(ForeignJson&& value) {
        (void)place(std::move(value));
        return true;
    }

    bool open(ForeignJson&& value) {
        if (open_.size() == kMostJsonLevels)
            refuse_json("its JSON has more than " + std::to_string(kMostJsonLevels) + " levels");
        open_.push_back(&place(std::move(value)));
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    ForeignJson& place(ForeignJson&& value) {
        if (++values_ > kMostJsonValues)
            refuse_json("its JSON has more than " + std::to_string(kMostJsonValues) + " values");
        if (open_.empty()) return root_ = std::move(value);
        ForeignJson& parent = *open_.back();
        if (parent.is_array())
            return parent.get_ref<ForeignJson::array_t&>().emplace_back(std::move(value));
        return parent.get_ref<ForeignJson::object_t&>().back().second = std::move(value);
    }

    static void require_unique_names(const ForeignJson::object_t& object) {
        std::vector<std::string_view> names;
        names.reserve(object.size());
        for (const auto& [name, value] : object) names.push_back(name);
        std::ranges::sort(names);
        const auto twice = std::ranges::adjacent_find(names);
        if (twice != names.end())
            refuse_json("its JSON names " + std::string(*twice) + " twice in one object");
    }

    bool unique_names_;
    ForeignJson root_;
    std::vector<ForeignJson*> open_;  // objects and arrays that have not ended, the outermost first
    std::size_t values_ = 0;
    std::string error_;
};

/// Returns nothing and sets `error` where the input is not of that format.
std::optional<ForeignJson> parsed_json(
    std::string_view input, bool unique_names, std::string& error,
    nlohmann::detail::input_format_t format = nlohmann::detail::input_format_t::json) {
    JsonBuilder builder(unique_names);
    if (ForeignJson::sax_parse(input, &builder, format)) return std::move(builder).root();
    error = builder.error();
    return std::nullopt;
}

}  // namespace

ForeignJson read_json(std::string_view text) {
    std::string error;
    std::optional<ForeignJson> json = parsed_json(text, true, error);
    if (!json) refuse_json(error);
    return *std::move(json);
}

ForeignJson json_or_null(std::string_view text) {
    std::string ignored;
    return parsed_json(text, false, ignored).value_or(nullptr);
}

ForeignJson read_cbor(std::string_view bytes) {
    std::string error;
    std::optional<ForeignJson> json =
        parsed_json(bytes, true, error, nlohmann::detail::input_format_t::cbor);
    if (!json) refuse_json(error);
    return *std::move(json);
}

std::uint64_t count_in(const ForeignJson& value) {
    if (!value.is_number_unsigned()) refuse_json("its JSON has no whole number where one is due");
    return value.get<std::uint64_t>();
}

}  // namespace pal
