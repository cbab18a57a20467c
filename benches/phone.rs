//! Numbers per second by spelling, compared with the crates `rlibphonenumber` and `phonenumber`.
//!
//! Run `cargo bench --bench phone`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rollcall::{
    contact::Region,
    normalize::{
        phone::Origin,
        phone::{PhonePolicy, parse_by_library},
    },
    row::CellKind,
};

/// A hundred numbers of one spelling, and their region.
struct Spelling {
    name: &'static str,
    region: &'static str,
    numbers: Vec<String>,
}

fn spellings() -> Vec<Spelling> {
    let spelled = |name, region, spell: fn(u32) -> String| Spelling {
        name,
        region,
        numbers: (0..100).map(|n| spell(n * 7_919)).collect(),
    };
    vec![
        spelled("digits", "IN", |n| format!("98765{n:05}", n = n % 100_000)),
        spelled("e164", "IN", |n| format!("+9198765{n:05}", n = n % 100_000)),
        spelled("spaced", "GB", |n| format!("07400 {n:06}", n = n % 1_000_000)),
        spelled("us", "US", |n| format!("(201) 555-{n:04}", n = n % 10_000)),
        spelled("mixed", "DE", |n| match n % 6 {
            0 => format!("+49171{n:07}", n = n % 10_000_000),
            1 => format!("+4930{n:06}", n = n % 1_000_000),
            2 => format!("0171 {n:07}", n = n % 10_000_000),
            3 => format!("+1201555{n:04}", n = n % 10_000),
            4 => format!("+9198765{n:05}", n = n % 100_000),
            _ => format!("+336{n:08}", n = 10_000_000 + n),
        }),
        spelled("extension", "US", |n| format!("201-555-{n:04} ext. 12", n = n % 10_000)),
    ]
}

fn numbers_by_spelling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("phone");
    group.throughput(Throughput::Elements(100)).sample_size(20);
    for Spelling { name, region, numbers } in spellings() {
        let origin = Region::new(region).map(Origin::Region);
        let policy = PhonePolicy { drop_extensions: true, ..PhonePolicy::default() };
        group.bench_function(BenchmarkId::new("rollcall", name), |bencher| {
            bencher.iter(|| {
                numbers.iter().filter(|text| policy.read(text, CellKind::Text, origin).is_ok()).count()
            });
        });
        group.bench_function(BenchmarkId::new("rlibphonenumber", name), |bencher| {
            bencher.iter(|| {
                numbers.iter().filter(|text| parse_by_library(text, origin).is_ok_and(|n| n.is_valid)).count()
            });
        });
        let country: Option<phonenumber::country::Id> = region.parse().ok();
        group.bench_function(BenchmarkId::new("phonenumber", name), |bencher| {
            bencher.iter(|| {
                let valid = |text: &String| phonenumber::parse(country, text).is_ok_and(|n| n.is_valid());
                numbers.iter().filter(|text| valid(text)).count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, numbers_by_spelling);
criterion_main!(benches);
