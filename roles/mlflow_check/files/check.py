# SPDX-FileCopyrightText: 2026 ai_how.cloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs a run with an artifact through MLflow, reads it back, and looks for it in the stores below.

``check.py RUN URL``, in the image and with the environment of the MLflow server (PG*, AWS_*, MLFLOW_S3_ENDPOINT_URL).
A run of that name which is there already is only read back. Prints one line of JSON; fails with one sentence.
"""

import json
import os
import sys
from datetime import datetime, timezone

import boto3
import mlflow
import psycopg2

EXPERIMENT, FILE = "ai-how-check", "notes/check.txt"
LOSS = 0.125


def main(name, url):
    mlflow.set_tracking_uri(url)
    experiment = mlflow.set_experiment(EXPERIMENT).experiment_id
    known = mlflow.search_runs(
        [experiment],
        f"attributes.run_name = '{name}' and attributes.status = 'FINISHED'",
        max_results=1,
        output_format="list",
    )
    run_id = known[0].info.run_id if known else log(name)

    run = mlflow.get_run(run_id)
    text = mlflow.artifacts.load_text(f"runs:/{run_id}/{FILE}")
    seen = (run.info.status, run.data.params.get("run"), run.data.metrics.get("loss"), text)
    if seen != ("FINISHED", name, LOSS, artifact(name)):
        raise SystemExit(f"The run {run_id} was read back from {url} as {seen}, and another one was logged.")

    connection = psycopg2.connect("")
    with connection, connection.cursor() as cursor:
        cursor.execute("select status from runs where run_uuid = %s", [run_id])
        row = cursor.fetchone()
    if row != ("FINISHED",):
        raise SystemExit(f"PostgreSQL has {row or 'no row'} for the run {run_id}, and FINISHED was expected.")

    # mlflow-artifacts:/1/<run>/artifacts
    key = f"{run.info.artifact_uri.partition(':')[2].strip('/')}/{FILE}"
    s3 = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    body = s3.get_object(Bucket="mlflow", Key=key)["Body"].read().decode()
    if body != text:
        raise SystemExit(f"MinIO has {body!r} as s3://mlflow/{key}, and {text!r} was expected.")

    started = datetime.fromtimestamp(run.info.start_time / 1000, timezone.utc).isoformat(timespec="seconds")
    found = {"run_id": run_id, "experiment_id": experiment, "logged": not known, "started": started}
    print(json.dumps({**found, "row": row[0], "object": f"s3://mlflow/{key}", "bytes": len(body)}))


def log(name):
    with mlflow.start_run(run_name=name) as run:
        mlflow.log_param("run", name)
        mlflow.log_metric("loss", LOSS)
        mlflow.log_text(artifact(name), FILE)
    return run.info.run_id


def artifact(name):
    return f"logged by the run {name}\n"


if __name__ == "__main__":
    main(*sys.argv[1:])
