"""From Markdown files to published versions: read, check, render, publish."""
