use std::path::Path;
use std::process::Command;

use super::Line;
use super::meter::cost_of;

/// Sealing so much, in MiB.
const MIB: &str = "100";

/// An envelope of 100 MiB, beside the cipher that it is made with.
pub(super) fn measure(program: &Path) -> Result<Vec<Line>, String> {
    let cost = |what: &str| {
        cost_of(|| {
            let mut command = Command::new(program);
            command.args([what, MIB]);
            command
        })
    };
    let what = format!("sealing {MIB} MiB");
    Ok(vec![Line {
        what,
        cost: cost("seal")?,
        yardstick: "the cipher alone",
        beside: cost("cipher")?,
    }])
}
