"""The only way in: who may ask, what is passed on, and the headers of every answer."""
