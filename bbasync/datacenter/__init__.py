"""Bitbucket Data Center: its session, services and models."""
