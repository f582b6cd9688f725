"""Campaign texts: written in the dashboard or in the folder, published, and mirrored."""
