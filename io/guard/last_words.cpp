#include "io/guard/last_words.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>

namespace pal {

namespace {

std::atomic<Printable> printable{nullptr};
std::atomic<bool> as_json{false};

// Text that was not written yet. A message that fits is written at once, so that those of other
// processes do not get into it.
std::array<char, 4096> waiting;
std::size_t waiting_bytes = 0;

void flush() noexcept {
    // Not write(): as a cancellation point it reads the thread's control block, which the crash
    // may have overwritten. Nothing is left to do where even this fails.
    [[maybe_unused]] const auto written =
        ::syscall(SYS_write, STDERR_FILENO, waiting.data(), waiting_bytes);
    waiting_bytes = 0;
}

void put(char letter) noexcept {
    if (waiting_bytes == waiting.size()) flush();
    waiting[waiting_bytes++] = letter;
}

void put(std::string_view text) noexcept {
    for (const char letter : text) put(letter);
}

/// Writes a number with two digits.
void put_two(unsigned number) noexcept {
    put(static_cast<char>('0' + number / 10 % 10));
    put(static_cast<char>('0' + number % 10));
}

/// Writes the time of the world as 2026-11-26T13:05:01Z.
void put_time() noexcept {
    using namespace std::chrono;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const sys_seconds time{seconds{now.tv_sec}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const hh_mm_ss clock{time - day};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    put_two(year / 100);
    put_two(year % 100);
    put('-');
    put_two(static_cast<unsigned>(date.month()));
    put('-');
    put_two(static_cast<unsigned>(date.day()));
    put('T');
    put_two(static_cast<unsigned>(clock.hours().count()));
    put(':');
    put_two(static_cast<unsigned>(clock.minutes().count()));
    put(':');
    put_two(static_cast<unsigned>(clock.seconds().count()));
    put('Z');
}

}  // namespace

void set_printable(Printable chosen) { printable = chosen; }
void write_last_words_as_json() noexcept { as_json = true; }

void PreparedText::set(const std::string& text) {
    const Printable show = printable;
    const std::string shown = show == nullptr ? text : show(text);
    bytes_ = 0;  // a handler may come in between
    bytes_ = shown.copy(text_.data(), text_.size());
}

LastWords::LastWords() noexcept {
    waiting_bytes = 0;
    if (!as_json) {
        put("h5palettize: error: ");
        return;
    }
    put(R"({"time":")");
    put_time();
    put(R"(","level":"error","message":")");
}

LastWords::~LastWords() {
    put(as_json ? "\"}\n" : "\n");
    flush();
}

LastWords& LastWords::operator<<(std::string_view text) noexcept {
    for (const char letter : text) {
        const bool is_control = static_cast<unsigned char>(letter) < 0x20;
        if (as_json && (letter == '"' || letter == '\\')) put('\\');
        put(as_json && is_control ? ' ' : letter);
    }
    return *this;
}

}  // namespace pal
