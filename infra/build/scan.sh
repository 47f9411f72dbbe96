#!/bin/sh
# Look for known weaknesses in a service's image before anybody can pull it: scan.sh api|worker
# Fails on a grave one that a newer package would mend.
set -eu
infra/build/goal.sh images || exit 0

scan=$(gcloud artifacts docker images scan "$REGISTRY/$1:$BUILD_ID" --format='value(response.scan)')
fields=vulnerability.effectiveSeverity,vulnerability.fixAvailable,vulnerability.shortDescription
found=$(gcloud artifacts docker images list-vulnerabilities "$scan" --format="csv[no-heading]($fields)")
if echo "$found" | grep -E '^(CRITICAL|HIGH),True,'; then
    echo "These have a fix: build on a newer base image, or ./dev lock anew." >&2
    exit 1
fi
