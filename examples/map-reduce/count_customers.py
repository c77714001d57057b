"""Map: counts the customers of one owner. The same script goes to each of them."""

import csv
import os

import syft_client as sc

with open(sc.resolve_dataset_file_path("customers")) as file:
    customers = list(csv.DictReader(file))

with open(os.path.join(os.environ["SYFT_OUTPUTS"], "count.csv"), "w") as file:
    print("count", file=file)
    print(len(customers), file=file)
