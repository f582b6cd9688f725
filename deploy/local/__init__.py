"""The platform on one machine: real servers from wheels, five services, one supervisor."""
