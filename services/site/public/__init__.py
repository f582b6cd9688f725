"""View models and formatting for the pages: pure functions, no input or output."""
