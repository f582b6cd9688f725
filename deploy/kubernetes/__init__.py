"""The platform on Kubernetes: manifests, what validates them, and what makes their secrets."""
