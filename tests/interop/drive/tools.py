"""Makes what a job of the Python peer starts with, in a folder: `uv`, and what is installed as `syft`.

A job makes an environment of Python 3.12 with `uv`, and installs the `syft` of its owner from an index. Here the
interpreter is the one that the peer has, whichever that is, and nothing is fetched: the wheel that is installed
points to where the peer's packages are.

Printed as a line of JSON: the folder of `uv`, and the wheel.
"""

import importlib.metadata
import json
import os
import sys
import sysconfig
import zipfile
from pathlib import Path

UV = """#!/bin/sh
# Every interpreter that is asked for is the one that is there.
count=$#
while [ "$count" -gt 0 ]; do
  word=$1
  shift
  count=$((count - 1))
  set -- "$@" "$word"
  if [ "$word" = --python ] && [ "$count" -gt 0 ]; then
    shift
    count=$((count - 1))
    set -- "$@" '{python}'
  fi
done
exec '{uv}' "$@"
"""


def make_uv(folder):
    folder.mkdir(parents=True)
    base = os.path.realpath(sys.executable)
    script = folder / "uv"
    script.write_text(UV.format(python=base, uv=Path(sys.prefix) / "bin/uv"))
    script.chmod(0o755)
    return folder


def make_wheel(folder):
    version = importlib.metadata.version("syft")
    about = f"syft-{version}.dist-info"
    files = {
        "syft.pth": sysconfig.get_path("purelib") + "\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: syft\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: tools.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{about}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    wheel = folder / f"syft-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


made = Path(sys.argv[1])
print(json.dumps({"path": str(make_uv(made / "bin")), "syft": str(make_wheel(made))}))
