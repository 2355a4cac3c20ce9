#!/usr/bin/env bash
# Stands in for Zeppelin's bin/interpreter.sh, which only its binary distribution has.
while getopts "hc:p:r:i:d:l:v:u:g:" option; do
  case $option in
    d) folder=$OPTARG ;;
    c) host=$OPTARG ;;
    p) port=$OPTARG ;;
    r) range=$OPTARG ;;
    i) group=$OPTARG ;;
    *) ;;
  esac
done
exec java -Xmx512m -cp "$folder/*:$ZEPPELIN_HOME/lib/interpreter/*:$ZEPPELIN_HOME/conf" \
  org.apache.zeppelin.interpreter.remote.RemoteInterpreterServer "$host" "$port" "$group" "$range"
