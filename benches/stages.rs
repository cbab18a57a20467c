//! Single stages on one thread: reading CSV, normalizing, the lines of `outcomes.csv`, the number table.
//!
//! Run `cargo bench --bench stages`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot continue has failed")]

use std::{fmt::Write as _, fs, ops::ControlFlow};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rollcall::{
    contact::{E164, NameKey, Region},
    dedupe::{Claimant, ClaimedNumbers, Keep},
    normalize::{NormalizeSettings, Normalizer},
    outcome::Verdict,
    parse::{Input, ParseSettings},
    report::{OutputFolder, RunWriter, ValidRows},
    row::{Location, Rows},
};

const ROWS: u64 = 50_000;

fn list() -> String {
    let mut list = "First Name,Last Name,Salutation,Mobile,Country,Email,City,Notes\n".to_owned();
    for row in 0..ROWS {
        writeln!(list, "Asha,Rao,Ms,+91 98{row:08},IN,as{row}@example.com,Pune,").unwrap();
    }
    list
}

fn stages(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    fs::write(&path, list()).unwrap();
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(ROWS)).sample_size(20);

    group.bench_function("csv", |bencher| {
        bencher.iter(|| {
            let mut input = Input::open(&path, &ParseSettings::default()).unwrap();
            input.read(0, &mut |_| ControlFlow::Continue(())).unwrap().rows
        });
    });

    let mut input = Input::open(&path, &ParseSettings::default()).unwrap();
    let mut blocks: Vec<Rows> = Vec::new();
    input
        .read(0, &mut |rows| {
            blocks.push(rows);
            ControlFlow::Continue(())
        })
        .unwrap();
    let settings = NormalizeSettings { region: Region::new("IN"), ..NormalizeSettings::default() };
    let normalizer = Normalizer::new(&settings, &input.info.columns);
    let judge = |rows: &Rows| normalizer.read_all(rows);
    group.bench_function("normalize", |bencher| {
        bencher.iter(|| blocks.iter().map(|rows| judge(rows).len()).sum::<usize>());
    });

    let writer =
        RunWriter::begin(OutputFolder::create(folder.path()).unwrap(), vec![input.info.clone()], "run")
            .unwrap();
    let format = writer.line_format();
    let verdicts: Vec<Vec<Verdict>> = blocks.iter().map(judge).collect();
    group.bench_function("outcome lines", |bencher| {
        bencher.iter(|| {
            blocks
                .iter()
                .zip(&verdicts)
                .map(|(rows, verdicts)| {
                    let prepared = format.prepare(rows, verdicts);
                    ValidRows::new(rows, verdicts, &prepared, 0..rows.len()).len()
                })
                .sum::<usize>()
        });
    });

    let numbers: Vec<E164> = (0..ROWS)
        .map(|row| E164::from_digits(&(919_800_000_000 + row * 7_919 % 1_000_000_007).to_string()).unwrap())
        .collect();
    let name = NameKey::new("Asha", "Rao");
    group.bench_function("dedupe", |bencher| {
        bencher.iter_batched_ref(
            || ClaimedNumbers::new(Keep::First),
            |table| {
                for (number, row) in numbers.iter().zip(2..) {
                    table.claim(*number, Claimant { location: Location { input: 0, row }, name });
                }
                table.len()
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
