// Search of values among at most 16 sorted entries, a register of values at a time, per target.
// Included once for each instruction set, by Highway's rules.
#if defined(PAL_SEARCH_AMONG_16_INL) == defined(HWY_TARGET_TOGGLE)
#ifdef PAL_SEARCH_AMONG_16_INL
#undef PAL_SEARCH_AMONG_16_INL
#else
#define PAL_SEARCH_AMONG_16_INL
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace pal::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Searches the last values, too few for a whole register. At most 16 entries. thresholds: 15, then
/// infinity.
HWY_ATTR inline void find_rest(const float* HWY_RESTRICT values, std::size_t count,
                               const float* HWY_RESTRICT thresholds,
                               const float* HWY_RESTRICT entries,
                               std::uint8_t* HWY_RESTRICT indices, float* HWY_RESTRICT nearest) {
    for (std::size_t v = 0; v < count; ++v) {
        unsigned place = 0;
        for (std::size_t t = 0; t < 15; ++t) place += values[v] > thresholds[t] ? 1U : 0U;
        indices[v] = static_cast<std::uint8_t>(place);
        nearest[v] = entries[place];
    }
}

constexpr std::size_t kSixteen = 16;
constexpr std::size_t kSearchLanes = HWY_MAX_BYTES >= 64 ? kSixteen : kSixteen / 2;

#if HWY_MAX_BYTES >= 32
/// A table of 16 floats in one register or in two.
class TableOf16 {
  public:
    explicit HWY_INLINE TableOf16(const float* HWY_RESTRICT values)
        : low_(hn::LoadU(D(), values)), high_(hn::LoadU(D(), values + kSixteen - kSearchLanes)) {}

    /// Returns the entries at `places`. upper: mask of the places that are 8 or more.
    template <class Places, class Mask>
    HWY_INLINE hn::Vec<hn::FixedTag<float, kSearchLanes>> at(Places places, Mask upper) const {
        const hn::RebindToSigned<D> di;
        if constexpr (kSearchLanes == kSixteen) {
            return hn::TableLookupLanes(low_, hn::IndicesFromVec(D(), places));
        } else {
            const auto in_half = hn::IndicesFromVec(D(), hn::And(places, hn::Set(di, 7)));
            return hn::IfThenElse(upper, hn::TableLookupLanes(high_, in_half),
                                  hn::TableLookupLanes(low_, in_half));
        }
    }

  private:
    using D = hn::FixedTag<float, kSearchLanes>;
    hn::Vec<D> low_;
    hn::Vec<D> high_;
};

/// Searches among 16 entries for the values of one register. Each lane looks its next threshold up
/// in a register. Four comparisons halve 16 places down to one.
class SearchAmong16 {
  public:
    using D = hn::FixedTag<float, kSearchLanes>;

    HWY_INLINE SearchAmong16(const float* HWY_RESTRICT t, const float* HWY_RESTRICT entries)
        : first_(hn::Set(D(), t[7])),
          second_low_(hn::Set(D(), t[3])),
          second_high_(hn::Set(D(), t[11])),
          entries_(entries) {
        HWY_ALIGN const float thirds[kSixteen] = {t[1], t[5], t[9], t[13]};
        HWY_ALIGN const float fourths[kSixteen] = {t[0], t[2],  t[4],  t[6],
                                                   t[8], t[10], t[12], t[14]};
        third_ = hn::Load(D(), thirds);
        fourth_ = hn::Load(D(), fourths);
    }

    HWY_INLINE void find(const float* HWY_RESTRICT values, std::uint8_t* HWY_RESTRICT indices,
                         float* HWY_RESTRICT nearest) const {
        const auto x = hn::LoadU(D(), values);
        const auto upper = hn::Gt(x, first_);
        auto place = hn::Neg(hn::VecFromMask(DI(), hn::RebindMask(DI(), upper)));
        place = twice_and(place, hn::Gt(x, hn::IfThenElse(upper, second_high_, second_low_)));
        place = twice_and(place, hn::Gt(x, entry(third_, place)));
        place = twice_and(place, hn::Gt(x, entry(fourth_, place)));
        hn::StoreU(entries_.at(place, upper), D(), nearest);
        hn::StoreU(hn::DemoteTo(D8(), place), D8(), indices);
    }

  private:
    using DI = hn::RebindToSigned<D>;
    using D8 = hn::Rebind<std::uint8_t, D>;

    template <class Place, class Above>
    static HWY_INLINE Place twice_and(Place place, Above above) {  // a true lane is -1
        return hn::Sub(hn::Add(place, place), hn::VecFromMask(DI(), hn::RebindMask(DI(), above)));
    }
    template <class Place>
    static HWY_INLINE hn::Vec<D> entry(hn::Vec<D> table, Place place) {
        return hn::TableLookupLanes(table, hn::IndicesFromVec(D(), place));
    }

    hn::Vec<D> first_;
    hn::Vec<D> second_low_;
    hn::Vec<D> second_high_;
    hn::Vec<D> third_;
    hn::Vec<D> fourth_;
    TableOf16 entries_;
};
#else
/// Counts the thresholds below each value, for registers of less than 8 floats.
class SearchAmong16 {
  public:
    SearchAmong16(const float* HWY_RESTRICT thresholds, const float* HWY_RESTRICT entries)
        : thresholds_(thresholds), entries_(entries) {}

    void find(const float* HWY_RESTRICT values, std::uint8_t* HWY_RESTRICT indices,
              float* HWY_RESTRICT nearest) const {
        find_rest(values, kSearchLanes, thresholds_, entries_, indices, nearest);
    }

  private:
    const float* thresholds_;
    const float* entries_;
};
#endif

}  // namespace pal::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
