//! How much memory a hostile output may cost. One test, since it counts what its whole
//! process has in use.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

#[path = "it/corpus/mod.rs"]
#[allow(dead_code, reason = "it has more than this program needs")]
mod corpus;
#[path = "../../syft-core/tests/memory/counting.rs"]
mod counting;

use corpus::sheet::Sheet;
use corpus::{File, check_with, people};
use counting::{Counting, peak_of};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use syft_core::testing::{Damage, damaged};
use syft_disclosure::{Checker, ReadLimits, Rules};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1 << 20;
/// What a file may cost of which a megabyte and a hundred thousand cells are read.
const ALLOWED: usize = 48 * MIB;

fn cost(file: &File) -> usize {
    let limits = ReadLimits { bytes: MIB, cells: 100_000, ..ReadLimits::default() };
    let checker = Checker::new(Rules { limits, ..Rules::default() });
    peak_of(|| check_with(&checker, &[people::private()], &[], file)).1
}

/// A few bytes for each of many cells.
fn long(text: &str) -> Sheet {
    Sheet::new(&["a", "b"], (0..3_000).map(|_| [text, "1"]))
}

fn bombs() -> Vec<File> {
    let text = "x".repeat(MIB / 2);
    let nested = |key: &str, value: &str| {
        format!("{}\"{value}\"{}", format!("{{\"{key}\":").repeat(100), "}".repeat(100))
    };
    let header = format!("{}\n{}", "c,".repeat(1_500), "1\n".repeat(90_000));
    let keys: Vec<String> = (0..50_000).map(|key| format!("\"{key:x}\":1")).collect();
    let many: Vec<String> = (0..3_000).map(|key| format!("{{\"k{key}\":1}}")).collect();
    let ones = "1".repeat(1_000);
    vec![
        File::new("wide.csv", header),
        File::new("value.json", nested("a", &text)),
        File::new("key.json", format!("{{\"{text}\":{{{}}}}}", keys.join(","))),
        File::new("keys.json", format!("{{\"a\":{{{}}},\"b\":{{\"c\":1}}}}", keys.join(","))),
        File::new("sparse.json", format!("[{}]", many.join(","))),
        File::new("sparse.jsonl", many.join("\n")),
        File::new("lists.json", format!("[{}[]]", "[0],".repeat(200_000))),
        File::new("long.json", format!("[{}0]", "0,".repeat(500_000))),
        File::new("lines.txt", "\n".repeat(MIB)),
        File::new("words.txt", "a b\n".repeat(MIB / 4)),
        File::new("marks.md", "|".repeat(MIB)),
        File::new("snappy.parquet", long(&ones).parquet(Compression::SNAPPY)),
        File::new("zstd.parquet", long(&ones).parquet(Compression::ZSTD(Default::default()))),
        File::new("gzip.parquet", long(&ones).parquet(Compression::GZIP(Default::default()))),
    ]
}

/// One page of 64 MiB of the same, which says of itself that it is one byte long.
fn liar(packed: Compression) -> File {
    let text = "1".repeat(64 * 1024);
    let settings = WriterProperties::builder()
        .set_compression(packed)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_data_page_size_limit(1 << 30);
    let sheet = Sheet::new(&["a"], (0..1_000).map(|_| ["x".to_owned() + &text]));
    let mut bytes = sheet.parquet_as(settings.build());
    // After the four bytes of the file's mark: the type of the page, and its unpacked size.
    assert_eq!(bytes[4..7], [0x15, 0, 0x15]);
    let end = 7 + bytes[7..].iter().position(|byte| byte & 0x80 == 0).unwrap();
    bytes[7..=end].fill(0x80);
    bytes[7] = 0x82;
    bytes[end] = 0;
    File::new("liar.parquet", bytes)
}

#[test]
fn a_hostile_output_costs_no_more_than_its_limits() {
    let packed = [
        Compression::SNAPPY,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
    ];
    for file in bombs().into_iter().chain(packed.map(liar)) {
        let cost = cost(&file);
        assert!(cost <= ALLOWED, "{} of {} bytes cost {cost}", file.path, file.bytes.len());
    }
    let tables = packed.map(|packed| people::sheet().parquet(packed));
    let strategy = (0usize..3, proptest::collection::vec(any::<Damage>(), 1..5));
    let damage = |(table, damages): (usize, Vec<Damage>)| {
        let cost = cost(&File::new("a.parquet", damaged(&tables[table], &damages)));
        prop_assert!(cost <= ALLOWED, "{:?} cost {}", damages, cost);
        Ok(())
    };
    TestRunner::default().run(&strategy, damage).unwrap();
}
