"""Arrays written and read by numpy and safetensors, for the tests of our readers and writers.

    arrays_peer.py FOLDER         writes files there and prints what they hold as JSON
    arrays_peer.py read FOLDER    prints what x.npy, x.npz and x.safetensors hold
"""

import json
import sys
from pathlib import Path

import numpy as np

try:
    from safetensors import numpy as tensors
except ImportError:
    tensors = None


def told(array, dtype=False):
    said = {"shape": list(array.shape), "values": array.ravel().tolist()}
    return {"dtype": str(array.dtype), **said} if dtype else said


def floats(array):
    return told(array.astype("f8"))


def write(folder):
    rng = np.random.default_rng(3)
    whole = rng.integers(0, 100, (3, 4, 5))
    arrays = {f"{name[0]}{name[1:]}.npy": whole.astype(name) for name in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")}
    arrays |= {f"{name}.npy": whole.astype(name) / 7 for name in ("f4", "f8")}
    arrays["f2.npy"] = (whole / 8).astype("f2")
    arrays["big.npy"] = (whole / 7).astype(">f4")
    arrays["big_whole.npy"] = whole.astype(">i8")
    arrays["fortran.npy"] = np.asfortranarray(whole / 3)
    arrays["fortran_2d_big.npy"] = np.asfortranarray(whole[0].astype(">u2"))
    arrays["truth.npy"] = whole > 50
    arrays["scalar.npy"] = np.float64(2.5)
    arrays["empty.npy"] = np.zeros((0, 3))
    for name, array in arrays.items():
        np.save(folder / name, array)
    with open(folder / "version2.npy", "wb") as file:
        np.lib.format.write_array(file, whole, version=(2, 0))
    arrays["version2.npy"] = whole
    np.save(folder / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    np.save(folder / "text.npy", np.array(["a", "bc"]))
    np.save(folder / "records.npy", np.zeros(3, dtype=[("x", "f4"), ("y", "i4")]))
    np.save(folder / "times.npy", np.zeros(3, dtype="M8[s]"))
    packed = {"a": whole / 7, "b": whole > 3, "c": np.asfortranarray(whole[0])}
    np.savez(folder / "stored.npz", **packed)
    np.savez_compressed(folder / "deflated.npz", **packed)
    said = {
        "npy": {name: floats(np.asarray(array)) for name, array in arrays.items()},
        "npz": {name: floats(array) for name, array in packed.items()},
        "safetensors": None,
    }
    if tensors:
        named = {"layer.weight": whole[0].astype("f4") / 7, "layer.bias": whole[0, 0].astype("i8"), "half": np.ones((2, 2), "f2")}
        tensors.save_file(named, folder / "x.safetensors", metadata={"made": "for a test"})
        said["safetensors"] = {name: floats(array) for name, array in named.items()}
    return said


def read(folder):
    said = {"npy": told(np.load(folder / "x.npy"), True), "safetensors": None}
    said["npz"] = {name: told(array, True) for name, array in np.load(folder / "x.npz").items()}
    if tensors:
        said["safetensors"] = {name: told(a, True) for name, a in tensors.load_file(folder / "x.safetensors").items()}
    return said


print(json.dumps(read(Path(sys.argv[2])) if sys.argv[1] == "read" else write(Path(sys.argv[1]))))
