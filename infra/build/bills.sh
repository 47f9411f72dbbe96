#!/bin/sh
# Keep the bills of materials of what is deployed, under the digest of each image.
set -eu
infra/build/goal.sh deploy || exit 0

for service in api worker; do
    digest=$(sed 's/.*@//' ".build/$service")
    gcloud storage cp ".build/$service.cdx.json" "gs://$PROJECT-$NAME-bills/$service/$digest.cdx.json" ||
        echo "Not kept: is there the bucket? terraform apply makes it." >&2
done
