#!/bin/sh
# Stands in for gcloud or Terraform, by the name that it is installed under: notes how it is called,
# and answers by a list. In shell, as it is started a thousand times.
{
    printf '%s\037' "${0##*/}" "$@"
    echo
} >>"$STAND_IN_CALLS"
if [ -n "$STAND_IN_NOTES" ] && [ -f "$STAND_IN_NOTES" ]; then
    while IFS= read -r text; do echo "$text"; done <"$STAND_IN_NOTES" >"$STAND_IN_CALLS.$$.noted"
fi
# What is sourced below looks at it.
# shellcheck disable=SC2034
line="${0##*/} $*"
# shellcheck source=/dev/null
. "$STAND_IN_ANSWERS"
