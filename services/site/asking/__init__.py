"""Asking the services behind us for what pages show: one question, an answer or a refusal."""
