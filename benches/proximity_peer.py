"""A step of the proximity-bias filter in PyTorch, for one chromosome of two arms, from the same file: 30 cells of each well
read, forward, loss, gradients, Adam. Called by proximity.rs with the file, the number of threads and of genes, and the steps
before and within the time that is printed: `step SECONDS`.

The file holds the genes one after the other, each with 20 wells of 60 cells.
"""

import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

threads, genes, before, timed = map(int, sys.argv[2:6])
wells, cells, m, slots = 20, 60, 30, 3
torch.set_num_threads(threads)
torch.manual_seed(0)
rng = np.random.default_rng(0)
vectors = np.load(sys.argv[1], mmap_mode="r")
dims = vectors.shape[1]
sample = np.asarray(vectors[-24 * cells:])
mean, spread = sample.mean(0), sample.std(0)

layer = lambda i, o: (nn.Linear(i, o), nn.LayerNorm(o, eps=1e-5), nn.GELU())
scorer = nn.Sequential(*layer(dims, 256), *layer(256, 64), nn.Linear(64, slots), nn.Sigmoid())
adam = torch.optim.Adam(scorer.parameters(), lr=1e-3)
arm = torch.arange(genes) // (genes // 2)


def batch():
    chosen = np.argsort(rng.random((genes * wells, cells)), 1)[:, :m] + np.arange(genes * wells)[:, None] * cells
    raw = vectors[chosen.ravel()].reshape(-1, m, dims)
    return torch.from_numpy((raw - mean) / spread), torch.from_numpy(raw)


def step(temperature):
    read, averaged = batch()
    taken = (temperature * scorer(read)).softmax(1).sum(2)
    keep = 1 - taken.clamp(max=1)
    means = (keep[:, :, None] * averaged).sum(1) / keep.sum(1, keepdim=True)
    units = F.normalize(means.reshape(genes, wells, dims).mean(1), dim=1)
    n = genes // 2
    cosines = [(n * units[arm == a].mean(0).pow(2).sum() - 1) / (n - 1) for a in (0, 1)]
    loss = sum(cosines) / 2
    adam.zero_grad()
    loss.backward()
    adam.step()
    return loss.item()


for i in range(before + timed):
    if i == before:
        started = time.perf_counter()
    step(10.0 * 20.0 ** (i / (before + timed)))
print("step", (time.perf_counter() - started) / timed)
