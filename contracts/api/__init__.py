"""What services answer over HTTP where another one of ours reads it: one shape for both."""
