"""What scanpy reads from a 10x file or folder, as JSON."""

import json
import os
import sys
import warnings

import scanpy as sc

warnings.filterwarnings("ignore")
path = sys.argv[1]
data = sc.read_10x_mtx(path, make_unique=False) if os.path.isdir(path) else sc.read_10x_h5(path)
print(
    json.dumps(
        {
            "barcodes": list(data.obs_names),
            "genes": list(data.var_names),
            "ids": list(data.var["gene_ids"]),
            "cells": [float(v) for v in data.X.sum(1).A1],
            "totals": [float(v) for v in data.X.sum(0).A1],
        }
    )
)
