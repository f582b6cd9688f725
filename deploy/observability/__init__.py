"""What is watched: every figure the code has, alerts and a dashboard made of them."""
