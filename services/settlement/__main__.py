"""python -m services.settlement web | worker | charger | all | migrate."""

import sys

from services.settlement.app import SERVICE

sys.exit(SERVICE.main(sys.argv[1:]))
