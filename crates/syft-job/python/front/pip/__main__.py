import sys

from _syft_installers import main

sys.exit(main("pip", sys.argv[1:]))
