"""Reduce: adds up the counts that the owners released."""

import csv
import sys

total = 0
for path in sys.argv[1:]:
    with open(path) as file:
        total += sum(int(row["count"]) for row in csv.DictReader(file))

print(f"Total customers across all owners: {total}")
