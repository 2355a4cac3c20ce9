#!/usr/bin/env bash
# A tiny run of the whole loop, killed (kill -9) at random moments and started again each time: tables and weights must be those of an unbroken run.
# Prints its seed and where each kill fell.
#   tests/kill-points.sh [KILLS, 10] [SEED]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export RELOOK_KILLS=${1:-10} ${2:+RELOOK_SEED=$2}
mvn -B -ntp -pl tests -am verify -Dtests.excluded= -Dtest='TestKilledRuns#aRunThatIsKilledAtRandomMomentsEndsAsAnUnbrokenOne' \
  -Dsurefire.failIfNoSpecifiedTests=false
