"""The mean age of all patients."""

import csv
import os

import syft_client as sc

with open(sc.resolve_dataset_file_path("medical_data")) as file:
    ages = [int(row["age"]) for row in csv.DictReader(file)]

with open(os.path.join(os.environ["SYFT_OUTPUTS"], "mean_age.txt"), "w") as file:
    print(sum(ages) / len(ages), file=file)
