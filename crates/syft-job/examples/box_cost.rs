//! What a box costs by the clock: `box_cost 100` starts `true` in each box that can be made
//! here and beside it without any, a hundred times each by turns. It prints a line of each box:
//! its level, and in milliseconds the median in the box and the one without; and to standard
//! error why a box cannot be made.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use syft_job::sandbox::{
    BoxedJob, IsolationLevel, Limits, Network, Sandbox, WardenSandbox, best, probe,
};
use syft_job::{NoOutputs, warden};

/// The word by which this program starts itself as a warden.
const WARDEN: &str = "warden";
const TRUE: &str = "/bin/true";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let measured = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [WARDEN] => return warden::main(),
        [rounds] => rounds.parse().map_err(Into::into).and_then(measure),
        _ => Err("usage: box_cost ROUNDS".into()),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(rounds: usize) -> Result<(), Box<dyn Error>> {
    let warden = WardenSandbox::new(std::env::current_exe()?, vec![OsString::from(WARDEN)]);
    let folder = tempfile::tempdir()?;
    let job = job(folder.path())?;
    let best = best(warden.clone(), folder.path());
    let mut others: Vec<Box<dyn Sandbox>> = vec![Box::new(warden.clone().without_box())];
    for boxed in [warden.clone(), warden.in_namespaces()] {
        let found = probe(&boxed, folder.path());
        if found.level < boxed.level() {
            eprintln!("no box of level {}: {}", boxed.level(), found.reasons.join("; "));
        } else if boxed.level() != best.sandbox.level() {
            others.push(Box::new(boxed));
        }
    }
    if best.probe.level > IsolationLevel::L0 {
        let (boxed, plain) = medians(&*best.sandbox, &job, rounds)?;
        println!("{}, the best here\t{boxed}\t{plain}", best.sandbox.level());
    }
    for sandbox in others {
        let (boxed, plain) = medians(&*sandbox, &job, rounds)?;
        println!("{}\t{boxed}\t{plain}", sandbox.level());
    }
    Ok(())
}

fn job(folder: &Path) -> Result<BoxedJob, Box<dyn Error>> {
    let [work_dir, tmp_dir, outputs_dir] = ["work", "tmp", "raw"].map(|name| folder.join(name));
    for folder in [&work_dir, &tmp_dir, &outputs_dir] {
        fs::create_dir(folder)?;
    }
    Ok(BoxedJob {
        work_dir,
        readable: Vec::new(),
        programs: Vec::new(),
        listable: Vec::new(),
        tmp_dir,
        outputs_dir,
        command: vec![OsString::from(TRUE)],
        environment: Vec::new(),
        limits: Limits::default(),
        network: Network::Closed,
    })
}

/// In milliseconds, in the box and without one: by turns, so that both have the same
/// neighbours.
fn medians(
    sandbox: &dyn Sandbox,
    job: &BoxedJob,
    rounds: usize,
) -> Result<(f64, f64), Box<dyn Error>> {
    let (mut boxed, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let start = Instant::now();
        let report = sandbox.run(job, &mut |_, _: &[u8]| {}, &mut NoOutputs)?;
        boxed.push(start.elapsed());
        if !report.exit.is_success() {
            return Err(
                format!("{TRUE} in a box of level {}: {}", report.level, report.exit).into()
            );
        }
        let start = Instant::now();
        Command::new(TRUE).env_clear().current_dir(&job.work_dir).status()?;
        plain.push(start.elapsed());
    }
    Ok((median(boxed)?, median(plain)?))
}

fn median(mut times: Vec<Duration>) -> Result<f64, &'static str> {
    times.sort_unstable();
    let middle = times.get(times.len() / 2).ok_or("nothing was measured")?;
    Ok(middle.as_secs_f64() * 1_000.0)
}
