//! What must hold of every case, whatever its script says.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::geteuid;
use syft_job::sandbox::{Exit, LimitKind, Limits, PlainSandbox, Sandbox};

use super::came::{Came, Outputs, collect};
use super::scene::{Look, Scene};
use super::{Case, Holds, Outside, processes};

/// What a run may take longer than its time.
const OVERRUN: Duration = Duration::from_secs(1);

/// Does without a box all that is looked for, which must be seen.
pub(crate) fn sees_what_gets_out(canary: &str) {
    const SCRIPT: &str = r#"
        cat "$TOKEN"; cat "$TOKEN" >&2; cp "$TOKEN" ../outputs/token; touch ../home/notes; kill -STOP $BYSTANDER
        echo > /dev/tcp/127.0.0.1/$TCP; echo > /dev/tcp/::1/$TCP6; echo > /dev/udp/127.0.0.1/$UDP
        perl -MSocket -e '
            sub to { socket(S, AF_UNIX, $_[0], 0); connect(S, $_[1]); syswrite(S, "x") }
            to(SOCK_STREAM, pack_sockaddr_un($ENV{SOCKET})); to(SOCK_DGRAM, pack_sockaddr_un($ENV{LOG_SOCKET}));
            to(SOCK_STREAM, pack("S a*", AF_UNIX, "\0$ENV{ABSTRACT}"))'
        (cd /; exec env -i sleep $MARK) > /dev/null 2>&1 & env -i sleep 1000 > /dev/null 2>&1 & exit 0"#;
    let scene = Scene::new(canary, 99_999);
    let before = scene.look();
    let came = collect(&PlainSandbox, &scene.run, &Limits::default(), SCRIPT);
    let changes = changed(&before, &scene.look());
    let by_mark = processes::known_by(&scene.bystander, &scene.mark, Path::new("/nowhere"));
    let by_folder = processes::known_by(&scene.bystander, "no mark", scene.run.root());
    let left = processes::left(&scene.bystander, &scene.mark, scene.run.root());
    processes::end_all(&scene.bystander);
    assert_eq!((by_mark.len(), by_folder.len(), left.len()), (1, 1, 2), "{}", said(&came));
    assert_eq!(revealed(&came, canary).len(), 3, "{}", said(&came));
    assert_eq!(scene.reached().len(), 6, "{}", said(&came));
    assert_eq!(changes.len(), 2, "{changes:?}");
}

/// Runs a case in a box; what does not hold.
pub(crate) fn in_box(
    case: &Case,
    sandbox: &dyn Sandbox,
    canary: &str,
    number: usize,
) -> Vec<String> {
    let scene = Scene::new(canary, number);
    let limits = case.all_limits();
    let before = scene.look();
    let came = collect(sandbox, &scene.run, &limits, case.script);
    let mut broken = changed(&before, &scene.look());
    let left = processes::left(&scene.bystander, &scene.mark, scene.run.root());
    processes::end_all(&scene.bystander);
    broken.extend(left.into_iter().map(|who| format!("{who} outlives the job")));
    broken.extend(scene.reached().into_iter().map(|it| format!("{it} was reached")));
    broken.extend(revealed(&came, canary));
    if came.took > limits.wall + OVERRUN {
        broken.push(format!("it took {:?} where {:?} are given", came.took, limits.wall));
    }
    broken.extend(wrong_outputs(&came, &limits));
    broken.extend(not_held(case, &came));
    if !broken.is_empty() {
        broken.push(said(&came));
    }
    broken
}

/// Runs a case without a box; why it proves nothing.
pub(crate) fn outside(case: &Case, canary: &str, number: usize) -> Vec<String> {
    let is_root = geteuid().is_root();
    let wants_got = match case.outside {
        Outside::NotTried(why) => {
            println!("{}: not tried without a box: {why}", case.name);
            return Vec::new();
        }
        Outside::Got => true,
        Outside::GotByRoot if is_root => true,
        Outside::GotByRoot => return Vec::new(),
        Outside::GotWhere(setting, value) => {
            let is = fs::read_to_string(format!("/proc/sys/{setting}"));
            is.map_or(true, |is| is.trim() == value)
        }
        Outside::Outlives | Outside::Harms => false,
    };
    let scene = Scene::new(canary, number);
    let before = scene.look();
    let came = collect(&PlainSandbox, &scene.run, &case.all_limits(), case.script);
    let has_left = !processes::children(&scene.bystander).is_empty();
    let has_harmed = !changed(&before, &scene.look()).is_empty();
    processes::end_all(&scene.bystander);
    let attempts = case.script.matches("GOT").count() + case.script.matches("door(").count();
    let got = came.got();
    let works = match case.outside {
        Outside::Outlives => has_left,
        Outside::Harms => has_harmed,
        _ => !wants_got || got >= attempts,
    };
    if works {
        return Vec::new();
    }
    vec![format!("the attempt itself is broken: {got} of {attempts} get through"), said(&came)]
}

fn changed(before: &Look, after: &Look) -> Vec<String> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let differ = names.filter(|name| before.get(*name) != after.get(*name));
    differ
        .map(|name| format!("{name} was {:?} and is {:?}", before.get(name), after.get(name)))
        .collect()
}

/// Where the canary sings.
fn revealed(came: &Came, canary: &str) -> Vec<String> {
    let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(canary);
    let logs = [("stdout", &came.stdout), ("stderr", &came.stderr)];
    let logs = logs.into_iter().filter(|(_, bytes)| has(bytes)).map(|(name, _)| name.to_owned());
    let files =
        came.outputs.files.iter().filter(|(name, bytes)| has(bytes) || name.contains(canary));
    logs.chain(files.map(|(name, _)| name.clone()))
        .map(|it| format!("a secret is in {it}"))
        .collect()
}

/// Only regular files with plain names, within the limits.
fn wrong_outputs(came: &Came, limits: &Limits) -> Vec<String> {
    let Outputs { files, odd, .. } = &came.outputs;
    let mut wrong: Vec<String> =
        odd.iter().map(|name| format!("{name} is no plain file")).collect();
    let is_plain = |part: &str| {
        let letters = part.bytes().all(|byte| byte.is_ascii_graphic());
        letters && part.len() <= 200 && !part.starts_with('-') && !part.ends_with('.')
    };
    let odd_names = files.iter().filter(|(name, _)| !name.split('/').all(is_plain));
    wrong.extend(odd_names.map(|(name, _)| format!("{name:?} is no plain name")));
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    if bytes as u64 > limits.outputs_bytes || files.len() as u64 > limits.outputs_files {
        wrong.push(format!("{bytes} bytes in {} files are too much", files.len()));
    }
    wrong
}

/// What the case itself promises.
fn not_held(case: &Case, came: &Came) -> Vec<String> {
    let report = match &came.report {
        Ok(report) => report,
        Err(error) => return vec![format!("the box broke: {error}")],
    };
    let held = match case.holds {
        Holds::Refused => {
            let mut hits = report.limits_hit.iter().map(|hit| hit.limit);
            let is_done = report.exit != Exit::TimedOut && hits.all(|it| it == LimitKind::Network);
            came.got() == 0 && is_done
        }
        Holds::TimesOut => report.exit == Exit::TimedOut,
        Holds::Hits(limit) => report.hit(limit),
        Holds::Collects(names) => {
            let found = came.outputs.files.iter().map(|(name, _)| name.as_str());
            found.eq(names.iter().copied()) && came.outputs.skipped > 0
        }
        Holds::Ends => came.got() == 0 && report.exit != Exit::TimedOut,
    };
    if held { Vec::new() } else { vec![format!("not so: {:?}; {report:?}", case.holds)] }
}

fn said(came: &Came) -> String {
    let short = |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(600)]).into_owned();
    let names: Vec<&str> =
        came.outputs.files.iter().map(|(name, _)| name.as_str()).take(20).collect();
    let (out, err) = (short(&came.stdout), short(&came.stderr));
    format!("in {:?} it said {out:?} and {err:?}; its outputs: {names:?}", came.took)
}
