#!/bin/sh
# One pull request's own system: preview.sh prepare|up|clean
#   prepare  what images are built with: its registry
#   up       all of it
#   clean    away with those that expired.sh listed
set -eu

terraform_for() {
    number=$1
    shift
    terraform -chdir=infra/environments/preview init -input=false -reconfigure -no-color \
        -backend-config="bucket=$STATE_BUCKET" -backend-config="prefix=previews/pr-$number"
    terraform -chdir=infra/environments/preview "$@" -input=false -auto-approve -no-color \
        -var="number=$number" -var="project_id=$PROJECT" -var="region=$REGION" \
        -var="builder=$ACCOUNT" -var="images=$images"
}

# A name that is there to be parsed: nothing is pulled by it.
images='{"api": "none@sha256:", "worker": "none@sha256:"}'

case "$1" in
    prepare)
        infra/build/goal.sh preview || exit 0
        terraform_for "$PR_NUMBER" apply -target=module.dormouse.terraform_data.ready_to_build
        ;;
    up)
        infra/build/goal.sh preview || exit 0
        images="{\"api\": \"$(cat .build/api)\", \"worker\": \"$(cat .build/worker)\"}"
        terraform_for "$PR_NUMBER" apply
        terraform -chdir=infra/environments/preview output -raw api_url >.build/api_url
        ;;
    clean)
        while read -r number; do
            terraform_for "$number" destroy </dev/null
            echo "$number" >>.build/gone
        done <.build/expired
        ;;
esac
