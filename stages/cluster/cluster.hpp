// The clustering engines: weighted points in, a LUT out.
//
// Scalar engines (fast, exact, reference) take one-dimensional points. The vector engine takes
// points of cluster_dim components. Every engine is a pure function: the same points give the same
// LUT on any number of threads.
#pragma once

#include "stages/cluster/exact.hpp"
#include "stages/cluster/fast.hpp"
#include "stages/cluster/reference.hpp"
#include "stages/cluster/vectors/vectors.hpp"
