"""UMAP by umap-learn on the same points; prints `name seconds` lines. Called by umap.rs."""

import resource
import sys
import time

import numpy as np
import umap

folder, runs = sys.argv[1], int(sys.argv[2])
for name in sys.argv[3:]:
    x = np.load(f"{folder}/{name}.npy")
    metric = "cosine" if name.startswith("cosine") else "euclidean"
    # Compile once on a small part, which is not counted.
    umap.UMAP(metric=metric, random_state=0, n_epochs=10, n_neighbors=15).fit(x[:500])
    best = float("inf")
    for seed in range(runs):
        start = time.perf_counter()
        fitted = umap.UMAP(metric=metric, random_state=seed, n_neighbors=15, min_dist=0.1).fit_transform(x)
        best = min(best, time.perf_counter() - start)
        np.save(f"{folder}/{name}_map{seed}.npy", fitted.astype(np.float64))
    print(name, best, flush=True)
print("peak_mib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
