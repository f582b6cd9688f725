"""One function per thing notify does. Given a connection; none commits."""
