"""The clients that bbasync is compared with, each in an environment and a process of its own."""
