"""The promises, each proved by force: one programme a file, all of one shape (`programme.py`)."""
