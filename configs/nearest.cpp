#include "configs/nearest.hpp"

#include <algorithm>
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

std::string nearest_names(const std::string& pattern, const std::set<std::string>& names) {
    std::vector<std::pair<std::size_t, std::string>> ranked;
    for (const std::string& name : names) {
        if (!name.empty())
            ranked.emplace_back(edit_distance(pattern.substr(0, 200), name.substr(0, 200)), name);
    }
    const std::size_t shown = std::min<std::size_t>(3, ranked.size());
    std::partial_sort(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(shown),
                      ranked.end());
    std::string text;
    for (std::size_t r = 0; r < shown; ++r) text += (r == 0 ? "" : ", ") + ranked[r].second;
    return text;
}

}  // namespace pal
