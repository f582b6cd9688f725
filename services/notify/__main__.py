"""python -m services.notify web | worker | all | migrate"""

import sys

from services.notify.app import SERVICE

sys.exit(SERVICE.main(sys.argv[1:]))
