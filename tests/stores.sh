#!/usr/bin/env bash
# The whole loop on HDFS and on S3A, killed once on each, against a run on the local disk. Minutes: `.ci/run` leaves it out.
#   tests/stores.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mvn -B -ntp -pl tests -am verify -Dtests.excluded= -Dtest=TestStoreRuns -Dsurefire.failIfNoSpecifiedTests=false
