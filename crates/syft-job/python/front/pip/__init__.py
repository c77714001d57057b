"""Stands for pip in a job, where nothing is installed."""
