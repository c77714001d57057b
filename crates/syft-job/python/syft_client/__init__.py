"""Stands in for an installed package of this name: see ``_syft_datasets``."""

import _syft_datasets

if not _syft_datasets.yield_to_installed(__name__, __file__):
    from _syft_datasets import (  # noqa: F401
        load_dataset_code,
        resolve_dataset_file_path,
        resolve_dataset_files_path,
    )
