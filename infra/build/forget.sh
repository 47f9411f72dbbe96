#!/bin/sh
# Remove the states of the previews that are gone.
set -eu

[ -f .build/gone ] || exit 0
while read -r number; do
    gcloud storage rm --recursive "gs://$STATE_BUCKET/previews/pr-$number" </dev/null
done <.build/gone
