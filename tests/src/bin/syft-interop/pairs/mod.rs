//! An owner and a scientist over Google Drive, from the first login to the last file:
//! the released Python packages and the `syft` program, each on either side.

mod gaps;
mod native;
mod pairing;
mod person;
mod python;
mod stage;
mod story;
mod table;

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use crate::python::Python;
use pairing::Pairing;
use python::Tools;
use stage::{Programs, Stage};
use story::STEPS;
use table::Cell;

/// So many stories are told at once: people wait for each other most of the time.
const AT_ONCE: usize = 4;

/// What came of all stories.
#[derive(Debug, Default)]
pub(crate) struct Report {
    told: Vec<Told>,
    seconds: f64,
}

/// What came of one story.
#[derive(Debug)]
struct Told {
    pairing: Pairing,
    cells: Vec<Cell>,
    failures: Vec<String>,
    /// What failed as it is known to.
    gaps: Vec<&'static str>,
}

impl Report {
    /// Prints a table, and what failed; true if nothing did.
    pub(crate) fn print(&self) -> bool {
        let columns: Vec<(String, Vec<Cell>)> =
            self.told.iter().map(|told| (told.pairing.to_string(), told.cells.clone())).collect();
        let steps: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        if !columns.is_empty() {
            println!(
                "pairs: calls of Drive, told in {:.0} s\n{}",
                self.seconds,
                table::render(&steps, &columns)
            );
        }
        let gaps: BTreeSet<&str> = self.told.iter().flat_map(|told| told.gaps.clone()).collect();
        for gap in gaps {
            println!("  gap: {gap}");
        }
        for told in &self.told {
            for failure in &told.failures {
                println!("  FAILS: {}: {failure}", told.pairing);
            }
        }
        self.told.iter().all(|told| told.failures.is_empty())
    }
}

/// Has all pairs whose name begins with `wanted` tell their story.
///
/// # Errors
/// What they need cannot be made.
pub(crate) fn run(
    python: &Python,
    syft: &Path,
    home: &Path,
    wanted: &str,
) -> Result<Report, String> {
    let pairings: VecDeque<Pairing> = Pairing::all()
        .into_iter()
        .filter(|pairing| pairing.to_string().starts_with(wanted))
        .collect();
    if pairings.is_empty() {
        return Ok(Report::default());
    }
    let home = home.join("pairs");
    let told = |error: std::io::Error| format!("{}: {error}", home.display());
    std::fs::create_dir_all(&home).map_err(told)?;
    let tools = Tools::make(python, &home)?;
    let start = Instant::now();
    let programs = Programs { python: python.clone(), tools, syft: syft.to_owned() };
    let (waiting, all) = (Mutex::new(pairings), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(pairing) = lock(&waiting).pop_front() {
                    let told = tell(&programs, pairing, &home.join(pairing.to_string()));
                    lock(&all).push(told);
                }
            });
        }
    });
    let mut told = all.into_inner().unwrap_or_else(PoisonError::into_inner);
    let order = Pairing::all();
    told.sort_by_key(|told: &Told| order.iter().position(|pairing| *pairing == told.pairing));
    Ok(Report { told, seconds: start.elapsed().as_secs_f64() })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Goes through all steps, also after one that failed, unless nothing can follow it.
fn tell(programs: &Programs, pairing: Pairing, folder: &Path) -> Told {
    let (cells, failures, gaps) = (Vec::new(), Vec::new(), Vec::new());
    let mut told = Told { pairing, cells, failures, gaps };
    let mut stage = match Stage::new(programs, pairing, folder) {
        Ok(stage) => stage,
        Err(error) => {
            told.failures.push(error);
            return told;
        }
    };
    for step in STEPS {
        let outcome = (step.act)(&mut stage);
        let calls = stage.calls();
        match (outcome, gaps::known(pairing, step.name)) {
            (Ok(()), None) => told.cells.push(Cell::Good(calls)),
            (Ok(()), Some(why)) => {
                told.cells.push(Cell::Bad);
                told.failures.push(format!("{}: it works, strike from the gaps: {why}", step.name));
            }
            (Err(_), Some(why)) => {
                told.cells.push(Cell::Gap);
                told.gaps.push(why);
            }
            (Err(error), None) => {
                told.cells.push(Cell::Bad);
                told.failures.push(format!("{}: {error}", step.name));
                if step.needed {
                    break;
                }
            }
        }
    }
    told
}
