"""Adds up the people of all cities."""

import csv
import os

import syft_client as sc

with open(sc.resolve_dataset_file_path("census")) as file:
    people = sum(int(row["people"]) for row in csv.DictReader(file))

with open(os.path.join(os.environ["SYFT_OUTPUTS"], "people.txt"), "w") as file:
    print(people, file=file)
