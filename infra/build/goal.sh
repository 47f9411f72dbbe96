#!/bin/sh
# Is a step part of this build? goal.sh test|images|deploy|preview
# The goals of cloudbuild.yaml, each with the steps of those before it: test, images, deploy.
# Those of cloudbuild.pr.yaml: clean, preview.
set -eu

case "$1:$GOAL" in
    *:clean | images:test | deploy:test | deploy:images)
        echo "Not part of a build whose goal is \"$GOAL\"."
        exit 1
        ;;
esac
