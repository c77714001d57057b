//! Planted leaks: of each of the ten kinds, some in every form.

use syft_core::DatasitePath;
use syft_disclosure::{Earlier, FindingKind};

use super::File;
use super::people::{self, DIAGNOSES, REGIONS, column, rows_with};
use super::pictures::{jpeg, png};
use super::sheet::Sheet;

#[derive(Debug, Clone)]
pub(crate) struct Leak {
    pub(crate) kind: FindingKind,
    pub(crate) file: File,
    pub(crate) earlier: Vec<Earlier>,
}

pub(crate) fn all() -> Vec<Leak> {
    let sheets = [
        (FindingKind::SmallCount, small_counts()),
        (FindingKind::RowCopy, row_copies()),
        (FindingKind::NearRowCopy, near_row_copies()),
        (FindingKind::RowLike, row_like()),
        (FindingKind::ManyValues, many_values()),
        (FindingKind::Dominance, dominance()),
        (FindingKind::PrivateValue, private_values()),
    ];
    let mut leaks = Vec::new();
    for (kind, sheets) in sheets {
        for (at, sheet) in sheets.iter().enumerate() {
            // The lines of a text may all be different: it is a text.
            let is_text = |file: &File| file.path.ends_with("txt");
            let files = sheet.files(&format!("result{at}")).into_iter();
            let files = files.filter(|file| sheet.header != ["comment"] || !is_text(file));
            leaks.extend(files.map(|file| leak(kind, file)));
        }
    }
    leaks.extend(differences());
    leaks.extend(texts());
    leaks.extend(odd_types().into_iter().map(|file| leak(FindingKind::OddType, file)));
    leaks.extend(images().into_iter().map(|file| leak(FindingKind::Image, file)));
    leaks
}

fn leak(kind: FindingKind, file: File) -> Leak {
    Leak { kind, file, earlier: Vec::new() }
}

fn small_counts() -> Vec<Sheet> {
    vec![
        Sheet::new(&["region", "count"], [["north", "20"], ["south", "3"], ["east", "37"]]),
        Sheet::new(&["age band", "patients"], [["20-29", "12"], ["30-39", "1"], ["40-49", "<5"]]),
        // No name of a count, but the groups say what is counted.
        Sheet::new(
            &["diagnosis", "north"],
            [["asthma", "4"], ["diabetes", "11"], ["migraine", "9"]],
        ),
        // As pandas names it, or does not.
        Sheet::new(&["age", "0"], [["30", "6"], ["31", "2"], ["44", "9"]]),
        Sheet::new(&["region", "mean_age", "n"], [["north", "41.5", "2"], ["south", "44.1", "58"]]),
    ]
}

fn row_copies() -> Vec<Sheet> {
    let all = people::sheet();
    let five = Sheet { rows: all.rows[10..15].to_vec(), ..all.clone() };
    let one =
        |row: &Vec<String>| vec![row[6].clone(), row[4].clone(), row[3].clone(), row[5].clone()];
    let few = Sheet::new(&["w", "x", "y", "z"], all.rows[3..5].iter().map(one));
    let among = {
        let mut rows: Vec<Vec<String>> = REGIONS
            .iter()
            .map(|region| vec![(*region).to_owned(), "20".into(), "44.25".into()])
            .collect();
        rows.push(vec![all.rows[7][1].clone(), all.rows[7][4].clone(), all.rows[7][6].clone()]);
        Sheet::new(&["group", "people", "mean"], rows)
    };
    vec![all, five, few, among]
}

fn near_row_copies() -> Vec<Sheet> {
    let round = |cell: &str| format!("{:.0}", cell.parse::<f64>().unwrap());
    let rounded = people::sheet().rows.into_iter().take(8).map(|row| {
        [row[2].clone(), row[3].clone(), row[4].clone(), row[5].clone(), round(&row[6])]
    });
    let changed = people::sheet().rows.into_iter().take(6).map(|row| {
        let mut row = row;
        row[4] = "0".to_owned();
        row.truncate(7);
        row
    });
    vec![
        Sheet::new(&["region", "sex", "age", "diagnosis", "cost"], rounded),
        Sheet::new(&people::HEADER[..7], changed),
    ]
}

fn row_like() -> Vec<Sheet> {
    let pairs = people::sheet().rows.into_iter().map(|row| [row[4].clone(), row[5].clone()]);
    let some = people::sheet()
        .rows
        .into_iter()
        .step_by(2)
        .map(|row| [row[2].clone(), row[3].clone(), row[5].clone()]);
    let predicted = (0..60).map(|at| [at.to_string(), format!("{:.3}", f64::from(at) / 61.0)]);
    vec![
        Sheet::new(&["age", "diagnosis"], pairs),
        Sheet::new(&["a", "b", "c"], some),
        Sheet::new(&["", "score"], predicted),
    ]
}

fn many_values() -> Vec<Sheet> {
    let one = |name: &str| Sheet::new(&["values"], column(name).into_iter().map(|cell| [cell]));
    let mut ages = column("age");
    ages.sort();
    let notes = column("note").into_iter().take(25).map(|note| [note.replace(" of ", " von ")]);
    vec![
        one("name"),
        one("patient_id"),
        Sheet::new(&["sorted"], ages.into_iter().map(|age| [age])),
        Sheet::new(&["comment"], notes),
    ]
}

/// The datasets of these two leaks are their own: see [`people::private`] for the others.
fn dominance() -> Vec<Sheet> {
    Vec::new()
}

fn private_values() -> Vec<Sheet> {
    let (names, ids) = (column("name"), column("patient_id"));
    let cost = column("cost")[17].clone();
    vec![
        Sheet::new(&["best match", "score"], [[names[3].as_str(), "0.91"], ["none", "0.02"]]),
        Sheet::new(&["key", "value"], [["largest", cost.as_str()], ["smallest", "800.01"]]),
        Sheet::new(&["group", "note"], [["north", &format!("see {}", ids[5].to_lowercase())]]),
        // The names of columns can be data.
        Sheet::new(&["metric", &names[8].replace(' ', "_")], [["score", "0.5"]]),
    ]
}

fn differences() -> Vec<Leak> {
    let counts = |south: &str| {
        Sheet::new(&["region", "count"], [["north", "20"], ["south", south], ["east", "20"]])
    };
    let total =
        |sum: f64| Sheet::new(&["region", "cost"], [["north".to_owned(), format!("{sum:.2}")]]);
    let one: f64 = column("cost")[9].parse().unwrap();
    let pairs = [(counts("20"), counts("19")), (total(52_000.0), total(52_000.0 - one))];
    let mut leaks = Vec::new();
    for (before, now) in &pairs {
        for file in now.files("again") {
            let earlier = Earlier {
                what: "count, run 1".to_owned(),
                path: DatasitePath::parse("outputs/again.csv").unwrap(),
                table: people::table(before),
            };
            leaks.push(Leak { kind: FindingKind::Difference, file, earlier: vec![earlier] });
        }
    }
    leaks
}

/// Sentences, and numbers alone.
fn texts() -> Vec<Leak> {
    let names = column("name");
    let group = rows_with("diagnosis", DIAGNOSES[0]);
    let text = |kind, path: &str, text: String| leak(kind, File::new(path, text));
    vec![
        text(FindingKind::SmallCount, "patients.txt", "3\n".into()),
        text(FindingKind::SmallCount, "n.json", "3".into()),
        text(FindingKind::SmallCount, "count.csv", "count\n4\n".into()),
        text(
            FindingKind::SmallCount,
            "note.md",
            "There were only 3 patients in the north.\n".into(),
        ),
        text(FindingKind::SmallCount, "log.txt", "mean age 44.1 (n = 2)\n".into()),
        text(FindingKind::SmallCount, "by.json", r#"{"by_band": {"young": 3, "old": 57}}"#.into()),
        text(FindingKind::SmallCount, "pivot.csv", "north,south,east\n20,2,38\n".into()),
        text(FindingKind::PrivateValue, "log.txt", format!("skipped the row of {}!\n", names[2])),
        text(
            FindingKind::PrivateValue,
            "keys.json",
            format!("{{\"{}\": 0.4, \"b\": 1}}", names[2]),
        ),
        text(FindingKind::PrivateValue, "list.json", format!("[[\"{}\"]]", group[1][0])),
        text(
            FindingKind::PrivateValue,
            &format!("plots/{}.txt", names[4].replace(' ', "-").to_lowercase()),
            "mean 44.25\n".into(),
        ),
        text(FindingKind::RowCopy, "rows.txt", "name age cost\n".to_owned() + &spaced(4)),
        text(FindingKind::RowCopy, "no-header.csv", marked(3)),
    ]
}

/// Rows as pandas prints them.
fn spaced(rows: usize) -> String {
    let row = |row: &Vec<String>| format!("{}   {}  {}\n", row[0], row[4], row[6]);
    people::sheet().rows.iter().take(rows).map(row).collect()
}

fn marked(rows: usize) -> String {
    let row = |row: &Vec<String>| format!("{},{},{},{}\n", row[1], row[2], row[4], row[6]);
    people::sheet().rows.iter().take(rows).map(row).collect()
}

fn odd_types() -> Vec<File> {
    let zip: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0name.csv";
    let encoded = format!("model: {}\n", "QWxhbiBUdXJpbmc0Nw".repeat(20));
    vec![
        File::new("data.zip", zip),
        File::new("data.csv", zip),
        File::new("data.parquet", zip),
        File::new("model.pkl", b"\x80\x04\x95\x10\0\0\0\0\0\0\0}q\0."),
        File::new("model.txt", b"\x80\x04\x95\x10\0\0\0\0\0\0\0}q\0."),
        File::new("array.npy", b"\x93NUMPY\x01\0v\0{'descr': '<f8'}"),
        File::new("data.json", b"\x1f\x8b\x08\0\0\0\0\0\0\0\x03"),
        File::new("base.sqlite", b"SQLite format 3\0\x10\0"),
        File::new("tool", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0"),
        File::new("book.xlsx", zip),
        File::new("page.html", "<html><body>20 people</body></html>"),
        File::new("page.txt", "<!DOCTYPE html><html></html>"),
        File::new("plot.svg", "<svg></svg>"),
        File::new("plot.png", "region,count\nnorth,20\n"),
        File::new("plot.txt", "<?xml version=\"1.0\"?>\n<svg></svg>"),
        File::new("paper.txt", "%PDF-1.7\n"),
        File::new("paper.pdf", "%PDF-1.7\n"),
        File::new("noise.csv", b"a,b\n\0\x01\x02\n"),
        File::new("weights.txt", encoded.clone()),
        File::new("weights.json", format!("{{\"weights\": \"{}\"}}", "3f8a0c".repeat(60))),
        File::new("weights.csv", format!("name,value\nw,{}\n", "3f8a0c".repeat(60))),
    ]
}

fn images() -> Vec<File> {
    let plain = png(640, 480, &[]);
    let behind = [plain.as_slice(), b"patient,age\n1,52\n"].concat();
    let behind_jpeg = [jpeg(&[]).as_slice(), b"patient,age\n1,52\n"].concat();
    vec![
        File::new("plot.png", png(8000, 6000, &[])),
        File::new("plot.png", png(640, 480, &[(b"tEXt", b"Comment\0patient 1 is 52")])),
        File::new("plot.png", png(640, 480, &[(b"teSt", b"anything")])),
        File::new("plot.png", behind),
        File::new("plot.jpg", jpeg(&[(0xfe, b"patient 1 is 52")])),
        File::new("plot.jpeg", jpeg(&[(0xe1, b"Exif\0\0")])),
        File::new("plot.jpg", behind_jpeg),
    ]
}
