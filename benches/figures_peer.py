"""The figures of figures.rs by matplotlib: name, seconds and bytes of the PNG, separated by tabs."""

import io
import sys
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

genes, points, repetitions = map(int, sys.argv[1:4])


def best(draw):
    seconds, size = float("inf"), 0
    for _ in range(repetitions):
        start = time.perf_counter()
        figure, axes = plt.subplots(figsize=(7, 6))
        draw(axes)
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=100)
        plt.close(figure)
        seconds, size = min(seconds, time.perf_counter() - start), len(out.getvalue())
    return seconds, size


i, j = np.arange(genes)[:, None], np.arange(genes)[None, :]
cosines = ((i * 31 + j * 17) % 997) / 498.5 - 1
print("heatmap of 15,000 x 15,000", *best(lambda a: a.imshow(cosines, cmap="RdBu_r", vmin=-1, vmax=1)), sep="\t")
del cosines
k = np.arange(points, dtype=float)
turn, out = (k * 0.618) % 1 * 12, (k * 0.3819) % 1
x, y = out * np.cos(turn) + 0.1 * np.sin(k * 0.71), out * np.sin(turn) + 0.1 * np.cos(k * 0.53)
print("scatter of 1,000,000", *best(lambda a: a.scatter(x, y, s=3)), sep="\t")
print("density of 1,000,000", *best(lambda a: a.hexbin(x, y, bins="log")), sep="\t")
