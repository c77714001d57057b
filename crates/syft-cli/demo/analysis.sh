#!/usr/bin/env bash
# How many patients have each diagnosis, and how large are their cell nuclei?
# Reads the dataset `patients`; writes counts and means, never a single row.
set -euo pipefail
export LC_ALL=C

awk -F, '
    NR == 1 {
        for (i = 1; i <= NF; i++) column[$i] = i
        if (!("diagnosis" in column) || !("radius_mean" in column)) {
            print "the columns diagnosis and radius_mean are needed" > "/dev/stderr"
            exit 1
        }
        next
    }
    { patients[$column["diagnosis"]]++; total[$column["diagnosis"]] += $column["radius_mean"] }
    END { for (d in patients) printf "%s,%d,%.2f\n", d, patients[d], total[d] / patients[d] }
' "$SYFT_DATASET_PATIENTS" | sort | awk '
    BEGIN { print "diagnosis,patients,mean_radius" }
    { print }
' > "$SYFT_OUTPUTS/summary.csv"

rows=$(awk 'END { print NR - 1 }' "$SYFT_DATASET_PATIENTS")
echo "summarised $rows patients"
