"""The peer of evaluate.rs: the same metrics as their papers' code computes them, in numpy and scipy."""

import sys
import time
from pathlib import Path

import numpy as np
from scipy import stats


def best(work, repetitions):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def cosines(x):
    u = x / np.linalg.norm(x, axis=1, keepdims=True)
    return u @ u.T


def recall(x, edges):
    nodes = np.unique(edges)
    position = np.full(len(x), -1)
    position[nodes] = np.arange(len(nodes))
    d = 1 - cosines(x[nodes])
    np.fill_diagonal(d, 0)
    truth = np.zeros(d.shape, bool)
    truth[position[edges[:, 0]], position[edges[:, 1]]] = True
    truth |= truth.T
    off = ~np.eye(len(nodes), dtype=bool)
    for p in range(80, 100):
        low, high = np.percentile(d, [100 - p, p])
        predicted = ((d <= low) | (d >= high)) & off
        hits = (predicted & truth).sum()
        hits / predicted.sum(), hits / truth.sum()


def proximity(x, arms):
    c = cosines(x)
    within_all, between_all = [], []
    for arm in np.unique(arms):
        rows = np.flatnonzero(arms == arm)
        others = np.flatnonzero(arms != arm)
        block = c[np.ix_(rows, rows)]
        within = block[np.triu_indices(len(rows), 1)]
        between = c[np.ix_(rows, others)].ravel()
        within_all.append(within)
        between_all.append(between)
        if len(within) > 20 and len(between) > 20:
            stats.brunnermunzel(within, between, distribution="normal")
    stats.brunnermunzel(np.concatenate(within_all), np.concatenate(between_all), distribution="normal")


def heatmap(x, chromosome, start):
    order = np.lexsort((start, chromosome))
    c = cosines(x[order])
    upper = np.triu_indices(len(c), 1)
    values = c[upper]
    ranks = stats.rankdata(values, method="max")
    out = np.eye(len(c))
    out[upper] = stats.norm.ppf((ranks - 0.5) / len(values), scale=0.2)
    return out + out.T - np.eye(len(c))


def main():
    folder, repetitions = Path(sys.argv[1]), int(sys.argv[2])
    lines = [line.split() for line in (folder / "arms").read_text().splitlines()]
    arms = np.array([arm for arm, _ in lines])
    start = np.array([int(position) for _, position in lines])
    x = np.fromfile(folder / "values", "<f8").reshape(len(lines), -1)
    edges = np.loadtxt(folder / "edges", dtype=int)
    placed = arms != "none"
    chromosome = np.array([arm[:-1] for arm in arms])
    times = {
        "recall, two-sided": best(lambda: recall(x, edges), repetitions),
        "per-arm and genome-wide Brunner-Munzel": best(lambda: proximity(x[placed], arms[placed]), repetitions),
        "quantile-normalised heatmap": best(
            lambda: heatmap(x[placed], chromosome[placed], start[placed]), repetitions
        ),
    }
    for name, seconds in times.items():
        print(f"{name}\t{seconds}")


main()
