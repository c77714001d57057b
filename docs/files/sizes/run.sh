# How large are the cell nuclei, by diagnosis?
set -e
python3 sizes.py
