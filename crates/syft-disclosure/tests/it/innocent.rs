//! What says nothing of any one person is let through: false alarms are counted.

use syft_disclosure::{Finding, Severity};

use crate::corpus::{check, innocent};

#[test]
fn there_is_no_false_alarm_on_what_jobs_usually_write() {
    let files = innocent::all();
    let mut alarms = Vec::new();
    for file in &files {
        let checked = check(file, &[]);
        assert!(checked.not_compared.is_empty(), "{checked:?}");
        let loud = checked.findings.into_iter().filter(|found| found.severity == Severity::Finding);
        let told =
            |found: Finding| format!("\n{:?} {:?} in {}", found.kind, found.place, file.path);
        alarms.extend(loud.map(told));
    }
    assert!(files.len() > 200, "{}", files.len());
    assert_eq!(alarms.len(), 0, "false alarms on {} files: {}", files.len(), alarms.concat());
}
