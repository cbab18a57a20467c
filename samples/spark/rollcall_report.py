"""`report.json` of a check on Apache Spark, in the schema of `rollcall check`."""

import datetime
import json
import secrets
import time

from pyspark.sql import Window
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

from rollcall_spark import HEAD, head_of, run, shipped

# The place of a row in the input: the given list, the file, the part of it, and the row.
ORDER = ["__list", "__file", "__part", "__row"]

OUTCOMES = [
    "valid",
    "planned",
    "created",
    "confirmed",
    "existing",
    "duplicate",
    "suppressed",
    "rejected",
    "failed",
    "pending",
]

# As many as in the report of one machine.
MAX_EXAMPLES = 5
MAX_HINTS = 100
MAX_UNKNOWN_VALUES = 500

_UNKNOWN = StructType([StructField(name, StringType()) for name in ["field", "key", "value"]])
_PROBLEM = StructType(
    [StructField(name, StringType()) for name in ["code", "title", "hint", "general_hint", "column", "value"]]
    + [StructField("unknown", _UNKNOWN)]
)


class Report:
    """The report of a check that begins now."""

    def __init__(self, spark, arguments, reading, lists):
        """Checks the first rows of each list on this machine: they tell how its columns are read."""
        self.spark, self.arguments, self.begin = spark, arguments, time.time()
        checks = [self._check(found, reading) for found in lists]
        self.inputs = [self._input(source, check) for source, check in zip(arguments.sources, checks)]
        self.excluded = checks[0]["excluded"]

    def _check(self, found, reading):
        command = [
            shipped(self.arguments.rollcall, is_program=True),
            "check",
            HEAD,
            "--quiet",
            "--json",
            "--out",
            "out",
            *reading,
        ]
        command += ["--format", "csv", "--encoding", "utf-8", "--delimiter", found.delimiter]
        for file in self.arguments.exclude_file:
            command += ["--exclude-file", shipped(file)]
        return json.loads(run(command, head_of(found)))

    @staticmethod
    def _input(source, check):
        [found] = check["inputs"]
        notes = [f"in the first rows: {note}" for note in found["notes"]]
        # Spark has read the bytes.
        return found | {
            "path": source,
            "sha256": None,
            "encoding": None,
            "delimiter": None,
            "fixes": [],
            "notes": notes,
        }

    def write(self, outcomes, excluded):
        """Writes the report about these rows to the folder of the run, and its totals to the screen."""
        report = self._of(outcomes, excluded)
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        _write_file(self.spark, f"{self.arguments.out}/report.json", text)
        totals = {outcome: count for outcome, count in report["totals"].items() if count}
        print(
            f"{totals.pop('rows', 0):,} rows: " + ", ".join(f"{count:,} {outcome}" for outcome, count in totals.items())
        )
        for problem in report["problems"]:
            print(f"{problem['count']:>12,}  {problem['title']}: {problem['hint']}")

    def _of(self, outcomes, excluded):
        rows = outcomes.groupBy("__list", "rollcall_outcome").count().collect()
        totals = dict.fromkeys(["rows", *OUTCOMES], 0)
        for row in rows:
            totals[row["rollcall_outcome"]] += row["count"]
            totals["rows"] += row["count"]
        for index, found in enumerate(self.inputs):
            found["rows"] = sum(row["count"] for row in rows if row["__list"] == index)
        problems, unknown_values = self._problems(outcomes)
        seconds = time.time() - self.begin
        milliseconds = round(seconds * 1000)
        started = datetime.datetime.fromtimestamp(self.begin, datetime.timezone.utc)
        return {
            "schema": "rollcall.report/1",
            "run": f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}",
            "command": "check",
            "dry_run": False,
            "not_posted": None,
            "complete": True,
            "started_at": _time(started),
            "finished_at": _time(started + datetime.timedelta(seconds=seconds)),
            "config_files": [],
            "inputs": self.inputs,
            "totals": totals,
            "problems": problems,
            "unknown_values": unknown_values,
            "regions": _regions(outcomes),
            "types": _types(outcomes),
            "excluded": self.excluded + excluded,
            "export": {
                "file": f"{self.arguments.out}/planned",
                "layout": "full",
                "contacts": totals["valid"],
                "written": True,
            },
            "platform": None,
            "plan": None,
            "actual": None,
            "timing_ms": {"total": milliseconds, "read": milliseconds, "existing": 0, "post": 0},
        }

    def _problems(self, outcomes):
        problem = F.explode(F.from_json("rollcall_problems", ArrayType(_PROBLEM))).alias("problem")
        found = outcomes.where("rollcall_problems is not null").select(*ORDER, "rollcall_row", problem)
        found = found.select(*ORDER, "rollcall_row", "problem.*").persist()
        counts = {row["code"]: row["count"] for row in found.groupBy("code").count().collect()}
        of_code = Window.partitionBy("code").orderBy(*ORDER)
        first = found.withColumn("rank", F.row_number().over(of_code)).where(F.col("rank") <= MAX_HINTS)
        rows = {}
        for row in first.orderBy("code", "rank").collect():
            rows.setdefault(row["code"], []).append(row)
        problems = [
            _problem(code, counts[code], rows[code]) for code in sorted(counts, key=lambda code: (-counts[code], code))
        ]
        unknown = found.where("unknown is not null").groupBy("unknown.field", "unknown.key")
        unknown = unknown.agg(F.count("*").alias("count"), F.min(F.struct(*ORDER, "unknown.value")).alias("first"))
        values = []
        for field in ["country", "salutation"]:
            most = (
                unknown.where(F.col("field") == field).orderBy(F.desc("count"), "first.value").limit(MAX_UNKNOWN_VALUES)
            )
            values += [
                {"field": field, "value": row["first"]["value"], "count": row["count"]} for row in most.collect()
            ]
        return problems, values


def _problem(code, count, rows):
    """Returns the rows with one problem. If they need different hints, the general one counts."""
    hints = {row["hint"] for row in rows}
    examples = [
        {
            "file": row["__file"],
            "sheet": None,
            "row": row["rollcall_row"],
            "column": row["column"],
            "value": row["value"],
        }
        for row in rows[:MAX_EXAMPLES]
    ]
    hint = rows[0]["hint"] if len(hints) == 1 else rows[0]["general_hint"]
    return {"code": code, "count": count, "title": rows[0]["title"], "hint": hint, "examples": examples}


def _regions(outcomes):
    """Counts the numbers of each region, without those of rejected rows."""
    numbers = outcomes.where("rollcall_outcome != 'rejected' and rollcall_number is not null")
    rows = numbers.groupBy("rollcall_region", "rollcall_country_code").count().collect()
    regions = [
        {"region": row["rollcall_region"] or "", "country_code": row["rollcall_country_code"], "count": row["count"]}
        for row in rows
    ]
    return sorted(regions, key=lambda region: (-region["count"], region["region"], region["country_code"]))


def _types(outcomes):
    numbers = outcomes.where("rollcall_outcome != 'rejected' and rollcall_number is not null")
    counts = {row["rollcall_type"]: row["count"] for row in numbers.groupBy("rollcall_type").count().collect()}
    # Calling one costs money, so they are always counted.
    counts.setdefault("premium-rate", 0)
    return [{"type": kind, "count": counts[kind]} for kind in sorted(counts, key=lambda kind: (-counts[kind], kind))]


def _time(time):
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03}Z"


def exists(spark, path):
    """Returns whether there is a file or folder, in any file system that Spark knows."""
    files, [target] = _files(spark, path)
    return files.exists(target)


def _files(spark, *paths):
    """Returns the file system of some paths, and these."""
    paths = [spark.sparkContext._jvm.org.apache.hadoop.fs.Path(path) for path in paths]
    return paths[0].getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()), paths


def _write_file(spark, path, text):
    """Writes a file whole or not at all."""
    files, [target, part] = _files(spark, path, path + ".part")
    out = files.create(part, True)
    try:
        out.write(bytearray(text.encode()))
    finally:
        out.close()
    if not files.rename(part, target):
        raise OSError(f"cannot write {path}")
