"""The number of customers, by region."""

import csv
import os

import syft_client as sc

regions = {}
with open(sc.resolve_dataset_file_path("customers")) as file:
    for row in csv.DictReader(file):
        regions[row["region"]] = regions.get(row["region"], 0) + 1

with open(os.path.join(os.environ["SYFT_OUTPUTS"], "output.csv"), "w") as file:
    print("region,customers", file=file)
    for region in sorted(regions):
        print(f"{region},{regions[region]}", file=file)
