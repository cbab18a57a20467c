"""Seconds, rows per second and core, and memory of a check: on one machine, as a filter in a pipe, and on Apache Spark.

    python benches/spark.py target/release/rollcall LIST.csv [LIST.csv ...]

`cargo bench --bench throughput -- write FILE plain ROWS` writes a list. Spark runs with two cores on this machine. Needs
`pyspark`, `pyarrow` and Java.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
os.environ["PYSPARK_PYTHON"] = sys.executable


def timed(what, rows, command, stdin=None):
    start = time.monotonic()
    child = subprocess.Popen(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - start
    assert os.waitstatus_to_exitcode(status) in (0, 1), what
    cpu = usage.ru_utime + usage.ru_stime
    print(
        f"{what:24} {seconds:8.2f} s {rows / seconds:12,.0f} rows/s {cpu:8.2f} CPU s {usage.ru_maxrss / 1024:8,.0f} MB",
        flush=True,
    )


def shuffled(folder):
    """Returns the bytes that tasks wrote for other tasks."""
    written = 0
    for path in Path(folder).iterdir():
        with open(path, encoding="utf-8") as events:
            for line in events:
                event = json.loads(line)
                metrics = event.get("Task Metrics") if event["Event"] == "SparkListenerTaskEnd" else None
                written += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"] if metrics else 0
    return written


def main():
    rollcall = os.path.abspath(sys.argv[1])
    for source in sys.argv[2:]:
        source = os.path.abspath(source)
        with open(source, "rb") as file:
            rows = sum(1 for _ in file) - 1
        print(f"{rows:,} rows, {os.path.getsize(source) / 1e6:,.0f} MB")
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            timed("rollcall check", rows, [rollcall, "check", "-q", "--out", f"{folder}/check", source])
            with open(source, "rb") as file:
                cat = subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE)
                timed("rollcall normalize", rows, [rollcall, "normalize", "-q"], cat.stdout)
                cat.stdout.close()
                cat.wait()
            submit = Path(sys.executable).parent / "spark-submit"
            spark = [
                str(submit),
                "--master",
                "local[2]",
                "--driver-memory",
                "4g",
                "--conf",
                "spark.ui.enabled=false",
                "--conf",
                "spark.sql.parquet.compression.codec=gzip",
                "--conf",
                "spark.sql.shuffle.partitions=8",
                "--conf",
                "spark.eventLog.enabled=true",
                "--conf",
                "spark.eventLog.rolling.enabled=false",
                "--conf",
                "spark.eventLog.compress=false",
                "--conf",
                f"spark.eventLog.dir=file:{folder}/events",
                "--py-files",
                ",".join(str(ROOT / f"samples/spark/{name}.py") for name in ["rollcall_spark", "rollcall_report"]),
                str(ROOT / "samples/spark/check.py"),
                source,
                "--one-line",
                "--out",
                f"{folder}/spark",
                "--rollcall",
                rollcall,
            ]
            os.mkdir(f"{folder}/events")
            timed("Spark, two cores", rows, spark)
            print(f"  shuffled: {shuffled(f'{folder}/events') / rows:.0f} bytes a row")


if __name__ == "__main__":
    main()
