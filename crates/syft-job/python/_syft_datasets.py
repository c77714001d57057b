"""Finds datasets by name: the private files inside a job, the mock outside.

Needs Python 3.9 or later and nothing else. ``syft_client`` and ``syft`` beside
this file offer it under the names that scripts import; where a package of such
a name is installed, that one is used instead.
"""

import importlib.util
import os
import sys
from pathlib import Path

_VARIABLE = "SYFT_DATASET_"
_NO_DATA = {"syft.pub.yaml", "private_metadata.yaml"}
# Below a datasite, the usual place of each layout first.
_MOCKS = ["public/datasets/*", "public/syft_datasets/*", "public/syft_datasets/v1/*"]


def yield_to_installed(name, file):
    """Puts an installed package of this name in this one's place, if there is one."""
    here = os.path.realpath(os.path.join(os.path.dirname(file), ".."))
    others = [path for path in sys.path if os.path.realpath(path) != here]
    for finder in sys.meta_path:
        find_spec = getattr(finder, "find_spec", None)
        spec = find_spec(name, others) if find_spec else None
        # A mere folder of that name is no package that somebody installed.
        if spec is None or spec.loader is None or spec.origin is None:
            continue
        if os.path.realpath(spec.origin) == os.path.realpath(file):
            continue
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return True
    return False


def resolve_dataset_file_path(name, syftbox_folder=None, owner_email=None, client=None):
    """The one file of a dataset, as a ``pathlib.Path``."""
    files = resolve_dataset_files_path(name, syftbox_folder, owner_email, client)
    if len(files) > 1:
        names = ", ".join(file.name for file in files)
        raise ValueError(
            f"dataset {name!r} has {len(files)} files ({names}): "
            "take one of resolve_dataset_files_path(...)"
        )
    return files[0]


def resolve_dataset_files_path(name, syftbox_folder=None, owner_email=None, client=None):
    """The files of a dataset, by name: in a job what it was granted, else the mock."""
    if os.environ.get("SYFT_IS_IN_JOB", "").lower() == "true":
        return _granted(name)
    return _mock(name, syftbox_folder, owner_email, client)


def load_dataset_code(module, syftbox_folder=None, owner_email=None, client=None):
    """Imports ``a/b.py`` of dataset ``census`` by the name ``census.a.b``."""
    name, *parts = module.split(".")
    files = resolve_dataset_files_path(name, syftbox_folder, owner_email, client)
    path = files[0].parent.joinpath(*parts).with_suffix(".py")
    if not parts or not path.is_file():
        raise ModuleNotFoundError(f"dataset {name!r} has no code {module!r}", name=module)
    spec = importlib.util.spec_from_file_location(module, path)
    sys.modules[module] = code = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(code)
    return code


def _granted(name):
    letters = (c.upper() if c.isascii() and c.isalnum() else "_" for c in name)
    granted = os.environ.get(_VARIABLE + "".join(letters))
    if granted is None:
        granted = [key for key in sorted(os.environ) if key.startswith(_VARIABLE)]
        there = [key[len(_VARIABLE):].lower() for key in granted]
        raise FileNotFoundError(
            f"this job may not read a dataset {name!r}: "
            f"it was granted {', '.join(there) or 'none'}"
        )
    path = Path(granted)
    files = [path] if path.is_file() else _files(path, _NO_DATA)
    # The owner's own files may lie in the same folder; they cannot be opened.
    return _some(name, path, [file for file in files if _opens(file)])


def _mock(name, syftbox_folder, owner_email, client):
    folder = syftbox_folder or getattr(client, "syftbox_folder", None)
    folder = folder or os.environ.get("SYFTBOX_FOLDER") or Path.home() / "syftbox"
    places = {}
    for mocks in _MOCKS:
        for path in sorted(Path(folder).glob(f"*@*/{mocks}/dataset.yaml")):
            owner = path.relative_to(folder).parts[0]
            places.setdefault((owner, path.parent.name), path.parent)
    owners = [o for o, d in places if d == name and owner_email in (None, o)]
    if len(owners) > 1 and os.environ.get("SYFTBOX_EMAIL") in owners:
        owners = [os.environ["SYFTBOX_EMAIL"]]
    if not owners:
        there = ", ".join(f"{owner}/{dataset}" for owner, dataset in places)
        wanted = f"{owner_email}/{name}" if owner_email else name
        raise FileNotFoundError(
            f"there is no dataset {wanted!r} in {folder}; there are: {there or 'none'} "
            "(`syft sync` fetches what is shared with you)"
        )
    if len(owners) > 1:
        raise ValueError(
            f"{' and '.join(owners)} have a dataset {name!r}: say whose with owner_email=..."
        )
    place = places[(owners[0], name)]
    return _some(name, place, _files(place, _NO_DATA | {"dataset.yaml"} | _readme(place)))


def _readme(place):
    lines = (place / "dataset.yaml").read_text(encoding="utf-8").splitlines()
    urls = [line[len("readme_url:"):].strip() for line in lines if line.startswith("readme_url:")]
    return {url.strip("'\"").rsplit("/", 1)[-1] for url in urls if url.strip("'\"").endswith(".md")}


def _files(folder, left_out):
    kept = (path for path in folder.iterdir() if path.name not in left_out)
    return sorted(path for path in kept if path.is_file() and not path.name.startswith("."))


def _opens(path):
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False


def _some(name, place, files):
    if not files:
        raise FileNotFoundError(f"dataset {name!r} has no file in {place}")
    return files
