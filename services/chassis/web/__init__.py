"""HTTP: the socket, the edge, bodies and errors, who may ask and how often, and whom we ask."""
