// Clustering: weighted points in, a LUT out. Scalar engines work on one-dimensional points, the
// vector engine on points of cluster_dim components. Every engine is a pure function: same points,
// same LUT, whatever the threads.
#pragma once

#include "stages/cluster/exact.hpp"
#include "stages/cluster/fast.hpp"
#include "stages/cluster/reference.hpp"
#include "stages/cluster/vectors/vectors.hpp"
