#!/bin/sh
# Send a tenth of the traffic to the new revisions, look at how they do, then all of it, or none.
# The worker goes first: a job of a new type must find a worker that knows it.
set -eu
infra/build/goal.sh deploy || exit 0
api=$(cat .build/api.revision)
worker=$(cat .build/worker.revision)

shift_traffic() {
    service=$1
    shift
    gcloud run services update-traffic "$NAME-$service" --project="$PROJECT" --region="$REGION" \
        --quiet "$@"
}

# Who serves now, as --to-revisions takes it.
serving() {
    gcloud run services describe "$NAME-$1" --project="$PROJECT" --region="$REGION" --format=json |
        python3 -c 'import json, sys
traffic = json.load(sys.stdin)["status"]["traffic"]
shares = [(one["revisionName"], one["percent"]) for one in traffic if one.get("percent")]
print(",".join(f"{revision}={percent}" for revision, percent in shares))'
}

not_back() {
    echo "$NAME-$1 is NOT back: docs/runbook.md, section rollback" >&2
}

back() {
    status=$?
    trap - EXIT INT TERM
    echo "Back to the revisions before." >&2
    shift_traffic api --to-revisions="$api_before" --remove-tags=candidate || not_back api
    shift_traffic worker --to-revisions="$worker_before" --remove-tags=candidate || not_back worker
    exit "$status"
}

api_before=$(serving api)
worker_before=$(serving worker)
trap back EXIT
trap 'exit 130' INT TERM

begin=$(date -u +%Y-%m-%dT%H:%M:%SZ)
shift_traffic worker --to-tags=candidate=10
shift_traffic api --to-tags=candidate=10

# Nobody but Pub/Sub reaches the worker, so jobs go in until the new revision has done one.
# They go in by the new API's own URL, so that it has something to be looked at as well.
TOKEN=$(infra/build/token.sh "$API_URL")
export TOKEN
python3 infra/build/smoke.py "https://candidate---${API_URL#https://}" \
    --until-worker "$worker" --tries 80

sleep "$LOOK_SECONDS"
python3 infra/build/look.py --project "$PROJECT" --since "$begin" \
    --api "$api" --worker "$worker"

shift_traffic worker --to-revisions="$worker=100"
shift_traffic api --to-revisions="$api=100"
trap - EXIT
# From here on the new ones serve, whatever becomes of their second URL.
shift_traffic worker --remove-tags=candidate
shift_traffic api --remove-tags=candidate
