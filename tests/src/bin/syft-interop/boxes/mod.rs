//! Boxes that the Python peer made and this project opens, and the other way round:
//! both say the same of their jobs, their datasets, and who may do what with each file.

mod ours;
mod said;
mod story;

use std::path::Path;

use crate::python::Python;
use said::{Made, Said, Teller};

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Report {
    by_python: Counts,
    by_node: Counts,
    failures: Vec<String>,
}

#[derive(Debug, Default)]
struct Counts {
    boxes: usize,
    jobs: usize,
    datasets: usize,
    access: usize,
}

impl Counts {
    fn add(&mut self, said: &Said) {
        self.boxes += 1;
        self.jobs += said.jobs.len();
        self.datasets += said.datasets.len();
        self.access += said.access.len();
    }

    fn print(&self, who: &str) {
        let Counts { boxes, jobs, datasets, access } = self;
        println!(
            "boxes: {boxes} made by {who}: {jobs} jobs, {datasets} datasets, {access} answers about their files"
        );
    }
}

/// Has both make boxes, and the other one say what is in them.
///
/// # Errors
/// The script of the peer failed, or a box cannot be made or opened.
pub(crate) fn run(python: &Python, home: &Path) -> Result<Report, String> {
    let mut report = Report::default();
    let made = Teller::start(python, home)?.make(&home.join("python"))?;
    for Made { me, folder, said } in made {
        report.by_python.add(&said);
        let expected = ours::undecided(ours::in_our_words(said), &me);
        let found = ours::say(&folder, &me)?;
        report.compare(&expected, &found, &folder);
    }
    let mut teller = Teller::start(python, home)?;
    for (me, folder) in story::make(&home.join("node"))? {
        let found = ours::say(&folder, me.as_str())?;
        report.by_node.add(&found);
        let told = ours::in_our_words(teller.tell(&folder, me.as_str())?);
        report.compare(&told, &found, &folder);
    }
    Ok(report)
}

impl Report {
    fn compare(&mut self, python: &Said, node: &Said, folder: &Path) {
        let at = folder.display();
        self.failures.extend(python.passed_over.iter().map(|line| format!("{at}: {line}")));
        differ(&mut self.failures, &python.jobs, &node.jobs);
        differ(&mut self.failures, &python.datasets, &node.datasets);
        differ(&mut self.failures, &python.access, &node.access);
    }

    /// Prints what was compared; true if nothing differs.
    pub(crate) fn print(&self) -> bool {
        self.by_python.print("Python, opened here");
        self.by_node.print("a node, opened by Python");
        for failure in &self.failures {
            println!("  DIFFERS: {failure}");
        }
        self.failures.is_empty()
    }
}

fn differ<T: PartialEq + std::fmt::Debug>(failures: &mut Vec<String>, python: &[T], node: &[T]) {
    let missing = python.iter().filter(|one| !node.contains(one));
    failures.extend(missing.map(|one| format!("Python alone says: {one:#?}")));
    let more = node.iter().filter(|one| !python.contains(one));
    failures.extend(more.map(|one| format!("the node alone says: {one:#?}")));
}
