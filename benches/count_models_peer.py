"""scVI and ContrastiveVI of scvi-tools on the same counts. Called by count_models.rs with a name, a file and a number of
epochs; prints `rate` (cells a second in training) and `peak` (MiB resident at most). SC-VAE is not among its models.
"""

import logging
import sys
import time
import warnings

import anndata as ad
import numpy as np
import scvi
import torch

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
name, path, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
if name == "sc_vae":
    sys.exit()
data = ad.read_h5ad(path)
data.X = data.X.astype(np.float32)
quiet = {"accelerator": "cpu", "enable_progress_bar": False, "logger": False, "enable_checkpointing": False}
quiet["max_epochs"] = epochs
torch.set_num_threads(len(__import__("os").sched_getaffinity(0)))

if name == "sc_vi":
    scvi.model.SCVI.setup_anndata(data)
    model = scvi.model.SCVI(data, n_hidden=128, n_latent=10, n_layers=1, gene_likelihood="nb")
    cells = round(0.99 * data.n_obs)
    train = lambda: model.train(batch_size=512, train_size=0.99, **quiet)
else:
    control = np.flatnonzero(data.obs["gene"].astype(str) == "nontargeting")
    target = np.flatnonzero(data.obs["gene"].astype(str) != "nontargeting")
    scvi.external.ContrastiveVI.setup_anndata(data)
    model = scvi.external.ContrastiveVI(
        data, n_hidden=128, n_background_latent=10, n_salient_latent=10, n_layers=1, wasserstein_penalty=0
    )
    cells = 2 * round(0.99 * max(len(control), len(target)))
    train = lambda: model.train(
        background_indices=control.tolist(), target_indices=target.tolist(), batch_size=128, train_size=0.99, **quiet
    )
start = time.perf_counter()
train()
print("rate", epochs * cells / (time.perf_counter() - start))
with open("/proc/self/status") as status:
    print("peak", next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024)
