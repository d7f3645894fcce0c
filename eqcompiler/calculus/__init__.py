"""Index form, derivatives, normal form, stationary points, and the way back to notation."""
