#!/bin/sh
# Stands in for gcloud or Terraform, by the name that it is installed under: notes how it is called,
# and answers by a list. In shell, as it is started a thousand times.
{
    printf '%s\037' "${0##*/}" "$@"
    echo
} >>"$STAND_IN_CALLS"
line="${0##*/} $*"
. "$STAND_IN_ANSWERS"
