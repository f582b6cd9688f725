"""Everything that runs The Pool: on one machine, in containers, on a cluster."""
