"""The manage page: what a link holder sees of their pledges, and may change."""
