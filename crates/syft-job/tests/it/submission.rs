use std::fs;

use crate::common::{Home, OWNER, Pair, SCIENTIST, dataset, email, name, tree};
use syft_job::{Error, JobConfig, JobKind, Script, Submission};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn python(path: &std::path::Path) -> Submission {
    Submission::new(email(OWNER), Script::Path(path.to_owned()))
}

#[test]
fn a_python_folder_goes_to_code_as_it_is() {
    let source = folder(&[
        ("main.py", "import util\n"),
        ("util.py", "x = 1\n"),
        ("data/params.json", "{}\n"),
        (".env", "SECRET=1\n"),
        (".venv/bin/python", "x"),
        ("__pycache__/main.pyc", "x"),
        ("outputs/old.csv", "1\n"),
    ]);
    let home = Home::of(SCIENTIST, 1);
    let mut submission = python(source.path());
    submission.name = Some(name("my job"));
    submission.description = Some("how many: no # comment".to_owned());
    submission.datasets = vec![dataset("census")];
    let sent = home.store.submit(&submission).unwrap();

    assert_eq!(sent.left_out, [".env", ".venv", "__pycache__", "outputs"]);
    assert_eq!(sent.path, home.path(&Pair::job_folder("my job")));
    let files = tree(&sent.path);
    let names: Vec<&String> = files.keys().collect();
    assert_eq!(
        names,
        ["code/data/params.json", "code/main.py", "code/util.py", "config.yaml", "run.sh"]
    );
    assert_eq!(
        String::from_utf8_lossy(&files["run.sh"]),
        "#!/bin/bash\nset -euo pipefail\ncd code && exec python3 main.py\n"
    );
    let text = String::from_utf8(files["config.yaml"].clone()).unwrap();
    let config = JobConfig::parse(&text).unwrap();
    assert_eq!(config.kind, JobKind::Python);
    assert_eq!(config.entrypoint.as_deref(), Some("main.py"));
    assert_eq!(config.datasets_of(&email(OWNER)), [dataset("census")]);
    assert_eq!(config.submission_digest, Some(sent.digest));
    assert_eq!(config.files.len(), 4);
    assert!(config.is_folder_submission);
    assert!(!text.contains(source.path().to_str().unwrap()), "no path of the submitter's machine");
    assert_eq!(sent.id.as_str(), &sent.digest.to_string()[..12]);
    assert!(tree(&home.path(".syft/staging")).is_empty());
}

#[test]
fn the_entry_point_is_found_or_asked_for() {
    let home = Home::of(SCIENTIST, 1);
    let submit = |files: &[(&str, &str)], entry: Option<&str>| {
        let source = folder(files);
        let mut submission = python(source.path());
        submission.entrypoint = entry.map(str::to_owned);
        home.store.submit(&submission).map(|sent| {
            let text = fs::read_to_string(sent.path.join("config.yaml")).unwrap();
            JobConfig::parse(&text).unwrap().entrypoint.unwrap()
        })
    };
    let two = [("a.py", "1"), ("sub/b.py", "2")];
    assert_eq!(submit(&two, None).unwrap(), "a.py");
    assert_eq!(submit(&two, Some("sub/b.py")).unwrap(), "sub/b.py");
    assert_eq!(submit(&[("main.py", ""), ("b.py", "")], None).unwrap(), "main.py");
    let several = submit(&[("a.py", ""), ("b.py", "")], None).unwrap_err();
    assert!(several.to_string().contains("several .py files"), "{several}");
    assert!(submit(&[("readme.txt", "")], None).is_err());
    assert!(submit(&two, Some("gone.py")).is_err());
    assert!(submit(&two, Some("../../etc/passwd")).is_err());
    let not_python = submit(&[("a.py", ""), ("a.txt", "")], Some("a.txt")).unwrap_err();
    assert!(not_python.to_string().contains(".py"), "{not_python}");
}

#[test]
fn r5_r8_an_entry_point_with_quotes_is_one_word_of_run_sh() {
    let source = folder(&[("it's $(id) here.py", "print(1)\n")]);
    let home = Home::of(SCIENTIST, 1);
    let sent = home.store.submit(&python(source.path())).unwrap();
    let run_sh = fs::read_to_string(sent.path.join("run.sh")).unwrap();
    assert!(run_sh.ends_with("exec python3 'it'\\''s $(id) here.py'\n"), "{run_sh}");
}

#[test]
fn a_bash_folder_holds_run_sh_and_a_bash_file_becomes_it() {
    let home = Home::of(SCIENTIST, 1);
    let source = folder(&[("run.sh", "echo inner\n"), ("lib.sh", "x=1\n")]);
    let sent = home.store.submit(&python(source.path())).unwrap();
    let files = tree(&sent.path);
    assert_eq!(
        String::from_utf8_lossy(&files["run.sh"]),
        "#!/bin/bash\nset -euo pipefail\ncd code && exec bash run.sh\n"
    );
    assert_eq!(files["code/run.sh"], b"echo inner\n");

    let source = folder(&[("process.sh", "echo single\n"), ("lib.sh", "")]);
    let sent = home.store.submit(&python(&source.path().join("process.sh"))).unwrap();
    assert_eq!(tree(&sent.path)["run.sh"], b"echo single\n");

    let mut bash = python(source.path());
    bash.kind = Some(JobKind::Bash);
    assert!(home.store.submit(&bash).unwrap_err().to_string().contains("run.sh"));
}

#[test]
fn what_cannot_be_sent_is_refused_by_name_and_leaves_nothing_behind() {
    let home = Home::of(SCIENTIST, 1);
    let refused = |source: &tempfile::TempDir, what: &str| {
        let error = home.store.submit(&python(source.path())).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    let link = folder(&[("main.py", "")]);
    std::os::unix::fs::symlink("/etc/passwd", link.path().join("data.txt")).unwrap();
    refused(&link, "data.txt");
    refused(&folder(&[("main.py", ""), ("sub/syft.pub.yaml", "")]), "syft.pub.yaml");
    refused(&folder(&[("main.py", ""), ("a:b", "")]), "a:b");
    refused(&folder(&[("main.py", ""), ("Data.csv", ""), ("data.CSV", "")]), "data.CSV");
    let large = folder(&[("main.py", "")]);
    fs::File::create(large.path().join("big.bin")).unwrap().set_len(65 << 20).unwrap();
    refused(&large, "big.bin");
    // Base64 makes a third more of what is no text.
    let binary = folder(&[("main.py", "")]);
    fs::write(binary.path().join("model.bin"), vec![0xff; 50 << 20]).unwrap();
    refused(&binary, "model.bin");
    let many = folder(&[("main.py", "")]);
    for number in 0..2_000 {
        fs::write(many.path().join(format!("f{number}")), "").unwrap();
    }
    refused(&many, "2,000 files");
    assert!(tree(home.folder.path()).is_empty());
}

#[test]
fn a_taken_name_is_refused_and_the_next_free_one_is_found() {
    let home = Home::of(SCIENTIST, 1);
    let mut submission = Submission::new(email(OWNER), Script::Text("echo 1".to_owned()));
    submission.name = Some(name("Report"));
    home.store.submit(&submission).unwrap();
    let before = tree(home.folder.path());
    for taken in ["Report", "report"] {
        submission.name = Some(name(taken));
        let error = home.store.submit(&submission).unwrap_err();
        assert!(matches!(error, Error::NameTaken { .. }), "{error}");
    }
    assert_eq!(tree(home.folder.path()), before);
    let free = home.store.free_name(&email(OWNER), &name("Report")).unwrap();
    assert_eq!(free, name("Report-2"));

    submission.name = None;
    let sent = home.store.submit(&submission).unwrap();
    assert!(sent.name.as_str().starts_with("Job - "), "{}", sent.name);
    assert_eq!(sent.name.as_str().len(), 14);
}

#[test]
fn hundreds_of_files_fit_the_manifest() {
    let source = folder(&[("main.py", "")]);
    for number in 0..560 {
        fs::write(source.path().join(format!("data-{number:04}.json")), "{}").unwrap();
    }
    let pair = Pair::new();
    let mut submission = python(source.path());
    submission.name = Some(name("many"));
    pair.submit(&submission);
    assert!(matches!(pair.intake("many"), syft_job::Intake::Received { .. }));
}

#[test]
fn r10_names_are_words_and_no_patterns() {
    for bad in ["[x]", "*", "a/b", "..", "v1", "-rf", "x\u{202e}y", ""] {
        assert!(syft_core::JobName::parse(bad).is_err(), "{bad:?}");
    }
    let home = Home::of(SCIENTIST, 1);
    let client = syft_job::JobClient::new(home.store.clone());
    assert!(client.submit_bash_job(OWNER, "echo", "[x]").is_err());
    assert!(client.submit_bash_job("Alice@Hospital.org", "echo", "x").is_err());
}
