"""Rules as tests, and the means to call every method of every service."""
