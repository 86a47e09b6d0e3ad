"""What Python's anndata says of h5ad files, for the tests of our reader and writer.

    h5ad_peer.py corpus FOLDER       writes files in many encodings
    h5ad_peer.py describe FILE...    prints the contents of each as JSON
"""

import json
import sys
import warnings
from pathlib import Path

import anndata as ad
import h5py
import numpy as np
import pandas as pd
from scipy import sparse

warnings.filterwarnings("ignore")


def matrix(x):
    """Shape, sum, a sum that depends on every place, and the number of values that are not zero."""
    if x is None:
        return None
    coo = sparse.coo_matrix(x if sparse.issparse(x) else np.asarray(x).astype("f4"))
    values = coo.data.astype("f4").astype("f8")
    places = (coo.row.astype("i8") * 7 + coo.col.astype("i8") * 13) % 101
    return {
        "shape": list(coo.shape),
        "sum": float(values.sum()),
        "placed": float((values * places).sum()),
        "nonzero": int((values != 0).sum()),
    }


def column(series):
    if isinstance(series.dtype, pd.CategoricalDtype) or series.dtype == object or isinstance(series.dtype, pd.StringDtype):
        values = series.astype(object)
    else:
        values = series
    plain = []
    for value in values:
        if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
            plain.append(None)
        elif isinstance(value, (bool, np.bool_)):
            plain.append(bool(value))
        elif isinstance(value, (int, np.integer)):
            plain.append(int(value))
        elif isinstance(value, (float, np.floating)):
            plain.append(None if np.isnan(value) else float(value))
        else:
            plain.append(str(value))
    return plain


def table(frame):
    return {"index": [str(name) for name in frame.index], "columns": {name: column(frame[name]) for name in frame}}


def describe(path):
    data = ad.read_h5ad(path)
    arrays = {}
    for name, value in data.obsm.items():
        if isinstance(value, pd.DataFrame):
            value = value.select_dtypes(["number", "bool"]).to_numpy("f4")
        if value.ndim == 2:
            arrays[name] = matrix(value)
    return {
        "x": matrix(data.X),
        "layers": {name: matrix(value) for name, value in data.layers.items()},
        "raw": None if data.raw is None else {**matrix(data.raw.X), "genes": list(data.raw.var_names)},
        "obsm": arrays,
        "obs": table(data.obs),
        "var": table(data.var),
    }


def corpus(folder):
    rng = np.random.default_rng(7)
    dense = rng.poisson(0.4, (60, 35))

    def obs():
        n = len(dense)
        return pd.DataFrame(
            {
                "guide": pd.Categorical(rng.choice(["nt", "TP53_1", "MYC_2"], n)),
                "phase": pd.Categorical(rng.choice(["G1", "S", None], n), categories=["S", "G1"], ordered=True),
                "dose": pd.Categorical(rng.choice([0.5, 2.0], n)),
                "unique": [f"label {i} µ" for i in range(n)],
                "umi": rng.integers(0, 70000, n).astype("u4"),
                "small": rng.integers(-100, 100, n).astype("i1"),
                "wide": rng.integers(-(2**60), 2**60, n),
                "score": rng.normal(size=n),
                "half": rng.normal(size=n).astype("f4"),
                "pass": rng.random(n) < 0.5,
                "maybe": pd.array([None if i % 5 == 0 else i for i in range(n)], dtype="Int64"),
                "truth": pd.array([None if i % 7 == 0 else i % 2 == 0 for i in range(n)], dtype="boolean"),
            },
            index=[f"cell{i}" for i in range(n)],
        )

    def data(x):
        var = pd.DataFrame({"chrom": ["chr1"] * 20 + ["chrX"] * 15}, index=[f"g{i}" for i in range(35)])
        return ad.AnnData(x, obs=obs(), var=var)

    def save(name, x, **options):
        data(x).write_h5ad(folder / f"{name}.h5ad", **options)

    csr = sparse.csr_matrix(dense)
    save("csr_f32", csr.astype("f4"))
    save("csr_f64_gzip", csr.astype("f8"), compression="gzip")
    save("csr_i64", csr.astype("i8"))
    save("csr_u16_lzf", csr.astype("u2"), compression="lzf")
    save("csc_f32", sparse.csc_matrix(dense.astype("f4")))
    save("csc_i32_gzip", sparse.csc_matrix(dense.astype("i4")), compression="gzip")
    save("dense_f32", dense.astype("f4"))
    save("dense_f64_gzip", dense.astype("f8"), compression="gzip")
    save("dense_u8", dense.astype("u1"))
    save("dense_i16", dense.astype("i2"))
    save("dense_bool", dense > 0)
    save("dense_f16", dense.astype("f2"))

    full = data(csr.astype("f4"))
    full.raw = ad.AnnData(sparse.csr_matrix(rng.poisson(1, (60, 50)).astype("f4")), obs=full.obs[[]])
    full.layers["counts"] = csr.astype("i4")
    full.layers["scaled"] = rng.normal(size=dense.shape)
    full.obsm["X_pca"] = rng.normal(size=(60, 5)).astype("f4")
    full.obsm["guides"] = sparse.csr_matrix(rng.poisson(0.1, (60, 9)).astype("f4"))
    full.obsm["table"] = pd.DataFrame({"a": rng.normal(size=60), "b": ["x"] * 60}, index=full.obs_names)
    full.uns["note"] = {"nested": {"deep": np.arange(3)}, "text": "hello"}
    full.write_h5ad(folder / "full.h5ad")
    for name, bounds in (("v110", ("v110", "v110")), ("latest", "latest")):
        with h5py.File(folder / f"{name}.h5ad", "w", libver=bounds) as file:
            ad.io.write_elem(file, "/", full, dataset_kwargs={"compression": "gzip"})

    ad.AnnData(sparse.csr_matrix((0, 35), dtype="f4")).write_h5ad(folder / "no_cells.h5ad")
    ad.AnnData(obs=obs()).write_h5ad(folder / "no_matrix.h5ad")
    many = data(csr.astype("f4"))
    many.obs = pd.DataFrame({f"column {i}": np.arange(60) * i for i in range(300)}, index=many.obs_names)
    many.write_h5ad(folder / "many_columns.h5ad")

    save("unsorted", csr.astype("f4"))
    with h5py.File(folder / "unsorted.h5ad", "a") as file:
        start, end = file["X/indptr"][3:5]
        for name in ("X/indices", "X/data"):
            file[name][start:end] = file[name][start:end][::-1]

    save("big_endian", dense.astype("f4"))
    with h5py.File(folder / "big_endian.h5ad", "a") as file:
        attributes = dict(file["X"].attrs)
        del file["X"]
        file.create_dataset("X", data=dense.astype(">f4")).attrs.update(attributes)
        attributes = dict(file["obs/wide"].attrs)
        wide = file["obs/wide"][:].astype(">i8")
        del file["obs/wide"]
        file.create_dataset("obs/wide", data=wide).attrs.update(attributes)

    # chunks of more than 65,535 entries, whose lengths take three bytes
    long = sparse.random(4000, 300, 0.1, "csr", dtype="f4", random_state=3)
    with h5py.File(folder / "long_chunks.h5ad", "w", libver=("v110", "v110")) as file:
        ad.io.write_elem(file, "/", ad.AnnData(long), dataset_kwargs={"compression": "gzip"})
        stored = file["X/data"][:]
        del file["X/data"]
        file.create_dataset("X/data", data=stored, chunks=(70000,), compression="gzip")

    save("checksums", csr.astype("f4"))
    with h5py.File(folder / "checksums.h5ad", "a") as file:
        stored = file["X/data"][:]
        del file["X/data"]
        file.create_dataset("X/data", data=stored, chunks=(64,), fletcher32=True, shuffle=True)

    # a billion cells of which none was written
    save("never_written", csr.astype("f4"))
    with h5py.File(folder / "never_written.h5ad", "a") as file:
        attributes = {name: dict(file[name].attrs) for name in ("X", "obs/_index")}
        del file["X"], file["obs"]
        file.create_dataset("X", (10**9, 35), "f4", chunks=(1000, 35), compression="gzip")
        file.create_dataset("obs/_index", (10**9,), h5py.string_dtype(), chunks=(1000,))
        file["obs"].attrs.update({"_index": "_index", "encoding-type": "dataframe", "encoding-version": "0.2.0"})
        file["obs/_index"].attrs.update(attributes["obs/_index"])

    # a filter that is not installed is left out for every chunk, but named
    save("unknown_filter", csr.astype("f4"))
    with h5py.File(folder / "unknown_filter.h5ad", "a") as file:
        stored = file["X/data"][:]
        del file["X/data"]
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_chunk((100,))
        plan.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))
        space = h5py.h5s.create_simple(stored.shape)
        made = h5py.h5d.create(file["X"].id, b"data", h5py.h5t.NATIVE_FLOAT, space, plan)
        made.write(h5py.h5s.ALL, h5py.h5s.ALL, stored)


if sys.argv[1] == "corpus":
    corpus(Path(sys.argv[2]))
else:
    print(json.dumps({path: describe(path) for path in sys.argv[2:]}))
