"""The benchmark's parts; `run.py` puts them together."""
