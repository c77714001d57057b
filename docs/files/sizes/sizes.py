"""The mean of a column by diagnosis, and the patients with the largest areas."""

import csv
import json
import os
from collections import defaultdict

with open("params.json") as file:
    column = json.load(file)["column"]
with open(os.environ["SYFT_DATASET_PATIENTS"], newline="") as file:
    patients = list(csv.DictReader(file))
by_diagnosis = defaultdict(list)
for patient in patients:
    by_diagnosis[patient["diagnosis"]].append(float(patient[column]))

outputs = os.environ["SYFT_OUTPUTS"]
with open(os.path.join(outputs, "means.csv"), "w") as file:
    print("diagnosis,patients,mean", file=file)
    for diagnosis, of_it in sorted(by_diagnosis.items()):
        print(f"{diagnosis},{round(len(of_it), -1)},{sum(of_it) / len(of_it):.0f}", file=file)

# To look at the outliers.
largest = sorted(patients, key=lambda patient: float(patient["area_mean"]))[-3:]
with open(os.path.join(outputs, "largest.csv"), "w") as file:
    print("patient,diagnosis,area_mean", file=file)
    for patient in largest:
        print(f"{patient['patient']},{patient['diagnosis']},{patient['area_mean']}", file=file)
