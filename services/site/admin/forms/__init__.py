"""One form for everything in a campaign file: its fields, filled in, drawn, and what is wrong."""
