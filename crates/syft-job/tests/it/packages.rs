//! Jobs that need packages: installed with the network and without data, and read
//! beside the data without network. By pip, as Debian has it.

use std::fs;

use crate::box_common::{user, walled};
use crate::common::{OWNER, Pair, quiet};
use crate::package_common::{
    ASKS, Packages, Recorded, configure, from_folder, program, reason, wheel,
};
use syft_core::ContentHash;
use syft_job::sandbox::{Exit, IsolationLevel, LimitKind, Limits, Network, Sandbox};
use syft_job::{
    ApproveOptions, Error, JobKind, PackageOptions, PackageSource, RehearsalOptions, ReleaseFiles,
    Script, Status,
};

#[test]
fn a_job_with_a_package_runs_on_the_private_data() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny>=1"]);
    let sandbox = Recorded::new(walled());
    let review = || {
        let store = &world.pair.owner.store;
        store.review(&id, &Limits::default(), IsolationLevel::MINIMUM).unwrap().to_string()
    };
    let asked = "  packages    tiny>=1; you are told the versions when you approve\n";
    assert!(review().contains(asked), "{}", review());
    assert_eq!(world.answer(&id, &sandbox), "42 real\n");
    assert!(review().contains("  packages    base==1.0, tiny==1.2\n"), "{}", review());
    let jobs = sandbox.jobs.into_inner().unwrap();
    let networks: Vec<Network> = jobs.iter().map(|job| job.network).collect();
    assert_eq!(networks, [Network::Open, Network::Open, Network::Closed]);
    let private = world.pair.owner.path(OWNER);
    for job in &jobs[..2] {
        assert!(job.readable.iter().all(|path| !path.starts_with(&private)), "{job:?}");
    }

    let decision = world.pair.owner.store.decisions(&id).unwrap().pop().unwrap();
    let lock = decision.approval.unwrap().packages.unwrap();
    assert!(lock.text().contains("\nbase==1.0 --hash=sha256:"), "{}", lock.text());
    let run = world.pair.owner.store.runs(&id).unwrap().pop().unwrap();
    let used = run.started.packages.unwrap();
    assert_eq!(used.packages, ["base==1.0", "tiny==1.2"]);
    assert_eq!(world.layers(), [lock.digest().to_string()]);
    assert_eq!(used.lock, lock.digest());
    world.pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    let receipt = world.pair.owner.path(&format!("{}/receipt.yaml", Pair::job_folder("ask")));
    let receipt = fs::read_to_string(receipt).unwrap();
    assert!(receipt.contains("tiny==1.2") && receipt.contains(&lock.digest().to_string()));
}

#[test]
fn what_is_installed_once_is_installed_for_all_jobs_that_need_the_same() {
    let world = Packages::new();
    let first = world.sent("first", ASKS, &["tiny>=1"]);
    world.answer(&first, &walled());
    let asked = world.index.requests().len();
    assert!(asked > 0);
    let second = world.sent("second", ASKS, &["tiny >= 1"]);
    assert_eq!(world.answer(&second, &walled()), "42 real\n");
    assert_eq!(world.index.requests().len(), asked, "{:?}", world.index.requests());
    assert_eq!(world.layers().len(), 1);
}

#[test]
fn after_the_cache_is_gone_the_same_packages_are_installed_as_were_approved() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny>=1"]);
    world.approve(&id, &walled()).unwrap();
    fs::remove_dir_all(world.pair.owner.path(".syft/cache")).unwrap();
    wheel(world.index.folder(), "tiny", "1.3", &[("tiny.py", "ANSWER = 'newer'\n")], &[]);
    let run = world.run_approved(&id, &walled()).unwrap();
    assert!(run.finished.unwrap().is_success(), "{}", world.errors(&id));
    assert_eq!(world.output(&id), "42 real\n");
}

#[test]
fn the_packages_of_a_project_are_installed_too() {
    let world = Packages::new();
    let folder = crate::common::scratch();
    let project = "[project]\nname = 'job'\nversion = '1'\nrequires-python = '>=3.8'\n\
                   dependencies = ['tiny']\n";
    fs::write(folder.path().join("main.py"), ASKS).unwrap();
    fs::write(folder.path().join("pyproject.toml"), project).unwrap();
    let mut submission = world.submission("ask", "", &[]);
    submission.script = Script::Path(folder.path().to_owned());
    world.pair.submit(&submission);
    let id = world.received("ask");
    assert_eq!(world.answer(&id, &walled()), "42 real\n");
}

fn the_python_clients_script_runs(sandbox: &dyn Sandbox) {
    let world = Packages::new();
    let script = "import syft, sys\nprint(sys.executable)\n".to_owned() + ASKS;
    let id = world.of_python_client("ask", &script);
    assert_eq!(world.answer(&id, sandbox), "42 real\n");
    let printed = world.pair.owner.store.received(&id).unwrap().stdout().unwrap().unwrap();
    assert!(printed.text().trim().ends_with("/code/.venv/bin/python"), "{}", printed.text());
    let said = world.errors(&id);
    let has_it = String::from_utf8(
        std::process::Command::new("/usr/bin/python3").arg("-V").output().unwrap().stdout,
    );
    if !has_it.unwrap().contains(" 3.12.") {
        assert!(said.contains("Python 3.12 is not here: this job has Python 3."), "{said}");
    }
}

#[test]
fn the_script_of_the_python_client_runs_unchanged() {
    the_python_clients_script_runs(&walled());
}

#[test]
fn the_script_of_the_python_client_runs_in_namespaces() {
    user::in_namespaces("packages::the_script_of_the_python_client_runs_in_namespaces", |boxed| {
        the_python_clients_script_runs(&boxed);
    });
}

#[test]
fn what_was_not_approved_is_not_installed_and_that_is_said() {
    let world = Packages::new();
    let commands = [
        ("uv pip install other", 1, "other is not among the packages"),
        ("uv pip install 'tiny>=7' base", 1, "tiny>=7 is not among the packages"),
        ("pip install other", 1, "other is not among the packages"),
        ("python -m pip install other", 1, "other is not among the packages"),
        ("/usr/bin/python3 -m pip install other", 1, "other is not among the packages"),
        ("uv tool install ruff", 2, "a job cannot do this: tool install ruff"),
        ("uv pip install --index-url https://example.org tiny", 2, "a job cannot do this"),
        ("pip wheel tiny", 2, "a job cannot do this: wheel tiny"),
        ("uv sync", 2, "there is no pyproject.toml here"),
        ("uv --version", 0, ""),
        ("uv pip install -r wanted.txt && pip install 'Tiny==1.*'", 0, ""),
        ("uv pip sync wanted.txt", 0, ""),
        ("uv run python -c 'import tiny; assert tiny.ANSWER == 42'", 0, ""),
        ("python -c 'import tiny; assert tiny.ANSWER == 42'", 0, ""),
        ("deactivate; ! command -v python", 0, ""),
    ];
    let mut script =
        "uv venv -p 3; . .venv/bin/activate\nprintf 'tiny>=1\\nbase # it\\n' > wanted.txt\n"
            .to_owned();
    for (n, (command, ..)) in commands.iter().enumerate() {
        script.push_str(&format!("({command}) 2> err; echo $? $(cat err) > outputs/{n:02}\n"));
    }
    let mut submission = world.submission("ask", &script, &["tiny"]);
    submission.kind = Some(JobKind::Bash);
    world.pair.submit(&submission);
    let id = world.received("ask");
    world.run(&id, &walled()).unwrap();
    let outputs = world.pair.owner.path(&format!(".syft/runs/{id}-1/outputs"));
    for (n, (command, code, says)) in commands.iter().enumerate() {
        let said = fs::read_to_string(outputs.join(format!("{n:02}"))).unwrap();
        let fits = said.starts_with(&code.to_string()) && said.contains(says);
        assert!(fits, "{command}: {said}");
    }
}

#[test]
fn what_was_approved_is_there_however_it_is_written() {
    let world = Packages::new();
    let script = "uv pip install 'Tiny[b,a] >=1, <9'; pip install 'tiny[A,B]<9,>=1'\n\
                  uv pip install 'tiny[c]>=1,<9' && exit 1; exit 0\n";
    let mut submission = world.submission("ask", script, &["tiny[b,a]>=1,<9"]);
    submission.kind = Some(JobKind::Bash);
    world.pair.submit(&submission);
    let id = world.received("ask");
    let run = world.run(&id, &walled()).unwrap();
    assert!(run.finished.unwrap().is_success(), "{}", world.errors(&id));
    assert_eq!(world.errors(&id).matches("is not among the packages").count(), 1);
}

#[test]
fn a_layer_that_is_not_as_it_was_installed_is_installed_again() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny>=1"]);
    assert_eq!(world.answer(&id, &walled()), "42 real\n");
    let layer = world.pair.owner.path(".syft/cache/packages").join(&world.layers()[0]);
    let damages: [&dyn Fn(); 4] = [
        &|| fs::write(layer.join("site/tiny.py"), "ANSWER = 'other'\n").unwrap(),
        &|| fs::write(layer.join("site/more.pth"), "import os\n").unwrap(),
        &|| fs::remove_file(layer.join("site/base.py")).unwrap(),
        &|| fs::remove_dir_all(layer.join("site")).unwrap(),
    ];
    for (n, damage) in damages.iter().enumerate() {
        damage();
        let next = world.sent(&format!("ask-{n}"), ASKS, &["tiny>=1"]);
        assert_eq!(world.answer(&next, &walled()), "42 real\n");
        assert!(!layer.join("site/more.pth").exists());
    }
}

#[test]
fn only_the_packages_that_were_shown_are_approved() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny>=1"]);
    let store = &world.pair.owner.store;
    let lock = store.resolve_packages(&id, &walled()).unwrap().unwrap();
    let shown = |digest| ApproveOptions { packages: Some(digest), ..ApproveOptions::default() };
    let error = store.approve(&id, &shown(ContentHash::of(b"others"))).unwrap_err();
    assert!(matches!(error, Error::Changed { .. }), "{error}");
    store.approve(&id, &shown(lock.digest())).unwrap();
    assert_eq!(world.pair.status(&id), Status::Approved);
}

#[test]
fn x2_a_job_with_packages_reaches_no_network() {
    let world = Packages::new();
    let url = format!("{}stolen", world.index.url());
    let script = format!("import tiny, urllib.request\nurllib.request.urlopen('{url}')\n");
    // As this node starts it, and by the script of the Python client.
    let ids = [world.sent("ours", &script, &["tiny"]), world.of_python_client("theirs", &script)];
    for id in ids {
        let finished = world.run(&id, &walled()).unwrap().finished.unwrap();
        assert_eq!(finished.exit, Some(Exit::Code(1)));
        let hits: Vec<LimitKind> = finished.limits_hit.iter().map(|hit| hit.limit).collect();
        assert_eq!(hits, [LimitKind::Network], "{}", world.errors(&id));
        assert!(finished.limits_hit[0].to_string().contains("no job has one"));
        assert!(world.errors(&id).contains("Operation not permitted"), "{}", world.errors(&id));
    }
    assert!(world.index.requests().iter().all(|path| !path.contains("stolen")));
}

#[test]
fn a_job_without_packages_touches_nothing_of_them() {
    let world = Packages::new();
    let script = ASKS.replace(", tiny", "").replace("tiny.ANSWER", "42");
    let id = world.sent("ask", &script, &[]);
    let sandbox = Recorded::new(walled());
    assert_eq!(world.answer(&id, &sandbox), "42 real\n");
    assert_eq!(sandbox.jobs.into_inner().unwrap().len(), 1);
    assert!(world.index.requests().is_empty());
    assert!(!world.pair.owner.path(".syft/cache/packages").exists());
    let approval = world.pair.owner.store.decisions(&id).unwrap().pop().unwrap().approval;
    let text = serde_json::to_string(&approval).unwrap();
    assert!(!text.contains("packages"), "{text}");
}

#[test]
fn r5_no_code_of_a_package_runs_when_it_is_installed() {
    let world = Packages::new();
    let url = format!("{}ran", world.index.url());
    let setup = format!(
        "import urllib.request\nurllib.request.urlopen('{url}')\n\
         from setuptools import setup\nsetup(name='evil', version='1.0')\n"
    );
    let folder = crate::common::scratch();
    fs::create_dir(folder.path().join("evil-1.0")).unwrap();
    fs::write(folder.path().join("evil-1.0/setup.py"), setup).unwrap();
    let archive = world.index.folder().join("evil-1.0.tar.gz");
    let tar = std::process::Command::new("tar")
        .args(["-C", folder.path().to_str().unwrap(), "-czf", archive.to_str().unwrap()])
        .arg("evil-1.0")
        .status();
    assert!(tar.unwrap().success());
    let id = world.sent("ask", "import evil\n", &["evil"]);
    let error = world.approve(&id, &walled()).unwrap_err();
    assert!(reason(&error).contains("evil"), "{error}");
    assert_eq!(world.pair.status(&id), Status::Inbox);
    assert!(world.index.requests().iter().all(|path| !path.contains("ran")));
}

#[test]
fn other_bytes_under_an_approved_version_are_refused() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny"]);
    world.approve(&id, &walled()).unwrap();
    wheel(world.index.folder(), "tiny", "1.2", &[("tiny.py", "ANSWER = 'other'\n")], &["base"]);
    let error = world.run_approved(&id, &walled()).unwrap_err();
    assert!(reason(&error).to_lowercase().contains("hash"), "{error}");
    assert_eq!(world.pair.status(&id), Status::Approved);
    assert!(world.layers().is_empty());
}

#[test]
fn r5_what_leads_to_a_place_is_no_package() {
    let world = Packages::new();
    let elsewhere = [
        "tiny @ file:///etc/passwd",
        "git+https://example.org/x",
        "-r other.txt",
        "numpy\"; touch x",
    ];
    for (n, package) in elsewhere.iter().enumerate() {
        let name = format!("ask-{n}");
        let named =
            |error: &Error| matches!(error, Error::Requirement { text, .. } if text == package);
        let sent = world.submission(&name, ASKS, &[package]);
        let error = world.pair.scientist.store.submit(&sent).unwrap_err();
        assert!(named(&error), "{error}");
        // Nor from somebody whose program takes it.
        world.pair.submit(&world.submission(&name, ASKS, &["tiny"]));
        let config = format!("{}/config.yaml", Pair::job_folder(&name));
        let text = fs::read_to_string(world.pair.owner.path(&config)).unwrap();
        assert!(text.contains("- tiny\n"), "{text}");
        world.pair.owner.write(&config, text.replace("- tiny\n", &format!("- '{package}'\n")));
        let error = world.approve(&world.received(&name), &walled()).unwrap_err();
        assert!(named(&error), "{error}");
    }
    assert!(world.index.requests().is_empty());
}

#[test]
fn an_owner_who_takes_no_packages_is_asked_for_none() {
    let mut world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny"]);
    world.approve(&id, &walled()).unwrap();
    let none = PackageOptions { source: PackageSource::None, ..PackageOptions::default() };
    configure(&mut world.pair.owner, none);
    let asked = world.index.requests().len();
    let store = &world.pair.owner.store;
    let refusals = [
        store.resolve_packages(&id, &walled()).map(drop),
        store.approve(&id, &ApproveOptions::default()).map(drop),
        world.run_approved(&id, &walled()).map(drop),
    ];
    for refused in refusals {
        assert!(matches!(refused, Err(Error::NoPackages { .. })), "{refused:?}");
    }
    assert_eq!(world.index.requests().len(), asked);
}

#[test]
fn wheels_of_a_folder_are_installed_without_network() {
    let mut world = Packages::new();
    let folder = crate::common::scratch();
    crate::package_common::wheels(folder.path());
    configure(&mut world.pair.owner, from_folder(folder.path(), None));
    let id = world.sent("ask", ASKS, &["tiny"]);
    let sandbox = Recorded::new(walled());
    assert_eq!(world.answer(&id, &sandbox), "42 real\n");
    let jobs = sandbox.jobs.into_inner().unwrap();
    assert!(jobs.iter().all(|job| job.network == Network::Closed));
    assert!(world.index.requests().is_empty());
}

#[test]
fn r1_another_lock_than_the_approved_one_does_not_run() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny"]);
    world.approve(&id, &walled()).unwrap();
    let file = world.pair.owner.path(&format!(".syft/decisions/jobs/{id}.json"));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("\"1.2\"", "\"1.3\"")).unwrap();
    let error = world.run_approved(&id, &walled()).unwrap_err();
    assert!(matches!(error, Error::Integrity { .. }), "{error}");
}

#[test]
fn a_job_is_approved_with_the_packages_that_were_found() {
    let world = Packages::new();
    let id = world.sent("ask", ASKS, &["tiny"]);
    let store = &world.pair.owner.store;
    let early = store.approve(&id, &ApproveOptions::default());
    assert!(matches!(early, Err(Error::PackagesMissing { .. })), "{early:?}");
    let found = store.resolve_packages(&id, &walled()).unwrap();
    let decision = store.approve(&id, &ApproveOptions::default()).unwrap();
    assert_eq!(decision.approval.unwrap().packages, found);
}

#[test]
fn x1_an_installer_reads_nothing_of_its_owners_home() {
    installer_reads_nothing(&walled());
}

#[test]
fn x1_in_namespaces_an_installer_reads_nothing_of_its_owners_home() {
    user::in_namespaces(
        "packages::x1_in_namespaces_an_installer_reads_nothing_of_its_owners_home",
        |it| {
            installer_reads_nothing(&it);
        },
    );
}

fn installer_reads_nothing(sandbox: &dyn Sandbox) {
    let mut world = Packages::new();
    let folder = crate::common::scratch();
    let canaries = [
        world.pair.owner.path(&format!("{OWNER}/private/datasets/census/census.csv")),
        world.pair.owner.path("canary"),
    ];
    world.pair.owner.write("canary", "the canary");
    let tries = format!(
        "#!/usr/bin/python3 -I\nimport os, sys\nfor path in {canaries:?}:\n    try:\n        \
         print(open(path).read(), file=sys.stderr)\n    except OSError as error:\n        \
         print('could not read:', error.errno, file=sys.stderr)\n\
         print('names:', sorted(os.environ), file=sys.stderr)\nsys.exit(3)\n"
    );
    let uv = program(&folder.path().join("uv"), &tries);
    let options = PackageOptions { uv: Some(uv), ..PackageOptions::default() };
    configure(&mut world.pair.owner, options);
    let id = world.sent("ask", ASKS, &["tiny"]);
    let error = world.approve(&id, sandbox).unwrap_err();
    let said = reason(&error);
    assert_eq!(said.matches("could not read:").count(), 2, "{said}");
    assert!(said.contains("exit code 3") && !said.contains("canary"), "{said}");
    assert!(!said.contains("SECRET"), "{said}");
}

#[test]
fn a_package_with_what_cannot_be_taken_over_is_refused() {
    let world = Packages::new();
    let files = [("odd/__init__.py", ""), ("odd/syft.pub.yaml", "rules: []\n")];
    wheel(world.index.folder(), "odd", "1.0", &files, &[]);
    let id = world.sent("ask", "import odd\n", &["odd"]);
    let error = world.run(&id, &walled()).unwrap_err();
    assert!(reason(&error).contains("odd/syft.pub.yaml: its name is reserved"), "{error}");
    assert!(world.layers().is_empty());
}

#[test]
fn anothers_job_is_rehearsed_with_packages_that_are_here_and_ones_own_with_any() {
    let world = Packages::new();
    let script = "import tiny\nprint(tiny.ANSWER)\n";
    let id = world.sent("ask", script, &["tiny"]);
    let options = RehearsalOptions::default();
    let store = &world.pair.owner.store;
    let rehearse = || {
        let job = store.received(&id).unwrap();
        store.rehearse(&job, &options, &walled(), &mut quiet)
    };
    let said = rehearse().unwrap_err();
    assert!(matches!(&said, Error::PackagesMissing { packages, .. } if packages == &["tiny"]));
    assert!(world.index.requests().is_empty(), "nothing is fetched for whoever asks");
    assert!(said.to_string().contains("not here yet"), "{said}");

    let own = world.submission("mine", script, &["tiny"]);
    let bob = &world.pair.scientist.store;
    let begun = bob.begin_rehearsal_of(&own, &options, &walled()).unwrap();
    let rehearsal = begun.execute(&walled(), &mut quiet).unwrap().finish().unwrap();
    assert_eq!(rehearsal.stdout, "42\n", "{}", rehearsal.stderr);

    world.run(&id, &walled()).unwrap();
    let rehearsal = rehearse().unwrap();
    assert_eq!(rehearsal.stdout, "42\n", "{}", rehearsal.stderr);
}
