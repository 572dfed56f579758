"""The operations that the fake simulates, one module per service."""
