#!/bin/sh
# Every check and every test, against the emulators of this image.
set -eu
infra/build/goal.sh test || exit 0

apt-get update -qq
apt-get install -qq --no-install-recommends python3-venv git >/dev/null
exec .ci/run
