// Writes an error message while the process ends. Signal handlers may use it: it needs no heap and
// no lock.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace pal {

/// Makes a name safe to show. The text of last words is not escaped otherwise.
using Printable = std::string (*)(std::string_view);

/// Sets how names are shown, for names that are remembered from now on.
void set_printable(Printable printable);
/// Writes messages as JSON objects from now on, with the keys of log_error().
void write_last_words_as_json() noexcept;

/// Text made safe in advance, for handlers. The longest path fits with each of its bytes escaped.
class PreparedText {
  public:
    void set(const std::string& text);
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), bytes_}; }

  private:
    std::array<char, 4 * 4096> text_{};
    std::size_t bytes_ = 0;
};

/// One message on stderr: "h5palettize: error: ...", or a JSON object. The destructor ends it. Use
/// one at a time.
class LastWords {
  public:
    LastWords() noexcept;
    ~LastWords();
    LastWords(const LastWords&) = delete;
    LastWords& operator=(const LastWords&) = delete;
    LastWords& operator<<(std::string_view text) noexcept;
};

}  // namespace pal
