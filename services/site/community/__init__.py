"""The supporters' page: what is decided, who is there, drawn by the server for one person."""
