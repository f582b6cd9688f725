"""python -m services.site web | worker | all | migrate"""

import sys

from services.site.app import SERVICE

if __name__ == "__main__":
    sys.exit(SERVICE.main(sys.argv[1:]))
