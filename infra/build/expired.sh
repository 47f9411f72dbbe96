#!/bin/sh
# List the previews that nobody has pushed to for DAYS days, by the age of their states.
set -eu
mkdir -p .build

gcloud storage objects list "gs://$STATE_BUCKET/previews/**" \
    --filter="update_time<-P${DAYS}D" --format='value(name)' |
    sed -n 's#^previews/pr-\([0-9]*\)/.*#\1#p' | sort -u >.build/expired
