"""What docker-compose.yml brings along: configurations of the servers, secrets, samples."""
