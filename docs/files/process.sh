# The number of patients.
tail -n +2 "$SYFT_DATASET_MEDICAL_DATA" | wc -l > "$SYFT_OUTPUTS/patients.txt"
