#include "configs/text/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

namespace pal {

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row[b.size()];
}

/// Cuts a name: the cost of a distance grows with the square of the length.
std::string_view head_of(const std::string& text) { return std::string_view(text).substr(0, 200); }

using Letters = std::array<std::uint8_t, 64>;

Letters letters_of(const std::string& text) {
    Letters counts{};
    for (const char c : head_of(text)) ++counts[static_cast<unsigned char>(c) % counts.size()];
    return counts;
}

/// Returns a lower bound of the edit distance: an edit adds, removes or replaces one letter.
std::size_t least_distance(const Letters& a, const Letters& b) {
    std::size_t missing = 0;
    std::size_t surplus = 0;
    for (std::size_t letter = 0; letter < a.size(); ++letter) {
        if (a[letter] > b[letter]) {
            missing += a[letter] - b[letter];
        } else {
            surplus += b[letter] - a[letter];
        }
    }
    return std::max(missing, surplus);
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& choices) {
    std::string best;
    std::size_t least = word.size() / 3 + 2;
    for (const std::string& choice : choices) {
        const std::size_t distance = edit_distance(word, choice);
        if (distance < least) {
            least = distance;
            best = choice;
        }
    }
    return best;
}

std::vector<std::string> nearest_names(const std::string& word,
                                       const std::vector<std::string>& names) {
    constexpr std::size_t kWanted = 3;
    constexpr std::size_t kMostCompared = 1000;
    const Letters letters = letters_of(word);
    std::vector<std::pair<std::size_t, const std::string*>> order;
    order.reserve(names.size());
    for (const std::string& name : names) {
        if (!name.empty()) order.emplace_back(least_distance(letters, letters_of(name)), &name);
    }
    const auto by_name = [](const auto& a, const auto& b) {
        return std::tie(a.first, *a.second) < std::tie(b.first, *b.second);
    };
    const std::size_t compared = std::min(kMostCompared, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(compared),
                      order.end(), by_name);
    order.resize(compared);
    for (auto& [distance, name] : order) distance = edit_distance(head_of(word), head_of(*name));
    std::sort(order.begin(), order.end(), by_name);
    std::vector<std::string> found;
    for (std::size_t n = 0; n < std::min(kWanted, order.size()); ++n)
        found.push_back(*order[n].second);
    return found;
}

}  // namespace pal
