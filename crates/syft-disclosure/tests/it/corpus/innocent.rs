//! What jobs usually write, and what says nothing of any one person: at least five
//! people in a cell, none of them dominant.

use super::File;
use super::people::{self, DIAGNOSES, REGIONS, rows_with};
use super::pictures::{jpeg, png};
use super::sheet::Sheet;

pub(crate) fn all() -> Vec<File> {
    let mut files = Vec::new();
    for (at, sheet) in sheets().iter().enumerate() {
        files.extend(sheet.files(&format!("result{at}")));
    }
    files.extend(texts());
    files.extend(pictures());
    files
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

fn mean(rows: &[Vec<String>], column: usize) -> f64 {
    let sum: f64 = rows.iter().map(|row| number(&row[column])).sum();
    sum / rows.len() as f64
}

fn sheets() -> Vec<Sheet> {
    let by_region = REGIONS.iter().map(|region| {
        let rows = rows_with("region", region);
        [
            (*region).to_owned(),
            rows.len().to_string(),
            format!("{:.2}", mean(&rows, 4)),
            mean(&rows, 6).to_string(),
        ]
    });
    let totals = DIAGNOSES.iter().map(|diagnosis| {
        let rows = rows_with("diagnosis", diagnosis);
        let sum: f64 = rows.iter().map(|row| number(&row[6])).sum();
        [(*diagnosis).to_owned(), format!("{sum:.2}")]
    });
    let cross = DIAGNOSES.iter().map(|diagnosis| {
        let rows = rows_with("diagnosis", diagnosis);
        let count = |sex: &str| rows.iter().filter(|row| row[3] == sex).count().to_string();
        [(*diagnosis).to_owned(), count("f"), count("m")]
    });
    vec![
        Sheet::new(&["region", "n", "mean_age", "mean_cost"], by_region),
        Sheet::new(&["diagnosis", "cost"], totals),
        Sheet::new(&["diagnosis", "f", "m"], cross),
        histogram(),
        describe(),
        coefficients(),
        metrics(),
        confusion(),
        curve(),
        series(),
        correlations(),
        Sheet::new(&["region", "count"], [["north", "20"], ["south", "<5"], ["east", ""]]),
        Sheet::new(&["count"], [["60"]]),
        Sheet::new(&["cluster", "size", "center_age"], [["0", "25", "31.4"], ["1", "35", "58.9"]]),
        Sheet::new(
            &["param", "value"],
            [["max_depth", "3"], ["n_estimators", "100"], ["seed", "1"]],
        ),
        // The index that pandas writes unless it is told not to.
        Sheet::new(&["", "region"], [["0", "north"], ["1", "south"], ["2", "east"]]),
        Sheet::new(&["", "region", "n"], [["0", "north", "20"], ["1", "south", "40"]]),
        Sheet::new(&["feature", "rank"], [["age", "1"], ["sex", "2"], ["region", "3"]]),
        Sheet::new(&["year", "patients"], [["2021", "15"], ["2022", "30"], ["2023", "15"]]),
        Sheet::new(&["stars", "people"], [["1", "10"], ["2", "40"], ["3", "10"]]),
    ]
}

fn histogram() -> Sheet {
    let ages: Vec<f64> = people::column("age").iter().map(|age| number(age)).collect();
    let bins = [(20, 39), (40, 54), (55, 80)];
    let count = |(from, to): (i32, i32)| {
        ages.iter().filter(|age| (f64::from(from)..=f64::from(to)).contains(*age)).count()
    };
    Sheet::new(
        &["bin", "count"],
        bins.map(|bin| [format!("{}-{}", bin.0, bin.1), count(bin).to_string()]),
    )
}

/// What pandas says of numbers, without the smallest and the largest.
fn describe() -> Sheet {
    let rows = people::sheet().rows;
    let line = |name: &str, age: f64, cost: f64| {
        [name.to_owned(), format!("{age:.6}"), format!("{cost:.6}")]
    };
    Sheet::new(
        &["", "age", "cost"],
        [
            line("count", 60.0, 60.0),
            line("mean", mean(&rows, 4), mean(&rows, 6)),
            line("std", 15.104_233, 871.330_412),
            line("25%", 33.75, 1_502.122_5),
            line("50%", 46.5, 2301.655),
            line("75%", 59.25, 3_004.917_5),
        ],
    )
}

fn coefficients() -> Sheet {
    Sheet::new(
        &["feature", "coefficient", "std_error", "p_value"],
        [
            ["intercept", "1203.4412", "88.1023", "0.0001"],
            ["age", "12.0381", "1.9924", "0.0003"],
            ["sex_m", "-3.1120", "4.0211", "0.4412"],
            ["region_north", "40.2208", "12.9900", "0.0031"],
            ["region_south", "-8.7719", "12.0017", "0.4663"],
        ],
    )
}

fn metrics() -> Sheet {
    Sheet::new(
        &["model", "accuracy", "auc", "n_train", "n_test", "epochs", "layers"],
        [
            ["logistic", "0.8125", "0.8713", "45", "15", "3", "1"],
            ["forest", "0.8437", "0.9021", "45", "15", "4", "2"],
        ],
    )
}

fn confusion() -> Sheet {
    Sheet::new(&["actual", "predicted_0", "predicted_1"], [["0", "24", "6"], ["1", "7", "23"]])
}

/// A training, with more rounds than there are people.
fn curve() -> Sheet {
    let rounds = (0..110).map(|epoch| {
        [
            epoch.to_string(),
            format!("{:.4}", 1.0 / f64::from(epoch + 1)),
            format!("{:.4}", 1.2 / f64::from(epoch + 2)),
        ]
    });
    Sheet::new(&["epoch", "train_loss", "val_loss"], rounds)
}

fn series() -> Sheet {
    let months = (1..=6).map(|month| [format!("2024-{month:02}"), (8 + month % 4).to_string()]);
    Sheet::new(&["month", "visits"], months)
}

fn correlations() -> Sheet {
    Sheet::new(&["", "age", "cost"], [["age", "1.0", "0.3127"], ["cost", "0.3127", "1.0"]])
}

fn texts() -> Vec<File> {
    let summary = r#"{"dataset": "patients", "rows": 60, "accuracy": 0.8421, "p_value": NaN,
        "params": {"max_depth": 3, "n_estimators": 100, "learning_rate": 0.1, "layers": [3, 2]},
        "by_region": {"north": 20, "south": 20, "east": 20},
        "confusion": [[24, 6], [7, 23]],
        "weights": [[0.1231, -0.9912, 0.0021], [1.1201, 0.4410, -0.0712]]}"#;
    let printed =
        "        n   mean_age\nregion              \neast   20      45.10\nnorth  20      44.25\n";
    let report = "# Result\n\nThe mean age of the 60 patients is 45.3 years (sd 15.1).\n\
        No difference between the 3 regions was found (p = 0.41).\n\
        The model has 2 layers and was trained for 4 epochs on 45 samples.\n";
    vec![
        File::new("summary.json", summary),
        File::new("printed.txt", printed),
        File::new("report.md", report),
        File::new("mean_age.txt", "45.3\n"),
        File::new("median.txt", "4\n"),
        File::new("people.txt", "60\n"),
        File::new("patients.csv", "60\n"),
        File::new("total.txt", "Total customers across all owners: 60\n"),
        File::new(
            "model.json",
            r#"{"coef": [12.03, -3.11], "intercept": 1203.44, "classes": [0, 1]}"#,
        ),
        File::new("config.yaml", "epochs: 3\nseed: 4\nmodel: forest\n"),
        File::new(
            "metrics.jsonl",
            "{\"epoch\": 1, \"loss\": 0.9}\n{\"epoch\": 2, \"loss\": 0.4}\n",
        ),
        File::new("histogram.json", r#"{"counts": [12, 25, 23], "edges": [20, 40, 55, 80]}"#),
        // The first letters of other types.
        File::new("bmi.csv", "BMI,people\nunder 25,35\nover 25,25\n"),
        File::new("groups.csv", "MZ,count\n1,30\n2,30\n"),
        File::new("chart.txt", "GIF89a is a type of pictures.\n"),
        File::new("done", ""),
        File::new("README", "Written by the job.\n"),
    ]
}

fn pictures() -> Vec<File> {
    let drawn: &[u8] = b"Software\0Matplotlib version3.8.2, https://matplotlib.org/";
    vec![
        File::new("plot.png", png(1920, 1440, &[(b"tEXt", drawn), (b"pHYs", &[0; 9])])),
        File::new("plots/ages.png", png(640, 480, &[])),
        File::new("plots/ages.jpg", jpeg(&[])),
    ]
}
