"""Sums up what customers spent, by region."""

import csv
import os

import syft_client as sc

spent = {}
with open(sc.resolve_dataset_file_path("customers")) as file:
    for row in csv.DictReader(file):
        if row["customer_id"]:
            spent[row["region"]] = spent.get(row["region"], 0) + int(row["spent"])

with open(os.path.join(os.environ["SYFT_OUTPUTS"], "output.csv"), "w") as file:
    print("region,spent", file=file)
    for region in sorted(spent):
        print(f"{region},{spent[region]}", file=file)
