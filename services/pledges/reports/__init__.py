"""The reports a creator and an accountant read: rows of text from pledges and history. Pure."""
