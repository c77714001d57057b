//! Jobs that need packages, installed by `uv`.

use std::fs;

use crate::box_common::walled;
use crate::package_common::uv::uv;
use crate::package_common::{ASKS, Packages, configure, from_folder, reason, wheel};
use syft_job::Status;

#[test]
fn uv_installs_the_packages_of_a_job_once() {
    let world = Packages::by(Some(uv()));
    let id = world.sent("ask", ASKS, &["tiny>=1"]);
    assert_eq!(world.answer(&id, &walled()), "42 real\n");
    let asked = world.index.requests().len();
    assert!(asked > 0);
    let second = world.sent("second", ASKS, &["tiny >= 1"]);
    assert_eq!(world.answer(&second, &walled()), "42 real\n");
    assert_eq!(world.index.requests().len(), asked);
    assert_eq!(world.layers().len(), 1);
}

#[test]
fn uv_and_pip_lock_the_same() {
    let of = |uv| {
        let world = Packages::by(uv);
        let id = world.sent("ask", ASKS, &["tiny"]);
        let lock = world.pair.owner.store.resolve_packages(&id, &walled()).unwrap().unwrap();
        lock.text()
    };
    assert_eq!(of(Some(uv())), of(None));
}

#[test]
fn uv_refuses_other_bytes_under_an_approved_version() {
    let world = Packages::by(Some(uv()));
    let id = world.sent("ask", ASKS, &["tiny"]);
    world.approve(&id, &walled()).unwrap();
    wheel(world.index.folder(), "tiny", "1.2", &[("tiny.py", "ANSWER = 'other'\n")], &["base"]);
    let error = world.run_approved(&id, &walled()).unwrap_err();
    assert!(reason(&error).to_lowercase().contains("hash"), "{error}");
    assert_eq!(world.pair.status(&id), Status::Approved);
}

#[test]
fn uv_takes_wheels_alone() {
    let world = Packages::by(Some(uv()));
    fs::write(world.index.folder().join("evil-1.0.tar.gz"), "no archive").unwrap();
    let id = world.sent("ask", "import evil\n", &["evil"]);
    let error = world.approve(&id, &walled()).unwrap_err();
    assert!(reason(&error).contains("evil"), "{error}");
}

#[test]
fn uv_takes_the_wheels_of_a_folder_without_network() {
    let mut world = Packages::new();
    let folder = crate::common::scratch();
    crate::package_common::wheels(folder.path());
    configure(&mut world.pair.owner, from_folder(folder.path(), Some(uv())));
    let id = world.sent("ask", ASKS, &["tiny"]);
    assert_eq!(world.answer(&id, &walled()), "42 real\n");
    assert!(world.index.requests().is_empty());
}
