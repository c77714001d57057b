//! The story of owner and scientist.

use super::OnDrive;
use crate::common::{ALICE, BOB};

/// Counts people; nothing of a single one comes out.
const COUNT: &str = "\
#!/bin/bash
set -eu
tail -n +2 \"$SYFT_DATASET_CENSUS\" | wc -l > \"$SYFT_OUTPUTS/count.txt\"
";

#[test]
fn from_the_first_request_to_the_answer_over_google_drive() {
    let on = OnDrive::logged_in();
    let (mock, private) = (
        on.it.write("mock.csv", "age\n1\n"),
        on.it.write("real.csv", "age\n31\n47\n52\n28\n39\n44\n61\n"),
    );
    let script = on.it.write("count.sh", COUNT);
    on.bob(&["peer", "add", ALICE]).ok();
    on.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
    let create = ["dataset", "create", "census", "--mock", &mock, "--private", &private];
    on.alice(&[&create[..], &["--share", BOB]].concat()).ok();
    let data = format!("{ALICE}/census");
    let submit = ["job", "submit", &script, "--to", ALICE, "--name", "count", "--dataset", &data];
    on.bob(&["sync"]).ok();
    on.bob(&submit).ok();
    on.alice(&["job", "approve", "count"]).ok();
    on.alice(&["job", "run", "count"]).ok();
    on.alice(&["job", "release", "count", "--outputs"]).ok();
    let answer = on.it.path("answer");
    on.bob(&["job", "outputs", "count", "-o", answer.to_str().unwrap()]).ok();
    assert_eq!(std::fs::read_to_string(answer.join("count.txt")).unwrap(), "7\n");
}
