// Packing and unpacking of a chunk of 1 Mi indices, for each bit width, on one thread. Rates are
// bytes of unpacked indices, one each.
#include "stages/pack.hpp"
#include "tests/bench/bench.hpp"

namespace {

using namespace pal;
using bench::checked;
using bench::time_bytes;

constexpr std::size_t kIndices = std::size_t{1} << 20;

std::vector<std::uint8_t> indices_of(int n_bits) {
    std::mt19937 random(1);
    std::vector<std::uint8_t> indices(kIndices);
    for (std::uint8_t& index : indices)
        index = static_cast<std::uint8_t>(random() & ((1U << unsigned(n_bits)) - 1));
    return indices;
}

/// Bit b of the string is bit n_bits - 1 - b % n_bits of index b / n_bits.
bool packed_right(const std::vector<std::uint8_t>& packed, const std::vector<std::uint8_t>& indices,
                  int n_bits) {
    const auto width = static_cast<std::size_t>(n_bits);
    for (std::size_t bit = 0; bit < indices.size() * width; ++bit) {
        const unsigned wanted = unsigned(indices[bit / width]) >> (width - 1 - bit % width) & 1U;
        if ((unsigned(packed[bit / 8]) >> (7 - bit % 8) & 1U) != wanted) return false;
    }
    return true;
}

void pack(benchmark::State& state, int n_bits) {
    const std::vector<std::uint8_t> indices = indices_of(n_bits);
    if (!checked(state, packed_right(pack_chunk(indices, kIndices, n_bits), indices, n_bits)))
        return;
    time_bytes(state, kIndices,
               [&] { benchmark::DoNotOptimize(pack_chunk(indices, kIndices, n_bits).data()); });
}

void unpack(benchmark::State& state, int n_bits) {
    const std::vector<std::uint8_t> indices = indices_of(n_bits);
    const std::vector<std::uint8_t> packed = pack_chunk(indices, kIndices, n_bits);
    std::vector<std::uint8_t> again(kIndices);
    const auto body = [&] { unpack_bits(packed, n_bits, again); };
    body();
    if (checked(state, again == indices)) time_bytes(state, kIndices, body);
}

}  // namespace

int main(int argc, char** argv) {
    for (const int n_bits : {1, 2, 3, 4, 6, 8}) {
        const std::string bits = "/bits:" + std::to_string(n_bits);
        bench::on_every_target("pack_bits" + bits, [n_bits](auto& state) { pack(state, n_bits); });
        bench::on_every_target("unpack_bits" + bits,
                               [n_bits](auto& state) { unpack(state, n_bits); });
    }
    return bench::run(argc, argv);
}
