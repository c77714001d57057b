"""Asks for something that is not there."""

import syft_client as sc

print(open(sc.resolve_dataset_file_path("customers_count")).read())
