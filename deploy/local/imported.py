"""What the fork server imports before the first process is asked for; see `forked`."""

import gc
import os
import signal

from deploy.local.death import die_with
from deploy.local.forked import import_all
from deploy.local.layout import SERVICES

import_all((*(f"services.{service}.app" for service in SERVICES), "deploy.sandbox.app"))

# What is imported stays: looking through it again would only copy the pages we share.
gc.collect()
gc.freeze()
# A terminal that goes away is the supervisor's business.
os.setsid()
die_with(os.getppid(), signal.SIGTERM, name="fork-server")
