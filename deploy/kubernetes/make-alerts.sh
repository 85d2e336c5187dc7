#!/bin/sh
# Makes observability/alerts.yaml of deploy/prometheus/alerts.yml: the same rules as a resource of the
# Prometheus operator. Run it after a change there.
set -eu
cd "$(dirname "$0")"
{
  echo "# Made by make-alerts.sh of deploy/prometheus/alerts.yml: change that."
  printf 'apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n'
  printf 'metadata: {name: moodline, namespace: moodline}\nspec:\n'
  grep -v '^#' ../prometheus/alerts.yml | sed 's/^\(.\)/  \1/'
} > observability/alerts.yaml
