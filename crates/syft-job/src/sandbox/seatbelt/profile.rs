//! The text of a profile. Of two rules that fit, the later one counts.

use std::fmt::Write as _;

/// Programs, their libraries and settings: every job may read them and start what
/// is in them.
pub(super) const SYSTEM: [&str; 9] = [
    "/usr",
    "/bin",
    "/sbin",
    "/System",
    "/Library/Apple",
    "/Library/Developer/CommandLineTools",
    "/private/var/db/dyld",
    "/private/var/db/timezone",
    "/private/var/select",
];

/// Single files that the loader and the interpreters read; of `/` the names alone.
const FILES: [&str; 6] = [
    "/",
    "/dev/random",
    "/dev/urandom",
    "/private/etc/localtime",
    "/private/etc/ssl/openssl.cnf",
    "/private/etc/ssl/cert.pem",
];

/// Devices that are written to as well.
const SINKS: [&str; 3] = ["/dev/null", "/dev/zero", "/dev/dtracehelper"];

/// Programs that become somebody else. The system starts no set-id program in a box;
/// those that hand on such rights are named all the same.
const SET_ID: [&str; 8] = [
    "/usr/bin/at",
    "/usr/bin/batch",
    "/usr/bin/crontab",
    "/usr/bin/login",
    "/usr/bin/newgrp",
    "/usr/bin/quota",
    "/usr/bin/su",
    "/usr/bin/sudo",
];

/// What interpreters ask of the machine. Not `kern.procargs2`, which tells the
/// arguments and the environment of other programs.
const FACTS: [&str; 15] = [
    "hw.activecpu",
    "hw.byteorder",
    "hw.logicalcpu",
    "hw.memsize",
    "hw.ncpu",
    "hw.pagesize",
    "hw.physicalcpu",
    "kern.argmax",
    "kern.hostname",
    "kern.ngroups",
    "kern.osproductversion",
    "kern.osrelease",
    "kern.ostype",
    "kern.osversion",
    "kern.version",
];

/// The service that knows the names of users: shells and Python ask it for the home.
const SERVICE: &str = "com.apple.system.opendirectoryd.libinfo";

/// Names of parameters, by what may be done with the paths that they stand for.
#[derive(Debug, Default)]
pub(super) struct Granted {
    /// Read, with all that is below.
    pub(super) readable: Vec<String>,
    /// Read and started, likewise.
    pub(super) programs: Vec<String>,
    /// Names listed, also those of folders below.
    pub(super) listable: Vec<String>,
    /// All of it.
    pub(super) writable: Vec<String>,
    pub(super) is_network_open: bool,
}

/// The profile of a job.
pub(super) fn text(granted: &Granted) -> String {
    let mut text = String::from("(version 1)\n(deny default)\n(deny network*)\n");
    text.push_str("(allow process-fork)\n");
    for operation in ["signal", "process-info*"] {
        rule(&mut text, "allow", operation, &["(target same-sandbox)".to_owned()]);
    }
    rule(&mut text, "allow", "sysctl-read", &quoted("sysctl-name", &FACTS));
    rule(&mut text, "allow", "mach-lookup", &quoted("global-name", &[SERVICE]));
    // Names, sizes and times: without them no path can be followed.
    text.push_str("(allow file-read-metadata)\n");
    let system = quoted("subpath", &SYSTEM);
    let allow = |text: &mut String, operation: &str, what: &[String]| {
        rule(text, "allow", operation, what);
    };
    allow(&mut text, "file-read*", &system);
    allow(&mut text, "file-read*", &quoted("literal", &FILES));
    allow(&mut text, "file-read* file-write-data file-ioctl", &quoted("literal", &SINKS));
    allow(&mut text, "file-map-executable process-exec", &system);
    allow(&mut text, "file-read*", &parameters(&granted.readable));
    let programs = parameters(&granted.programs);
    allow(&mut text, "file-read* file-map-executable process-exec", &programs);
    let folders: Vec<String> = parameters(&granted.listable)
        .iter()
        .map(|path| format!("(require-all {path} (vnode-type DIRECTORY))"))
        .collect();
    allow(&mut text, "file-read-data", &folders);
    let writable = parameters(&granted.writable);
    let all = "file-read* file-write* file-map-executable process-exec";
    allow(&mut text, all, &writable);
    text.push_str("(deny file-write-setugid)\n");
    rule(&mut text, "deny", "process-exec", &quoted("literal", &SET_ID));
    if granted.is_network_open {
        text.push_str("(allow network*)\n(allow system-socket)\n");
        let names =
            ["/private/etc/hosts", "/private/etc/resolv.conf", "/private/var/run/resolv.conf"];
        allow(&mut text, "file-read*", &quoted("literal", &names));
    }
    text
}

/// A rule about these things; none if there are none, since a rule without them would
/// be about everything.
fn rule(text: &mut String, verdict: &str, operations: &str, what: &[String]) {
    if what.is_empty() {
        return;
    }
    // Writing to a string does not fail.
    let _ = writeln!(text, "({verdict} {operations}");
    for what in what {
        let _ = writeln!(text, "    {what}");
    }
    // The bracket closes on the last line.
    text.truncate(text.trim_end().len());
    text.push_str(")\n");
}

/// Words of this file, which hold no quotation mark.
fn quoted(filter: &str, words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("({filter} \"{word}\")")).collect()
}

fn parameters(names: &[String]) -> Vec<String> {
    names.iter().map(|name| format!("(subpath (param \"{name}\"))")).collect()
}
