"""The experiments, by their number in the failure matrix; each is loaded when it is played."""

import importlib

from deploy.chaos.experiment import Experiment

MODULES = {
    "E-3": "crash_points",
    "E-4": "random_kills",
    "E-4.1": "each_killed_once",
    "E-5": "frozen",
    "E-6": "slow_and_reset",
    "E-7": "bus_wiped",
    "E-8": "redis_hurt",
    "E-9": "lost_answers",
    "E-9.1": "settled_crowd",
    "E-11": "deadline",
    "E-11.1": "changes_at_deadline",
    "E-12": "webhooks",
    "E-12.1": "webhooks_disturbed",
    "E-13": "webhooks_dropped",
    "E-14": "mails_lost",
    "E-14.1": "mails_killed",
    "E-15": "poison",
    "E-16": "replayed",
    "E-19": "rolling_restart",
    "restore": "restore",
    "cluster": "cluster",
}


def names() -> tuple[str, ...]:
    """Return every experiment there is."""
    return tuple(MODULES)


def load(name: str) -> Experiment:
    """Return one experiment; a name nobody knows is a `KeyError`."""
    module = importlib.import_module(f"{__name__}.{MODULES[name]}")
    experiment = module.EXPERIMENT
    assert isinstance(experiment, Experiment)
    assert experiment.id == name, f"{MODULES[name]} says it is {experiment.id}"
    return experiment
