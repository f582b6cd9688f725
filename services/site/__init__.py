"""Pages, gateway, live numbers and publishing: what people see of the platform."""
