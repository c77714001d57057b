#!/usr/bin/python3 -IB
"""Starts the installer of this name, which installs nothing."""
import os
import sys

here = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(here))

from _syft_installers import main

sys.exit(main(os.path.basename(os.path.realpath(__file__)), sys.argv[1:]))
