use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use super::Line;
use super::meter::cost_of;
use super::world::{OWNER, World};

/// How many read all files of the owner.
const READERS: usize = 5;
/// A file that was written just before it was hashed is read again; after this
/// none was.
const SETTLED: Duration = Duration::from_secs(3);

/// Commands when nothing has changed, beside a program that does nothing but look
/// at each file.
pub(super) fn measure(program: &Path, files: usize) -> Result<Vec<Line>, String> {
    println!("an owner's {files} files of 1 KiB, {READERS} readers: setting up");
    let world = World::new(program, files, READERS)?;
    for reader in world.scientists(READERS) {
        world.done(&reader, &["sync"])?;
    }
    sleep(SETTLED);
    world.done(OWNER, &["sync"])?;
    let reader = world.scientists(1).collect::<String>();
    world.done(&reader, &["sync"])?;
    let mut lines = Vec::new();
    for (who, verb) in [(OWNER, "sync"), (OWNER, "status"), (reader.as_str(), "sync")] {
        let home = world.home(who);
        lines.push(Line {
            what: format!("{verb} of {who}, {files} files"),
            cost: cost_of(|| world.command(who, &[verb]))?,
            yardstick: "find -printf, same home",
            beside: cost_of(|| {
                let mut find = Command::new("find");
                find.arg(&home).args(["-printf", "%p %s %T@ %C@ %i\n"]);
                find
            })?,
        });
    }
    Ok(lines)
}
