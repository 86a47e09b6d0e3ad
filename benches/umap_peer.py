"""UMAP by umap-learn on the same points: 15 neighbours, 500 epochs, min_dist 0.1. Called by umap.rs, once for each input.

Prints `seeded` and `unseeded` (seconds of a map, the best of some, after compilation: with a seed umap-learn uses one
thread, without one all of them), and `ready` and `peak` (MiB resident at most: after the import, and in the end).
"""

import sys
import time


def peak():
    """MiB that this process ever held."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


import numpy as np
import umap

folder, name, metric, runs = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
x = np.load(f"{folder}/{name}.npy")
ready = peak()
settings = dict(metric=metric, n_neighbors=15, min_dist=0.1)
for kind in ["seeded", "unseeded"]:
    seed = lambda run: {"random_state": run} if kind == "seeded" else {}
    # Compile, which is not counted: on all points, since other code serves fewer.
    umap.UMAP(n_epochs=10, **settings, **seed(0)).fit(x)
    best = float("inf")
    for run in range(runs):
        start = time.perf_counter()
        fitted = umap.UMAP(n_epochs=500, **settings, **seed(run)).fit_transform(x)
        best = min(best, time.perf_counter() - start)
        if kind == "seeded":
            np.save(f"{folder}/{name}_map{run}.npy", fitted.astype(np.float64))
    print(kind, best, flush=True)
print("ready", ready)
print("peak", peak())
