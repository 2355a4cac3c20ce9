#!/usr/bin/env bash
# The whole loop on a standalone cluster of this machine: a master and two workers as processes, one of which is killed. Minutes: `.ci/run` leaves it out.
#   tests/cluster.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mvn -B -ntp -pl tests -am verify -Dtests.excluded= -Dtest=TestCluster -Dsurefire.failIfNoSpecifiedTests=false
