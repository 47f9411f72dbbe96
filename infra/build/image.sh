#!/bin/sh
# Build a service's image from what was built before: image.sh api|worker
set -eu
infra/build/goal.sh test || exit 0
cache="type=registry,ref=$REGISTRY/cache/$1"

# Only this kind of builder can keep the layers of every stage in a registry.
# https://docs.docker.com/build/cache/backends/registry/
docker buildx inspect images >/dev/null 2>&1 ||
    docker buildx create --name images --driver docker-container

set -- --builder images --file "Dockerfile.$1" --tag "$REGISTRY/$1:$BUILD_ID" --cache-from "$cache"
if [ "$GOAL" != test ]; then
    set -- "$@" --cache-to "$cache,mode=max,image-manifest=true"
fi
docker buildx build "$@" --load .
