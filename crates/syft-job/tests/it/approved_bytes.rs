//! Whatever is changed of an approved job, in its folder or in its snapshot: nothing
//! runs but the approved bytes (`threats.md` R1, G9).

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::common::{OWNER, Pair, dataset, email, name, quiet, scratch, tree};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use syft_core::{ContentHash, LayoutKind};
use syft_job::sandbox::{BoxReport, BoxedJob, IsolationLevel, LogSink, Sandbox};
use syft_job::{
    Error, Intake, JobConfig, JobId, JobKind, OutputSink, Result, RunOptions, Script, Status,
    Submission,
};

/// The files that would run, no two of the same bytes.
const FILES: [(&str, &[u8]); 6] = [
    ("main.py", b"from lib.deep import util\nprint(util.rows())\n"),
    ("lib/deep/util.py", b"def rows():\n    return 10\n"),
    ("data/rows.csv", b"1,2\n3,4\n"),
    ("data/blob.bin", &[0, 159, 146, 150, 255, 10, 13, 0]),
    ("empty.txt", b""),
    (".hidden", b"x"),
];
const FOLDERS: [&str; 5] = ["", "code", "code/lib", "code/lib/deep", "code/data"];

/// Where somebody changes something.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// The job's folder in the owner's datasite.
    Folder,
    /// What is kept of it and would run.
    Snapshot,
}

#[derive(Debug, Clone)]
enum Edit {
    Flip { at: Index, bit: u8 },
    Insert { at: Index, bytes: Vec<u8> },
    Prepend(Vec<u8>),
    Append(Vec<u8>),
    Truncate(Index),
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Entrypoint,
    NoEntrypoint,
    Dependency,
    Dataset,
    NoDataset,
}

/// What `config.yaml` says and nobody goes by.
#[derive(Debug, Clone, Copy)]
enum Claim {
    Name,
    Submitter,
    Description,
    Kind,
}

#[derive(Debug, Clone)]
enum Mutation {
    Edit { file: Index, edit: Edit },
    Add { folder: Index, name: String },
    Remove { file: Index },
    Rename { file: Index, name: String },
    RenameFolder { folder: Index, name: String },
    Swap { one: Index, other: Index },
    Field(Field),
    Config(Edit),
    Claim(Claim),
    Mode { file: Index, mode: u32 },
    Beside { name: String },
}

impl Mutation {
    /// Whether it may leave all that is approved as it is.
    fn may_be_harmless(&self) -> bool {
        use Mutation::{Beside, Claim, Config, Mode};
        matches!(self, Config(_) | Claim(_) | Mode { .. } | Beside { .. })
    }

    /// Whether the job is to run after it.
    fn is_harmless(&self) -> bool {
        self.may_be_harmless() && !matches!(self, Mutation::Config(_))
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..4);
    prop_oneof![
        3 => (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip { at, bit }),
        2 => (any::<Index>(), bytes()).prop_map(|(at, bytes)| Edit::Insert { at, bytes }),
        1 => bytes().prop_map(Edit::Prepend),
        1 => bytes().prop_map(Edit::Append),
        1 => any::<Index>().prop_map(Edit::Truncate),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    use {Claim as C, Field as F};
    let name = || "n[a-z]{1,8}(\\.py|\\.sh)?";
    let index = any::<Index>;
    let fields = [F::Entrypoint, F::NoEntrypoint, F::Dependency, F::Dataset, F::NoDataset];
    let claims = [C::Name, C::Submitter, C::Description, C::Kind];
    prop_oneof![
        8 => (index(), edit()).prop_map(|(file, edit)| Mutation::Edit { file, edit }),
        1 => (index(), name()).prop_map(|(folder, name)| Mutation::Add { folder, name }),
        1 => index().prop_map(|file| Mutation::Remove { file }),
        1 => (index(), name()).prop_map(|(file, name)| Mutation::Rename { file, name }),
        1 => (index(), name()).prop_map(|(folder, name)| Mutation::RenameFolder { folder, name }),
        1 => (index(), index()).prop_map(|(one, other)| Mutation::Swap { one, other }),
        2 => select(fields.to_vec()).prop_map(Mutation::Field),
        2 => edit().prop_map(Mutation::Config),
        1 => select(claims.to_vec()).prop_map(Mutation::Claim),
        1 => (index(), 0..0o1000_u32)
            .prop_map(|(file, mode)| Mutation::Mode { file, mode: mode | 0o400 }),
        1 => name().prop_map(|name| Mutation::Beside { name }),
    ]
}

/// What a box is handed: the bytes, and all else that is the same for each run.
#[derive(Debug, Clone, PartialEq)]
struct Handed {
    files: BTreeMap<String, Vec<u8>>,
    environment: Vec<(String, String)>,
    readable: Vec<PathBuf>,
}

/// A box that notes what it is handed, and then cannot be made: the job is approved
/// as before.
#[derive(Debug, Default)]
struct Witness(Mutex<Vec<Handed>>);

impl Sandbox for Witness {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }

    fn run(
        &self,
        job: &BoxedJob,
        _: &mut dyn LogSink,
        _: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        self.0.lock().unwrap().push(Handed {
            files: tree(&job.work_dir),
            environment: job.environment.clone(),
            readable: job.readable.clone(),
        });
        Err(Error::Isolation { needed: "L1".to_owned(), reason: "of a test".to_owned() })
    }
}

/// A job that was approved, and all that lies in its two places.
struct Approved {
    pair: Pair,
    id: JobId,
    digest: ContentHash,
    kept: BTreeMap<String, Vec<u8>>,
    record: (PathBuf, Vec<u8>),
    handed: Handed,
}

impl Approved {
    fn new() -> Approved {
        let pair = Pair::new();
        pair.owner.write(&format!("{OWNER}/private/datasets/census/rows.csv"), "1\n2\n");
        let source = scratch();
        for (path, bytes) in FILES {
            let path = source.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let mut submission = Submission::new(email(OWNER), Script::Path(source.path().to_owned()));
        submission.name = Some(name("count"));
        submission.datasets = vec![dataset("census")];
        pair.submit(&submission);
        // A submission leaves hidden files out; one that a peer writes by hand does not.
        pair.owner.write(&format!("{}/code/.hidden", Pair::job_folder("count")), "x");
        let Intake::Received { id, digest } = pair.intake("count") else { panic!("not received") };
        pair.approve(&id);
        let kept = tree(&pair.owner.path(&Pair::job_folder("count")));
        let record = pair.owner.path(&format!(".syft/jobs/{id}.json"));
        let record = (record.clone(), fs::read(record).unwrap());
        let empty = Handed { files: BTreeMap::new(), environment: vec![], readable: vec![] };
        let mut job = Approved { pair, id, digest, kept, record, handed: empty };
        job.handed = job.run().expect("it is approved");
        let run_of = |path: &str| path == "run.sh" || path.starts_with("code/");
        let sent = job.kept.iter().filter(|(path, _)| run_of(path));
        assert!(job.handed.files.iter().eq(sent), "all that was sent runs");
        assert_eq!(job.handed.files.len(), FILES.len() + 1);
        job
    }

    /// What the box is handed if the job is run now, or why it is not run.
    fn run(&self) -> Result<Handed> {
        let witness = Witness::default();
        let result =
            self.pair.owner.store.run(&self.id, &RunOptions::default(), &witness, &mut quiet);
        let mut handed = witness.0.into_inner().unwrap();
        match (handed.pop(), result) {
            (Some(handed), Err(Error::Isolation { .. })) => Ok(handed),
            (None, Err(error)) => Err(error),
            (handed, result) => panic!("{handed:?}, {result:?}"),
        }
    }

    fn place(&self, place: Place) -> PathBuf {
        self.pair.owner.path(&match place {
            Place::Folder => Pair::job_folder("count"),
            Place::Snapshot => format!(".syft/snapshots/{}", self.digest),
        })
    }

    /// Forgets what was changed and undone: each case begins with the same job.
    fn forget(&self) {
        let (path, bytes) = &self.record;
        fs::write(path, bytes).unwrap();
        for snapshot in fs::read_dir(self.pair.owner.path(".syft/snapshots")).unwrap() {
            let snapshot = snapshot.unwrap();
            if snapshot.file_name() != *self.digest.to_string() {
                fs::remove_dir_all(snapshot.path()).unwrap();
            }
        }
    }

    fn undo(&self, folder: &Path) {
        // It may have been renamed.
        fs::remove_dir_all(folder.parent().unwrap()).unwrap();
        for (path, bytes) in &self.kept {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

fn files() -> Vec<String> {
    let code = FILES.iter().map(|(path, _)| format!("code/{path}"));
    std::iter::once("run.sh".to_owned()).chain(code).collect()
}

fn apply(edit: &Edit, bytes: &mut Vec<u8>) {
    match edit {
        // Of nothing, nothing can be turned or cut off.
        Edit::Flip { .. } | Edit::Truncate(_) if bytes.is_empty() => bytes.push(b'#'),
        Edit::Flip { at, bit } => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Edit::Truncate(at) => bytes.truncate(at.index(bytes.len())),
        Edit::Insert { at, bytes: more } => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, more.iter().copied());
        }
        Edit::Prepend(more) => drop(bytes.splice(0..0, more.iter().copied())),
        Edit::Append(more) => bytes.extend(more),
    }
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn configure(folder: &Path, change: impl FnOnce(&mut JobConfig)) {
    let path = folder.join("config.yaml");
    let mut config = JobConfig::parse(&fs::read_to_string(&path).unwrap()).unwrap();
    let before = config.clone();
    change(&mut config);
    assert_ne!(config, before);
    fs::write(path, config.to_yaml(LayoutKind::Native).unwrap()).unwrap();
}

fn set(config: &mut JobConfig, field: Field) {
    let wanted = config.datasets.as_mut().unwrap().get_mut(OWNER).unwrap();
    match field {
        Field::Entrypoint => config.entrypoint = Some("lib/deep/util.py".to_owned()),
        Field::NoEntrypoint => config.entrypoint = None,
        Field::Dependency => config.dependencies.push("numpy".to_owned()),
        Field::Dataset => wanted.push(dataset("genomes")),
        Field::NoDataset => wanted.clear(),
    }
}

fn claim(config: &mut JobConfig, claim: Claim) {
    match claim {
        Claim::Name => config.name = "other".to_owned(),
        Claim::Submitter => config.submitter = Some("mallory@uni.edu".to_owned()),
        Claim::Description => config.description = Some("harmless, believe me".to_owned()),
        Claim::Kind => config.kind = JobKind::Bash,
    }
}

fn mutate(folder: &Path, mutation: &Mutation) {
    let files = files();
    let at = |index: &Index| folder.join(&files[index.index(files.len())]);
    match mutation {
        Mutation::Edit { file, edit } => change(&at(file), |bytes| apply(edit, bytes)),
        Mutation::Config(edit) => change(&folder.join("config.yaml"), |bytes| apply(edit, bytes)),
        Mutation::Add { folder: into, name } => {
            let into = FOLDERS[1 + into.index(FOLDERS.len() - 1)];
            fs::write(folder.join(into).join(name), "").unwrap();
        }
        Mutation::Remove { file } => fs::remove_file(at(file)).unwrap(),
        Mutation::Rename { file, name } => {
            fs::rename(at(file), folder.join("code").join(name)).unwrap();
        }
        Mutation::RenameFolder { folder: which, name } => {
            let from = folder.join(which.get(&FOLDERS));
            fs::rename(&from, from.components().as_path().with_file_name(name)).unwrap();
        }
        Mutation::Swap { one, other } => {
            let (one, other) = (one.index(files.len()), other.index(files.len() - 1));
            let (one, other) = (&files[one], &files[if other < one { other } else { other + 1 }]);
            let spare = folder.join("spare");
            fs::rename(folder.join(one), &spare).unwrap();
            fs::rename(folder.join(other), folder.join(one)).unwrap();
            fs::rename(spare, folder.join(other)).unwrap();
        }
        Mutation::Field(field) => configure(folder, |config| set(config, *field)),
        Mutation::Claim(of) => configure(folder, |config| claim(config, *of)),
        Mutation::Mode { file, mode } => {
            fs::set_permissions(at(file), fs::Permissions::from_mode(*mode)).unwrap();
        }
        Mutation::Beside { name } => fs::write(folder.join(name), "exit 1\n").unwrap(),
    }
}

/// So many mutations of each place: of both together, ten thousand where many cases
/// are asked for.
fn cases() -> u32 {
    const MANY: u32 = 4096;
    if ProptestConfig::default().cases < MANY { 1_000 } else { 5_000 }
}

fn nothing_else_runs(at: Place) {
    let job = Approved::new();
    let place = job.place(at);
    let config = ProptestConfig { cases: cases(), failure_persistence: None, ..Default::default() };
    // A run takes longest: of what was undone, a part is run.
    let runs_again = proptest::bool::weighted(0.1);
    proptest!(config, |(mutation in mutation(), runs_again in runs_again)| {
        mutate(&place, &mutation);
        let outcome = job.run();
        job.undo(&place);
        job.pair.intake("count");
        let status = job.pair.status(&job.id);
        let again = if runs_again { job.run() } else { Ok(job.handed.clone()) };
        job.forget();
        match outcome {
            Ok(handed) => {
                prop_assert!(mutation.may_be_harmless(), "it ran");
                prop_assert_eq!(&handed, &job.handed);
            }
            Err(Error::Changed { .. } | Error::Integrity { .. } | Error::Malformed { .. }) => {
                prop_assert!(!mutation.is_harmless(), "it did not run");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
        prop_assert_eq!(status, Status::Approved);
        prop_assert_eq!(&again.map_err(|error| error.to_string()), &Ok(job.handed.clone()));
    });
    assert!(job.pair.owner.store.runs(&job.id).unwrap().is_empty());
    job.pair.run(&job.id).unwrap();
    assert_eq!(job.pair.status(&job.id), Status::Done);
}

#[test]
fn r1_g9_whatever_changes_in_the_folder_of_an_approved_job_nothing_else_runs() {
    nothing_else_runs(Place::Folder);
}

#[test]
fn r1_g9_whatever_changes_in_the_snapshot_of_an_approved_job_nothing_else_runs() {
    nothing_else_runs(Place::Snapshot);
}
