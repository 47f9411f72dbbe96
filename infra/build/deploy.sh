#!/bin/sh
# Make a revision of a service that nobody is sent to, but that has a URL: deploy.sh api|worker
# It is ready when this ends: its container has started and answered its probe.
set -eu
infra/build/goal.sh deploy || exit 0

gcloud run services update "$NAME-$1" --project="$PROJECT" --region="$REGION" --quiet \
    --image="$(cat ".build/$1")" \
    --revision-suffix="b${BUILD_ID%%-*}" \
    --no-traffic --tag=candidate
