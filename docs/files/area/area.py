"""Patients and mean area by diagnosis, and the largest areas."""

import csv
import os
from collections import defaultdict

areas = defaultdict(list)
with open(os.environ["SYFT_DATASET_PATIENTS"], newline="") as file:
    for row in csv.DictReader(file):
        areas[row["diagnosis"]].append(int(row["area_mean"]))

outputs = os.environ["SYFT_OUTPUTS"]
with open(os.path.join(outputs, "means.csv"), "w") as file:
    print("diagnosis,patients,mean_area", file=file)
    for diagnosis, of_it in sorted(areas.items()):
        print(f"{diagnosis},{len(of_it)},{sum(of_it) / len(of_it):.0f}", file=file)
with open(os.path.join(outputs, "largest.csv"), "w") as file:
    for area in sorted(sum(areas.values(), []))[-3:]:
        print(area, file=file)
