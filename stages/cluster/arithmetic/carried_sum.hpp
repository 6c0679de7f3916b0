// Compensated sums.
#pragma once

#include <cmath>

namespace pal::cluster {

/// Neumaier's sum: adds up the rounding errors of its additions separately.
class CarriedSum {
  public:
    void add(double term) noexcept {
        const double total = sum_ + term;
        lost_ += std::abs(sum_) >= std::abs(term) ? (sum_ - total) + term : (term - total) + sum_;
        sum_ = total;
    }
    [[nodiscard]] double value() const noexcept { return sum_ + lost_; }

  private:
    double sum_ = 0;
    double lost_ = 0;
};

}  // namespace pal::cluster
