#!/bin/sh
# What the images are made of, and which known vulnerabilities that has. Fails on one; says so, and
# goes on, where the database of vulnerabilities does not answer.
set -eu
infra/build/goal.sh test || exit 0

python -m venv /tmp/audit
/tmp/audit/bin/pip install --quiet --require-hashes -r requirements/audit.txt
status=0
/tmp/audit/bin/python -m local.audit || status=$?
[ "$status" = 3 ] || exit "$status"
echo "Going on without the audit." >&2
