#!/bin/sh
# Print an identity token of the build's own account for an audience: token.sh AUDIENCE
# Asked of IAM, as the metadata server's tokens need not name the account's email.
# https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateIdToken
set -eu

printf 'Authorization: Bearer %s' "$(gcloud auth print-access-token)" |
    curl --fail --silent --show-error --header @- --header 'Content-Type: application/json' \
        --data "{\"audience\": \"$1\", \"includeEmail\": true}" \
        "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/$ACCOUNT:generateIdToken" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'
