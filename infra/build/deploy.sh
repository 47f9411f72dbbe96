#!/bin/sh
# Make a revision of a service that nobody is sent to, but that has a URL: deploy.sh api|worker
# It is ready when this ends: its container has started and answered its probe.
set -eu
infra/build/goal.sh deploy || exit 0

of_service() {
    gcloud run services "$@" --project="$PROJECT" --region="$REGION" --quiet
}

# The tag comes afterwards: with it gcloud would name the revision, which Terraform then stumbles over.
of_service update "$NAME-$1" --image="$(cat ".build/$1")" --no-traffic
of_service describe "$NAME-$1" --format='value(status.latestCreatedRevisionName)' >".build/$1.revision"
of_service update-traffic "$NAME-$1" --update-tags="candidate=$(cat ".build/$1.revision")"
