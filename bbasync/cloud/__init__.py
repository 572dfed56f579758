"""Bitbucket Cloud: its session, services and models."""
