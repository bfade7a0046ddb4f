import sys

from hcr_core.cli import main

sys.exit(main())
