//! What stands around a job: secrets that it must not read, files that it must not
//! change, sockets that it must not reach, and a process that it must not harm.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::getppid;
use tempfile::{NamedTempFile, TempPath};

use super::doors;
use super::processes::Bystander;
use crate::box_common::Run;

/// Folders of the machine that every user can write to.
const SHARED: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];
const CORE_PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// One run with all its surroundings.
pub(crate) struct Scene {
    pub(crate) run: Run,
    /// A number by which processes of this run are known.
    pub(crate) mark: String,
    pub(crate) bystander: Bystander,
    sockets: Sockets,
    foreign: Vec<TempPath>,
    /// A secret that is open without close-on-exec: everything started has it.
    _leaked: File,
}

/// Each thing beside the run, and all that is known of it.
pub(crate) type Look = BTreeMap<String, String>;

impl Scene {
    pub(crate) fn new(canary: &str, number: usize) -> Self {
        let mut run = Run::new();
        let mark = format!("7{:07}{number:05}", std::process::id());
        fill(&run, canary);
        let foreign = SHARED.iter().filter(|folder| Path::new(folder).is_dir());
        let foreign: Vec<TempPath> = foreign.map(|folder| secret_in(folder, canary)).collect();
        let leaked = File::open(run.path("home/.config/syft/token")).unwrap();
        fcntl_setfd(&leaked, FdFlags::empty()).unwrap();
        let sockets = Sockets::new(&run, &mark);
        let bystander = Bystander::new();
        let given = sockets.names().into_iter().chain([
            ("MARK", mark.clone()),
            ("LEAKED", leaked.as_raw_fd().to_string()),
            ("BYSTANDER", bystander.pid().to_string()),
            ("FOREIGN", foreign.iter().map(|path| format!("{} ", path.display())).collect()),
        ]);
        let given: Vec<(String, String)> =
            given.chain(places(&run)).map(|(name, value)| (name.to_owned(), value)).collect();
        run.environment.extend(given);
        Scene { run, mark, bystander, sockets, foreign, _leaked: leaked }
    }

    /// What a job must not change, as it is now.
    pub(crate) fn look(&self) -> Look {
        let mut look = Look::new();
        for entry in fs::read_dir(self.run.root()).unwrap() {
            let path = entry.unwrap().path();
            // The job's own, and what was collected of it.
            if !["work", "tmp", "outputs", "kept"].iter().any(|own| path.ends_with(own)) {
                look_at(&path, &mut look);
            }
        }
        look.insert(String::from("the run's folder"), about(self.run.root()));
        self.foreign.iter().for_each(|path| look_at(path, &mut look));
        look.insert("the bystander".to_owned(), self.bystander.look());
        look.insert("the runner".to_owned(), super::processes::settings("self"));
        for setting in [CORE_PATTERN, "/proc/sys/kernel/hostname", "/proc/self/cgroup"] {
            look.insert(setting.to_owned(), fs::read_to_string(setting).unwrap());
        }
        look
    }

    /// Who of those that listen heard something.
    pub(crate) fn reached(&self) -> Vec<&'static str> {
        self.sockets.reached()
    }
}

impl Drop for Scene {
    /// What a job left may be more than the temporary folder knows to remove.
    fn drop(&mut self) {
        let own = ["work", "tmp", "outputs"].map(|name| self.run.path(name));
        if own.iter().all(|folder| fs::remove_dir_all(folder).is_ok()) {
            return;
        }
        for tool in [["chmod", "-R", "u+rwX"].as_slice(), &["rm", "-rf"]] {
            let _ = Command::new(tool[0]).args(&tool[1..]).args(&own).output();
        }
    }
}

/// The files beside the run.
fn fill(run: &Run, canary: &str) {
    let files = [
        ("home/.config/syft/token", 0o600),
        ("home/.ssh/id_ed25519", 0o600),
        ("home/.ssh/authorized_keys", 0o600),
        ("home/.bashrc", 0o644),
        ("home/notes", 0o666),
        ("other/rows.csv", 0o644),
        ("owner/decisions.jsonl", 0o600),
        ("owner/state.yaml", 0o644),
        ("owner/syft.pub.yaml", 0o644),
        ("owner/snapshot/run.sh", 0o444),
    ];
    for (name, mode) in files {
        let path = run.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{canary} of {name}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::write(run.path("home/tool"), "#!/bin/bash\necho GOT\n").unwrap();
    fs::set_permissions(run.path("home/tool"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(run.path("kept")).unwrap();
    fs::write(run.path("work/Door.pm"), doors::module()).unwrap();
}

fn secret_in(folder: &str, canary: &str) -> TempPath {
    let file = NamedTempFile::new_in(folder).unwrap().into_temp_path();
    fs::write(&file, format!("{canary} of {folder}\n")).unwrap();
    file
}

/// Where a script finds what it must not have.
fn places(run: &Run) -> [(&'static str, String); 8] {
    let path = |name: &str| run.path(name).to_str().unwrap().to_owned();
    [
        ("ROOT", run.root().to_str().unwrap().to_owned()),
        ("TOKEN", path("home/.config/syft/token")),
        ("STATE", path("owner")),
        ("TMPDIR", path("tmp")),
        ("PERL5LIB", path("work")),
        ("RUNNER", std::process::id().to_string()),
        ("CALLER", getppid().unwrap().as_raw_nonzero().to_string()),
        ("CORE_PATTERN", fs::read_to_string(CORE_PATTERN).unwrap().trim_end().to_owned()),
    ]
}

fn look_at(path: &Path, look: &mut Look) {
    look.insert(path.display().to_string(), about(path));
    if fs::symlink_metadata(path).unwrap().is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            look_at(&entry.unwrap().path(), look);
        }
    }
}

/// All but the time of the last reading.
fn about(path: &Path) -> String {
    let found = fs::symlink_metadata(path).unwrap();
    let bytes = if found.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    format!(
        "mode {:o} of {}:{}, {} links, inode {}, written {}.{}, changed {}.{}, {} bytes {:?}",
        found.mode(),
        found.uid(),
        found.gid(),
        found.nlink(),
        found.ino(),
        found.mtime(),
        found.mtime_nsec(),
        found.ctime(),
        found.ctime_nsec(),
        bytes.len(),
        String::from_utf8_lossy(&bytes),
    )
}

/// What listens beside the run.
struct Sockets {
    tcp: [TcpListener; 2],
    udp: UdpSocket,
    by_path: UnixListener,
    log: UnixDatagram,
    without_path: UnixListener,
    names: [PathBuf; 2],
    abstract_name: String,
}

impl Sockets {
    fn new(run: &Run, mark: &str) -> Self {
        let names = ["home/agent.sock", "home/log.sock"].map(|name| run.path(name));
        let abstract_address = SocketAddr::from_abstract_name(mark).unwrap();
        let sockets = Sockets {
            tcp: ["127.0.0.1:0", "[::1]:0"].map(|address| TcpListener::bind(address).unwrap()),
            udp: UdpSocket::bind("127.0.0.1:0").unwrap(),
            by_path: UnixListener::bind(&names[0]).unwrap(),
            log: UnixDatagram::bind(&names[1]).unwrap(),
            without_path: UnixListener::bind_addr(&abstract_address).unwrap(),
            names,
            abstract_name: mark.to_owned(),
        };
        sockets.tcp.iter().for_each(|tcp| tcp.set_nonblocking(true).unwrap());
        sockets.udp.set_nonblocking(true).unwrap();
        sockets.by_path.set_nonblocking(true).unwrap();
        sockets.log.set_nonblocking(true).unwrap();
        sockets.without_path.set_nonblocking(true).unwrap();
        sockets
    }

    fn names(&self) -> [(&'static str, String); 6] {
        let [tcp, tcp6] =
            self.tcp.each_ref().map(|tcp| tcp.local_addr().unwrap().port().to_string());
        let [by_path, log] = self.names.each_ref().map(|path| path.to_str().unwrap().to_owned());
        [
            ("TCP", tcp),
            ("TCP6", tcp6),
            ("UDP", self.udp.local_addr().unwrap().port().to_string()),
            ("SOCKET", by_path),
            ("LOG_SOCKET", log),
            ("ABSTRACT", self.abstract_name.clone()),
        ]
    }

    fn reached(&self) -> Vec<&'static str> {
        let mut bytes = [0; 64];
        let outcomes = [
            ("TCP", self.tcp[0].accept().map(drop)),
            ("TCP by version 6", self.tcp[1].accept().map(drop)),
            ("UDP", self.udp.recv(&mut bytes).map(drop)),
            ("a Unix socket by its path", self.by_path.accept().map(drop)),
            ("a datagram socket by its path", self.log.recv(&mut bytes).map(drop)),
            ("an abstract Unix socket", self.without_path.accept().map(drop)),
        ];
        let silent = |outcome: &std::io::Result<()>| {
            outcome.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
        };
        outcomes.into_iter().filter(|(_, it)| !silent(it)).map(|(name, _)| name).collect()
    }
}
