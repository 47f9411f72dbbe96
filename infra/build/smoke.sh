#!/bin/sh
# Submit a job to the new API by its own URL, wait for it, and look at its result.
set -eu
infra/build/goal.sh deploy || exit 0

TOKEN=$(infra/build/token.sh "$API_URL")
export TOKEN
python3 infra/build/smoke.py "https://candidate---${API_URL#https://}"
