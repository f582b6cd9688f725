"""What says that the bus is not there at the moment."""

from nats.errors import Error as NATSError
from nats.js.errors import APIError

BUS_AWAY = (NATSError, APIError, OSError, TimeoutError)


class BusAway(Exception):
    """The bus is not connected. Whatever was to be said waits in the outbox."""
