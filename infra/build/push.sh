#!/bin/sh
# Push a service's image, and note its digest for the steps that follow: push.sh api|worker
set -eu
infra/build/goal.sh images || exit 0

docker push --quiet "$REGISTRY/$1:$BUILD_ID"
mkdir -p .build
docker image inspect --format '{{index .RepoDigests 0}}' "$REGISTRY/$1:$BUILD_ID" >".build/$1"
echo "$1 = \"$(cat ".build/$1")\""
