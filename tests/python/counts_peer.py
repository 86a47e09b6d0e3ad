"""What scanpy and scikit-misc make of count matrices, as .npy files.

    counts_peer.py OUT MATRIX.h5ad:BATCH_COLUMN ...

writes a folder for each matrix (0, 1, ...) into OUT, which holds lists of genes in s_genes.txt and g2m_genes.txt. Exits with 3 where scanpy or scikit-misc is not installed.
"""

import sys
from pathlib import Path

try:
    import anndata
    import numpy as np
    import scanpy as sc
    from scipy import sparse
    from scipy.stats import gaussian_kde
    from skmisc.loess import loess
except ImportError as error:
    print(error)
    sys.exit(3)


def variable_genes(save, name, data, top, batch):
    table = sc.pp.highly_variable_genes(
        data, flavor="seurat_v3", n_top_genes=top, batch_key=batch, inplace=False, check_values=False
    )
    save(f"{name}_variance", table["variances_norm"].to_numpy())
    save(f"{name}_rank", table["highly_variable_rank"].to_numpy().astype(np.float64))
    save(f"{name}_chosen", np.flatnonzero(table["highly_variable"].to_numpy()).astype(np.int64))


def fits(save, data):
    dense = data.X.toarray().astype(np.float64)
    mean, variance = dense.mean(0), dense.var(0, ddof=1)
    varies = variance > 0
    x, y = np.log10(mean[varies]), np.log10(variance[varies])
    save("loess_x", x)
    save("loess_y", y)
    for surface in ("interpolate", "direct"):
        keep = slice(None) if surface == "interpolate" else slice(0, 2000)  # the direct fit takes its time
        model = loess(x[keep], y[keep], span=0.3, degree=2, surface=surface)
        model.fit()
        save(f"loess_{surface}", model.outputs.fitted_values)
    # zFPKM by its definition: the peak of the density, and the half to its right.
    logs = np.log2(mean[mean > 0])
    bandwidth = 0.9 * min(logs.std(ddof=1), np.subtract(*np.percentile(logs, [75, 25])) / 1.34) * len(logs) ** -0.2
    grid = np.linspace(logs.min() - 3 * bandwidth, logs.max() + 3 * bandwidth, 512)
    mu = grid[np.argmax(gaussian_kde(logs, bw_method=bandwidth / logs.std(ddof=1))(grid))]
    sd = (logs[logs > mu].mean() - mu) * np.sqrt(np.pi / 2)
    save("mean", mean)
    save("zfpkm", np.array([mu, sd]))


def scores(save, data, s_genes, g2m_genes):
    sc.pp.normalize_total(data, target_sum=1e4)
    sc.pp.log1p(data)
    save("normalised", data.X.data.astype(np.float32))
    genes = np.arange(3, data.n_vars, 7)[:40]
    save("set", genes.astype(np.int64))
    # With as many control genes as a bin holds, nothing is left to chance.
    sc.tl.score_genes(data, data.var_names[genes], ctrl_size=data.n_vars, score_name="score")
    save("score", data.obs["score"].to_numpy().astype(np.float64))
    if len(data.var_names.intersection(s_genes + g2m_genes)) > 50:
        for seed in (1, 0):  # another draw of control genes, then the usual one
            sc.tl.score_genes_cell_cycle(data, s_genes=s_genes, g2m_genes=g2m_genes, random_state=seed)
            for phase in ("S", "G2M"):
                save(f"{phase}_{seed}", data.obs[f"{phase}_score"].to_numpy().astype(np.float64))
        save("phase", data.obs["phase"].map({"G1": 0, "S": 1, "G2M": 2}).to_numpy().astype(np.int64))


def main():
    out = Path(sys.argv[1])
    s_genes, g2m_genes = ((out / f"{name}_genes.txt").read_text().split() for name in ("s", "g2m"))
    for number, argument in enumerate(sys.argv[2:]):
        path, batch = argument.rsplit(":", 1)
        folder = out / str(number)
        folder.mkdir(parents=True)

        def save(name, array):
            np.save(folder / f"{name}.npy", array)

        data = anndata.read_h5ad(path)
        data.var_names_make_unique()
        data.X = sparse.csr_matrix(data.X)
        data.X.eliminate_zeros()
        data.X.sort_indices()
        save("indptr", data.X.indptr.astype(np.uint64))
        save("indices", data.X.indices.astype(np.uint32))
        save("values", data.X.data.astype(np.float32))
        top = min(2000, data.n_vars // 4)
        save("shape", np.array([data.n_obs, data.n_vars, top], dtype=np.int64))
        variable_genes(save, "all", data, top, None)
        if batch:
            codes = data.obs[batch].astype("category").cat.codes.to_numpy()
            save("batch", codes.astype(np.int64))
            variable_genes(save, "batches", data, top, batch)
        fits(save, data)
        scores(save, data, s_genes, g2m_genes)
        (folder / "genes.txt").write_text("\n".join(data.var_names))


main()
