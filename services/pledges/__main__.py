"""python -m services.pledges web | worker | all | migrate."""

import sys

from services.pledges.app import SERVICE

sys.exit(SERVICE.main(sys.argv[1:]))
