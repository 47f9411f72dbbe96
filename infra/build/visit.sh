#!/bin/sh
# Try a preview, and say where it is.
set -eu
infra/build/goal.sh preview || exit 0
url=$(cat .build/api_url)

TOKEN=$(infra/build/token.sh "$url")
export TOKEN
python3 infra/build/smoke.py "$url"
echo "The preview of pull request $PR_NUMBER: $url (for $DAYS days after its last push)"
