"""Uploaded pictures, films and sounds: what is taken, how it is made anew, and where it is kept."""
