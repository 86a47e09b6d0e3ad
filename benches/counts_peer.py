"""The peer of counts.rs: writes the files, and reads them with anndata and scanpy."""

import gzip
import sys
import time
import warnings
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
import scanpy as sc
from scipy import sparse
from scipy.io import mmwrite

warnings.filterwarnings("ignore")


def make(folder, cells):
    rng = np.random.default_rng(1)
    genes = 2000
    x = sparse.random(cells, genes, 0.1, "csr", dtype="f4", random_state=1)
    x.data = rng.negative_binomial(2, 0.4, len(x.data)).astype("f4") + 1
    obs = pd.DataFrame(
        {
            "guide": pd.Categorical(rng.choice([f"guide{i}" for i in range(500)], cells)),
            "umi": rng.integers(0, 50000, cells),
            "score": rng.normal(size=cells),
        },
        index=[f"cell{i}-1" for i in range(cells)],
    )
    data = ad.AnnData(x, obs=obs, var=pd.DataFrame(index=[f"gene{i}" for i in range(genes)]))
    data.write_h5ad(folder / "gzip.h5ad", compression="gzip")
    data.write_h5ad(folder / "plain.h5ad")

    names = np.array([f"gene{i}" for i in range(genes)], dtype="S")
    with h5py.File(folder / "run.h5", "w") as file:
        matrix = file.create_group("matrix")
        packed = {"compression": "gzip", "chunks": (80000,), "maxshape": (None,), "shuffle": True}
        matrix.create_dataset("data", data=x.data.astype("i4"), **packed)
        matrix.create_dataset("indices", data=x.indices.astype("i8"), **packed)
        matrix.create_dataset("indptr", data=x.indptr.astype("i8"), **packed)
        matrix["shape"] = np.array([genes, cells], "i4")
        matrix["barcodes"] = np.array(list(obs.index), dtype="S")
        features = matrix.create_group("features")
        features["id"], features["name"] = names, names
        features["feature_type"] = np.array(["Gene Expression"] * genes, dtype="S")
        features["genome"] = np.array(["GRCh38"] * genes, dtype="S")
        features["_all_tag_keys"] = np.array(["genome"], dtype="S")

    run = folder / "run"
    run.mkdir()
    few = x[: cells // 10].astype("i4")
    with gzip.open(run / "matrix.mtx.gz", "wb", compresslevel=6) as file:
        mmwrite(file, few.T)
    with gzip.open(run / "barcodes.tsv.gz", "wt") as file:
        file.writelines(f"{name}\n" for name in obs.index[: cells // 10])
    with gzip.open(run / "features.tsv.gz", "wt") as file:
        file.writelines(f"gene{i}\tgene{i}\tGene Expression\n" for i in range(genes))


def blocks(path):
    data = ad.read_h5ad(path, backed="r")
    stored = sum(data.X[start : start + 4096].nnz for start in range(0, data.n_obs, 4096))
    data.file.close()
    return stored


def main():
    folder = Path(sys.argv[2])
    if sys.argv[1] == "make":
        return make(folder, int(sys.argv[3]))
    work = {
        "h5ad, gzip: X, obs, var": lambda: ad.read_h5ad(folder / "gzip.h5ad").X.nnz,
        "h5ad, not packed: X, obs, var": lambda: ad.read_h5ad(folder / "plain.h5ad").X.nnz,
        "h5ad, gzip: blocks of 4,096 rows": lambda: blocks(folder / "gzip.h5ad"),
        "10x HDF5": lambda: sc.read_10x_h5(folder / "run.h5").X.nnz,
        "10x folder, gzip (a tenth of the cells)": lambda: sc.read_10x_mtx(folder / "run").X.nnz,
    }
    for name, read in work.items():
        times = []
        for _ in range(int(sys.argv[3])):
            start = time.perf_counter()
            stored = read()
            times.append(time.perf_counter() - start)
        print(f"{name}\t{min(times)}\t{stored}")


main()
