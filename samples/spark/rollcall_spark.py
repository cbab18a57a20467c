"""The verdicts of rollcall for the rows of a Spark DataFrame.

`normalize` passes each partition through `rollcall normalize`, so that a row gets the same outcome, code and number as
on one machine. `check.py` also deduplicates and writes the files of a run.
"""

import collections
import os
import subprocess
import tempfile
import threading

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from pyspark import SparkFiles
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

# The columns for deduplication.
KEYS = ["rollcall_row", "rollcall_name_key", "rollcall_forbidden"]

# As many rows as rollcall matches the columns of a file by.
HEAD_ROWS = 160

_MULTILINE = pyarrow.csv.ParseOptions(newlines_in_values=True)


class RollcallError(RuntimeError):
    """A partition that rollcall could not read, with its message."""


def normalize(
    frame: DataFrame, rollcall="rollcall", options=(), exclude_files=(), carried=(), with_keys=False
) -> DataFrame:
    """Returns the rows with the columns of `rollcall normalize`.

    `with_keys` adds the columns for deduplication; `rollcall_forbidden` only if a column of the list may forbid calls.
    Columns become text, except the `carried` ones, which are not part of the list. Rows without any text are not
    rows of the list and do not come back, as on one machine. `rollcall` is the program: a path on every machine, or the
    name of a file that `--files` brings there. `options` are reading options, such as `["--region", "IN"]`.
    `exclude_files` are suppression files, as paths or names like the program's.
    """
    # The program replaces its own columns.
    names = [name for name in frame.columns if name not in carried and not name.startswith("rollcall_")]
    carried = list(carried)
    texts = frame.select([F.col(f"`{name}`").cast("string").alias(name) for name in names] + carried)
    # The columns are matched once, by the first rows, and alike in all partitions.
    head = _csv(texts.select([f"`{name}`" for name in names]).limit(HEAD_ROWS).toArrow())
    arguments = ["normalize", "--quiet", "--with-keys", *options]
    # A wrong option fails here, before any task starts.
    written = _columns_of([_shipped(rollcall), *arguments], head)
    own = [name for name in written[len(names) :] if with_keys or name not in KEYS]
    fields = [StructField(name, StringType()) for name in names]
    fields += [frame.schema[name] for name in carried] + [StructField(name, StringType()) for name in own]

    def of_partition(batches):
        command = [_shipped(rollcall), *arguments]
        for file in exclude_files:
            command += ["--exclude-file", _shipped(file)]
        with tempfile.NamedTemporaryFile(suffix=".csv") as like:
            like.write(head)
            like.flush()
            yield from _run([*command, "--like", like.name], batches, names, carried, own)

    return texts.mapInArrow(of_partition, StructType(fields))


def _columns_of(command, head):
    """Returns the columns that the program writes for a list."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as like:
        like.write(head)
        like.flush()
        try:
            ended = subprocess.run([*command, "--like", like.name], input=head, capture_output=True)
        except OSError as error:
            raise _missing(command[0], error) from None
    if ended.returncode != 0:
        raise _failed(ended.returncode, ended.stderr)
    return pyarrow.csv.read_csv(pa.py_buffer(ended.stdout), parse_options=_MULTILINE).column_names


def _missing(program, error):
    return RollcallError(
        f"cannot run {program}: {error.strerror}. Ship the program with --files, or name its path on every machine."
    )


def _failed(code, said):
    return RollcallError(f"rollcall ended with exit code {code}: {said.decode(errors='replace').strip()}")


def _shipped(name):
    """Returns the path of a file that Spark brought to this machine, or the name as it is."""
    if os.path.isabs(name):
        return name
    # Some clusters put it into the working folder.
    places = [SparkFiles.get(os.path.basename(name)), os.path.abspath(name)]
    shipped = next((place for place in places if os.path.isfile(place)), None)
    if shipped is None:
        return name
    if not os.access(shipped, os.X_OK):
        os.chmod(shipped, os.stat(shipped).st_mode | 0o100)
    return shipped


def _csv(table):
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(quoting_style="needed"))
    return sink.getvalue().to_pybytes()


def _run(command, batches, names, carried, own):
    """Passes batches through the program, and yields them with its columns."""
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise _missing(command[0], error) from None
    sent, said, broken = _Sent(), [], None
    threads = [
        threading.Thread(target=_send, args=(child.stdin, batches, names, sent), daemon=True),
        threading.Thread(target=lambda: said.append(child.stderr.read()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield from _received(child.stdout, names + carried, own, sent)
    except pa.ArrowException as error:
        # If the program ended early, its message says why.
        broken = error
    finally:
        child.stdout.close()
        code = child.wait()
        for thread in threads:
            thread.join()
    if sent.error is not None:
        raise sent.error
    if code != 0:
        raise _failed(code, b"".join(said))
    if broken is not None:
        raise broken


class _Sent:
    """The batches that were sent, with the first line of each of their rows."""

    def __init__(self):
        self.batches = collections.deque()
        self.error = None


def _send(stdin, batches, names, sent):
    line = 1
    try:
        with stdin:
            header = pa.table({name: pa.array([], pa.string()) for name in names})
            text = _csv(header)
            line += _line_ends(pa.array([text.decode()])).to_pylist()[0]
            stdin.write(text)
            for batch in batches:
                if batch.num_rows == 0:
                    continue
                table = pa.Table.from_batches([batch])
                # Each row ends with a line end of its own.
                lengths = pa.array([1] * batch.num_rows, pa.int64())
                for name in names:
                    lengths = pc.add(lengths, _line_ends(table[name].combine_chunks()))
                ends = pc.cumulative_sum(lengths)
                sent.batches.append((table, pc.add(pc.subtract(ends, lengths), line)))
                line += ends[-1].as_py()
                pyarrow.csv.write_csv(
                    table.select(names), stdin, pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
                )
    except BrokenPipeError:
        # The program has ended; its message says why.
        pass
    except Exception as error:  # The task fails with it.
        sent.error = error


def _line_ends(column):
    """Returns the number of line ends inside each cell, as rollcall counts them."""
    return pc.cast(pc.fill_null(pc.count_substring_regex(column, pattern="\r\n|\r|\n"), 0), pa.int64())


def _received(stdout, kept, own, sent):
    wanted = own if "rollcall_row" in own else [*own, "rollcall_row"]
    reader = pyarrow.csv.open_csv(
        stdout,
        read_options=pyarrow.csv.ReadOptions(block_size=1 << 20),
        parse_options=_MULTILINE,
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=wanted,
            column_types={name: pa.string() for name in wanted},
            strings_can_be_null=True,
        ),
    )
    for batch in reader:
        came = pa.Table.from_batches([batch])
        lines = pc.cast(came["rollcall_row"], pa.int64()).combine_chunks()
        yield from _joined(came, lines, kept, own, sent)


def _joined(came, lines, kept, own, sent):
    """Yields the rows that came back, each with the cells that were sent."""
    start = 0
    while start < len(lines):
        table, sent_lines = sent.batches[0]
        beyond = pc.index(pc.greater(lines.slice(start), sent_lines[-1]), True).as_py()
        end = len(lines) if beyond < 0 else start + beyond
        if end > start:
            cells = table.take(pc.index_in(lines.slice(start, end - start), value_set=sent_lines))
            columns = [cells[name] for name in kept]
            columns += [came[name].slice(start, end - start) for name in own]
            yield from pa.table(columns, names=kept + own).combine_chunks().to_batches()
        if end < len(lines):
            # Its other rows do not come back.
            sent.batches.popleft()
        start = end
