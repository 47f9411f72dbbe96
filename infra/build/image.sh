#!/bin/sh
# Build a service's image from what was built before: image.sh api|worker
set -eu
infra/build/goal.sh test || exit 0
cache="type=registry,ref=$REGISTRY/cache/$1"

# Only this kind of builder can keep the layers of every stage in a registry.
# https://docs.docker.com/build/cache/backends/registry/
# It pulls without a login, and Docker Hub counts that by address, which builds share: Google's copy
# of the usual images comes first. https://cloud.google.com/artifact-registry/docs/pull-cached-dockerhub-images
if ! docker buildx inspect images >/dev/null 2>&1; then
    mkdir -p .build
    printf '[registry."docker.io"]\n  mirrors = ["mirror.gcr.io"]\n' >.build/buildkitd.toml
    docker buildx create --name images --driver docker-container --buildkitd-config .build/buildkitd.toml
fi

set -- --builder images --file "Dockerfile.$1" --tag "$REGISTRY/$1:$BUILD_ID" --cache-from "$cache"
if [ "$GOAL" != test ]; then
    set -- "$@" --cache-to "$cache,mode=max,image-manifest=true"
fi
docker buildx build "$@" --load .
