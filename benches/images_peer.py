"""The peer of images.rs: writes the files that both read, and reads them with tifffile and lmdb."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lmdb
import numpy as np
import tifffile

folder = Path(sys.argv[1])
cells, batch, repetitions = map(int, sys.argv[2:5])


def best(work):
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def field(dtype):
    """Two planes that look like a field of cells: smooth light, spots, and the camera's noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:2048, :2048]
    plane = 400 + 100 * np.sin(x / 300) + 900 * (np.sin(x / 17) * np.sin(y / 19) > 0.6)
    return np.stack([rng.poisson(plane), rng.poisson(plane[::-1])]).astype(dtype)


def tiffs():
    words = field("u2")
    bytes_ = (words // 8).clip(0, 255).astype("u1")
    floats = words.astype("f4") / 1000
    kinds = {
        "u16 uncompressed": (words, {}),
        "u16 deflate strips": (words, {"compression": "zlib", "predictor": True, "rowsperstrip": 64}),
        "u16 LZW strips": (words, {"compression": "lzw", "predictor": True, "rowsperstrip": 64}),
        "u16 LZW tiles big-endian": (words, {"compression": "lzw", "tile": (256, 256), "byteorder": ">"}),
        "u8 PackBits": (bytes_, {"compression": "packbits", "rowsperstrip": 64}),
        "f32 deflate tiles predictor": (floats, {"compression": "zlib", "predictor": True, "tile": (256, 256)}),
    }
    for name, (values, options) in kinds.items():
        path = folder / f"{name.replace(' ', '_')}.tif"
        stored, same = np.empty_like(values), np.empty(values.shape, "f4")

        def again():
            if values.dtype == same.dtype:
                tifffile.imread(path, out=same)
            else:
                tifffile.imread(path, out=stored)
                np.copyto(same, stored)

        try:
            tifffile.imwrite(path, values, photometric="minisblack", **options)
            new = best(lambda: tifffile.imread(path).astype("f4", copy=False))
            kept = best(again)
        except (ImportError, KeyError, ValueError):
            continue
        assert (same == values).all(), name
        print(f"tiff new {name}\t{new}\ntiff same {name}\t{kept}", flush=True)


def forget(path):
    dd = ["dd", f"of={path}", "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"]
    return subprocess.run(dd, check=False).returncode == 0


def store():
    records = np.memmap(folder / "records", "<f4", "r", shape=(cells, 4, 96, 96))
    keys = [f"G{i:06d};ACGTACGTACGTACGTACGT;20200202_6W-LaC024A;A1;{i % 1281};{i}".encode() for i in range(cells)]
    path = folder / "lmdb"
    with lmdb.open(str(path), map_size=cells * 300_000) as environment, environment.begin(write=True) as transaction:
        for key, record in zip(keys, records):
            transaction.put(key, record.tobytes())
    order = [int(line) for line in (folder / "order").read_text().split()]

    def images(transaction, rows):
        return [np.frombuffer(transaction.get(keys[row]), "<f4").reshape(4, 96, 96) for row in rows]

    def new(environment):
        with environment.begin(buffers=True) as transaction:
            for start in range(0, cells, batch):
                np.stack(images(transaction, order[start : start + batch]))

    def again(environment, same, pool=None, parts=1):
        def part(rows, out):
            with environment.begin(buffers=True) as transaction:
                np.stack(images(transaction, rows), out=out)

        step = -(-batch // parts)
        for start in range(0, cells - batch + 1, batch):
            rows = order[start : start + batch]
            pieces = [(rows[i : i + step], same[i : i + step]) for i in range(0, batch, step)]
            if pool is None:
                part(*pieces[0])
            else:
                list(pool.map(lambda piece: part(*piece), pieces))

    with lmdb.open(str(path), readonly=True, lock=False, readahead=False) as environment:
        print(f"lmdb new\t{best(lambda: new(environment))}", flush=True)
        same = np.empty((batch, 4, 96, 96), "f4")
        print(f"lmdb same\t{best(lambda: again(environment, same))}", flush=True)
        cores = os.cpu_count()
        with ThreadPoolExecutor(cores) as pool:
            print(f"lmdb all\t{best(lambda: again(environment, same, pool, cores))}", flush=True)
    if forget(path / "data.mdb"):
        with lmdb.open(str(path), readonly=True, lock=False, readahead=False) as environment:
            start = time.perf_counter()
            new(environment)
            print(f"lmdb cold\t{time.perf_counter() - start}", flush=True)


tiffs()
store()
