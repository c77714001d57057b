//! `syft_client` and `syft` in a job, in a rehearsal and beside it, with the
//! Python of this machine and nothing installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::box_common::walled;
use crate::common::{Home, OWNER, Pair, SCIENTIST, dataset, email, name, quiet};
use syft_core::DatasitePath;
use syft_job::{
    ApproveOptions, Intake, Job, JobId, JobKind, RehearsalOptions, RunOptions, Script, Submission,
};

/// Two datasets, of one file and of two, as sync leaves them in a home.
fn mocks(home: &Home) {
    let public = format!("{OWNER}/public/datasets");
    home.write(&format!("{public}/census/census_mock.csv"), "mock\n");
    home.write(&format!("{public}/census/readme.md"), "# About\n");
    let url = format!("readme_url: syft://{OWNER}/public/datasets/census/readme.md\n");
    home.write(&format!("{public}/census/dataset.yaml"), url);
    for file in ["a.csv", "b.csv", "dataset.yaml", "syft.pub.yaml"] {
        home.write(&format!("{public}/visits/{file}"), "mock\n");
    }
}

/// The same with the real data beside them.
fn owner(home: &Home) {
    mocks(home);
    let private = format!("{OWNER}/private/datasets");
    home.write(&format!("{private}/census/census.csv"), "real\n");
    for file in ["a.csv", "b.csv", "private_metadata.yaml"] {
        home.write(&format!("{private}/visits/{file}"), "real\n");
    }
}

/// A Python job of bob's on both datasets, in alice's inbox.
fn sent(pair: &Pair, script: &str) -> Job {
    owner(&pair.owner);
    let mut submission = Submission::new(email(OWNER), Script::Text(script.to_owned()));
    submission.kind = Some(JobKind::Python);
    submission.name = Some(name("ask"));
    submission.datasets = vec![dataset("census"), dataset("visits")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("ask") else { panic!("not received") };
    pair.owner.store.received(&id).unwrap()
}

/// What a job finds, as `answer.txt`.
const FINDS: &str = "\
import syft, syft_client as sc
with open('outputs/answer.txt', 'w') as out:
    for module in sc, syft:
        path = module.resolve_dataset_file_path('census')
        files = module.resolve_dataset_files_path('visits')
        print(path.name, path.read_text().strip(), *[f.name for f in files], file=out)
";

/// Approves a job, runs it in the box, and reads the `answer.txt` that it leaves.
fn answer(pair: &Pair, id: &JobId) -> String {
    pair.owner.store.approve(id, &ApproveOptions::default()).unwrap();
    let options = RunOptions::default();
    let run = pair.owner.store.run(id, &options, &walled(), &mut quiet).unwrap();
    let job = pair.owner.store.received(id).unwrap();
    let errors = job.stderr().unwrap().unwrap().text();
    assert!(run.finished.unwrap().is_success(), "{errors}");
    let answer = job.output(&DatasitePath::parse("answer.txt").unwrap()).unwrap();
    String::from_utf8(answer).unwrap()
}

#[test]
fn in_a_job_both_modules_find_the_private_files() {
    let pair = Pair::new();
    let job = sent(&pair, FINDS);
    let line = "census.csv real a.csv b.csv\n";
    assert_eq!(answer(&pair, job.id()), line.repeat(2));
    let run = pair.owner.path(&format!(".syft/runs/{}-1", job.id()));
    assert!(!run.join("python").exists(), "the modules are of one run");
}

#[test]
fn in_a_rehearsal_the_same_names_find_the_mocks() {
    let pair = Pair::new();
    let job = sent(&pair, &FINDS.replace("out:\n", "out:\n    import sys; out = sys.stdout\n"));
    let options = RehearsalOptions::default();
    let rehearsal = pair.owner.store.rehearse(&job, &options, &walled(), &mut quiet).unwrap();
    let line = "census_mock.csv mock a.csv b.csv\n";
    assert_eq!(rehearsal.stdout, line.repeat(2), "{}", rehearsal.stderr);
}

#[test]
fn in_a_job_a_dataset_that_was_not_granted_is_named_with_those_that_were() {
    let pair = Pair::new();
    let script = "\
import syft_client as sc
for ask in ('salaries', 'visits'):
    try:
        sc.resolve_dataset_file_path(ask)
    except (OSError, ValueError) as error:
        print(type(error).__name__, error)
";
    let job = sent(&pair, script);
    let options = RehearsalOptions::default();
    let rehearsal = pair.owner.store.rehearse(&job, &options, &walled(), &mut quiet).unwrap();
    assert_eq!(
        rehearsal.stdout,
        "FileNotFoundError this job may not read a dataset 'salaries': \
         it was granted census, visits\n\
         ValueError dataset 'visits' has 2 files (a.csv, b.csv): \
         take one of resolve_dataset_files_path(...)\n",
        "{}",
        rehearsal.stderr
    );
}

/// Installs a package of our name for the user of the job, then asks anew.
const INSTALLS: &str = "\
import os, site, sys
place = site.getusersitepackages()
if not os.path.exists(place):
    # A mere folder is no package.
    os.makedirs(place + '/syft/data')
    os.makedirs(place + '/syft_client')
    open(place + '/syft_client/__init__.py', 'w').write('from .sub import who')
    open(place + '/syft_client/sub.py', 'w').write('who = 1 + 1')
    os.execv(sys.executable, [sys.executable, *sys.argv])
import syft_client, syft_client.sub, syft
with open('outputs/answer.txt', 'w') as out:
    print(syft_client.who, syft_client.sub.who, file=out)
    print(hasattr(syft_client, 'resolve_dataset_file_path'), file=out)
    print(syft.resolve_dataset_file_path('census').read_text(), end='', file=out)
";

#[test]
fn in_a_job_an_installed_package_wins_over_the_shim() {
    let pair = Pair::new();
    let job = sent(&pair, INSTALLS);
    assert_eq!(answer(&pair, job.id()), "2 2\nFalse\nreal\n");
}

#[test]
fn in_a_job_code_of_a_dataset_is_imported_by_its_name() {
    let pair = Pair::new();
    let code = format!("{OWNER}/private/datasets/visits/tools/clean.py");
    pair.owner.write(&code, "LIMIT = 7\n");
    let script = "\
import syft_client as sc
with open('outputs/answer.txt', 'w') as out:
    print(sc.load_dataset_code('visits.tools.clean').LIMIT, file=out)
    for ask in ('visits.missing', 'salaries.tools.clean'):
        try:
            sc.load_dataset_code(ask)
        except (ModuleNotFoundError, FileNotFoundError) as error:
            print(type(error).__name__, error, file=out)
";
    let job = sent(&pair, script);
    assert_eq!(
        answer(&pair, job.id()),
        "7\n\
         ModuleNotFoundError dataset 'visits' has no code 'visits.missing'\n\
         FileNotFoundError this job may not read a dataset 'salaries': \
         it was granted census, visits\n"
    );
}

/// Runs Python as a scientist does, with the modules of this home.
fn python(home: &Home, script: &str, variables: &[(&str, &Path)]) -> String {
    let output = Command::new("/usr/bin/python3")
        .args(["-c", script])
        .env_clear()
        .env("PYTHONPATH", home.store.python_modules().unwrap())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("HOME", home.path("nobody"))
        .env("SYFTBOX_FOLDER", home.folder.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text + &String::from_utf8(output.stderr).unwrap()
}

#[test]
fn outside_of_a_job_both_modules_find_the_mock() {
    let bob = Home::of(SCIENTIST, 2);
    mocks(&bob);
    let script = "\
import syft, syft_client as sc
for module in sc, syft:
    print(module.resolve_dataset_file_path('census'))
    print(*module.resolve_dataset_files_path('visits', owner_email='alice@hospital.org'))
";
    let place = bob.path(&format!("{OWNER}/public/datasets"));
    let place = place.display();
    let found =
        format!("{place}/census/census_mock.csv\n{place}/visits/a.csv {place}/visits/b.csv\n");
    assert_eq!(python(&bob, script, &[]), found.repeat(2));
    // The home that is there when none is named.
    fs::create_dir(bob.path("nobody")).unwrap();
    std::os::unix::fs::symlink(bob.folder.path(), bob.path("nobody/syftbox")).unwrap();
    let script = "import syft; print(syft.resolve_dataset_file_path('census').read_text())";
    assert_eq!(python(&bob, script, &[("SYFTBOX_FOLDER", Path::new(""))]), "mock\n\n");
}

#[test]
fn outside_of_a_job_datasets_are_found_in_the_layout_of_pysyft_too() {
    let bob = Home::of(SCIENTIST, 2);
    for (folder, name) in [("public/syft_datasets", "flat"), ("public/syft_datasets/v1", "newer")] {
        bob.write(&format!("{OWNER}/{folder}/{name}/dataset.yaml"), "");
        bob.write(&format!("{OWNER}/{folder}/{name}/a.csv"), "mock\n");
    }
    let script = "import syft\nfor name in 'flat', 'newer':\n    \
        print(syft.resolve_dataset_file_path(name).read_text().strip())\n";
    assert_eq!(python(&bob, script, &[]), "mock\nmock\n");
}

#[test]
fn outside_of_a_job_an_error_names_the_datasets_that_there_are() {
    let bob = Home::of(SCIENTIST, 2);
    let ask = "\
import syft_client as sc
try:
    print(sc.resolve_dataset_file_path('census').name)
except (OSError, ValueError) as error:
    print(error)
";
    assert!(python(&bob, ask, &[]).contains("; there are: none (`syft sync` fetches"));
    mocks(&bob);
    let salaries = ask.replace("census", "salaries");
    let said = python(&bob, &salaries, &[]);
    assert!(said.contains(&format!("there are: {OWNER}/census, {OWNER}/visits ")), "{said}");
    bob.write("carol@lab.org/public/datasets/census/dataset.yaml", "");
    bob.write("carol@lab.org/public/datasets/census/own.csv", "mock\n");
    let said = python(&bob, ask, &[]);
    let both = "alice@hospital.org and carol@lab.org have a dataset 'census'";
    assert_eq!(said, format!("{both}: say whose with owner_email=...\n"));
    let own = [("SYFTBOX_EMAIL", Path::new("carol@lab.org"))];
    assert_eq!(python(&bob, ask, &own), "own.csv\n");
}

#[test]
fn an_installed_package_wins_over_the_shim() {
    let bob = Home::of(SCIENTIST, 2);
    mocks(&bob);
    let base = bob.path("installed");
    let place = "import site; print(site.getusersitepackages(), end='')";
    let user = [("PYTHONUSERBASE", base.as_path())];
    let site = python(&bob, place, &user);
    fs::create_dir_all(format!("{site}/syft_client")).unwrap();
    // A mere folder is no package.
    fs::create_dir_all(format!("{site}/syft/data")).unwrap();
    fs::write(format!("{site}/syft_client/__init__.py"), "from .sub import who\n").unwrap();
    fs::write(format!("{site}/syft_client/sub.py"), "who = 'installed'\n").unwrap();
    let script = "\
import syft_client.sub, syft_client as sc, syft
from syft_client import who
print(who, sc.sub.who, hasattr(sc, 'resolve_dataset_file_path'))
print(syft.resolve_dataset_file_path('census').name)
";
    let said = python(&bob, script, &user);
    assert_eq!(said, "installed installed False\ncensus_mock.csv\n");
}

#[test]
fn code_of_a_dataset_is_imported_by_its_name() {
    let bob = Home::of(SCIENTIST, 2);
    mocks(&bob);
    bob.write(&format!("{OWNER}/public/datasets/visits/tools/clean.py"), "LIMIT = 7\n");
    let script = "\
import syft_client as sc
print(sc.load_dataset_code('visits.tools.clean').LIMIT)
try:
    sc.load_dataset_code('visits.missing')
except ModuleNotFoundError as error:
    print(error)
";
    let said = python(&bob, script, &[]);
    assert_eq!(said, "7\ndataset 'visits' has no code 'visits.missing'\n");
}

/// The `python` block of the README, with the mock of its dataset at hand.
#[test]
fn the_python_of_the_readme_runs() {
    const README: &str = include_str!("../../README.md");
    let block = README.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    let bob = Home::of(SCIENTIST, 2);
    mocks(&bob);
    let said = python(&bob, &format!("{block}\nprint(path.read_text(), end='')"), &[]);
    assert_eq!(said, "mock\n");
    let pair = Pair::new();
    let job =
        sent(&pair, &format!("{block}\nopen('outputs/answer.txt', 'w').write(path.read_text())"));
    assert_eq!(answer(&pair, job.id()), "real\n");
}
