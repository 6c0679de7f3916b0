"""Who we are compared with, and what others are quoted as."""

import time

import numpy as np

from bench import NotMeasured

# One core each of a machine with 2 cores (Xeon 2.8 GHz, AVX-512), 24 GiB, Debian 12; f32 weights N(0, 0.02^2). Not
# packages that can be had everywhere: figures, not measurements of this run.
QUOTED_MACHINE = "one core of a machine with 2 cores (Xeon 2.8 GHz, AVX-512), 24 GiB, Debian 12"
QUOTED = (
    ("flash1dkmeans, a LUT per row of 4096, 4 bits", 18.6),
    ("flash1dkmeans, one LUT, 4 bits", 6.3),
    ("flash1dkmeans, one LUT, 8 bits", 6.4),
    ("coreai_opt's scalar path, one LUT, 4 bits", 14.6),
    ("coreai_opt's scalar path, one LUT, 8 bits", 13.5),
    ("coreai_opt's scalar path, groups of 16 channels, 4 bits", 24.0),
)
FLASH1DKMEANS_ROWS_MB_PER_SECOND = QUOTED[0][1]


def vectors_of(weights, dim):
    """[count][dim]: `dim` output channels that follow one another share an index."""
    channels, inputs = weights.shape
    return np.ascontiguousarray(weights.reshape(channels // dim, dim, inputs).transpose(0, 2, 1)).reshape(-1, dim)


def error_at(points, centroids):
    """Mean squared error a component, of the nearest centroid of each point. In double."""
    total = 0.0
    for block in np.array_split(points.astype(np.float64), max(1, len(points) // 65536)):
        distances = ((block**2).sum(1)[:, None] - 2 * block @ centroids.T) + (centroids**2).sum(1)
        nearest = centroids[distances.argmin(1)]
        total += float(((block - nearest) ** 2).sum())
    return total / points.size


def scikit_learn(points, clusters):
    """(seconds, mean squared error): k-means++, all points, at most 25 iterations."""
    try:
        from sklearn.cluster import KMeans
    except ImportError as error:
        raise NotMeasured(f"scikit-learn: {error}") from error
    start = time.perf_counter()
    fitted = KMeans(clusters, init="k-means++", n_init=1, max_iter=25, random_state=0).fit(points)
    return time.perf_counter() - start, error_at(points, fitted.cluster_centers_.astype(np.float64))


def faiss(points, clusters):
    """(seconds, mean squared error): all points, 25 iterations."""
    try:
        import faiss as library
    except ImportError as error:
        raise NotMeasured(f"faiss: {error}") from error
    start = time.perf_counter()
    kmeans = library.Kmeans(points.shape[1], clusters, niter=25, max_points_per_centroid=len(points), seed=1)
    kmeans.train(points)
    return time.perf_counter() - start, error_at(points, kmeans.centroids.astype(np.float64))
