"""python -m services.checkout web | worker | all | migrate"""

import sys

from services.checkout.app import SERVICE

sys.exit(SERVICE.main(sys.argv[1:]))
