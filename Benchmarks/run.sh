#!/bin/sh
# The benchmark, as `make bench` calls it after the release build. Arguments go to run.py.
exec env PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/run.py" "$@"
