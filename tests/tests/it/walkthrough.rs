//! The pages for people, run as they stand.

use std::path::Path;

use syft_tests::{How, Page, People, Run, Step};

/// Runs a page as it stands: each command has to end as the page says. The log of each home
/// tells then of exactly what went.
fn run_page(name: &str, page: &str) -> People {
    let mut people = People::new();
    run(&mut people, name, &Page::read(page));
    people
}

pub(crate) fn run(people: &mut People, name: &str, page: &Page) {
    type_all(people, name, page, |_, _| {});
    people.no_output_is_flagged();
}

/// The same, with a look at what each command said.
fn type_all(people: &mut People, name: &str, page: &Page, look: impl Fn(&Step, &Run)) {
    assert!(page.steps.len() > 5, "{name} holds no commands");
    for step in &page.steps {
        match step.how {
            How::Command => {}
            How::SetUp => {
                people.set_up(&step.text);
                continue;
            }
            How::Keys => {
                press(people, step);
                continue;
            }
        }
        if step.text.contains(" reset ") {
            people.ledger_is_what_went();
            people.no_output_is_flagged();
        }
        let run = people.types(&step.text);
        assert_eq!(run.code, Some(step.code), "{name}, {step}\n{run:#?}");
        look(step, &run);
    }
    people.ledger_is_what_went();
}

/// Presses the keys of a page, each where it is offered.
fn press(people: &People, step: &Step) {
    let (command, keys) = step.keys();
    assert!(keys.len() <= 12, "{step}: {} keys are too many", keys.len());
    let terminal = people.at_a_terminal(command);
    for key in keys {
        match key {
            "Enter" => terminal.until("):"),
            "Space" => terminal.until("[space]"),
            letter => terminal.until(&format!("[{letter}]")),
        };
        terminal.press(&[key]);
    }
    let (screen, code) = terminal.ended();
    assert_eq!(code, 0, "{step}\n{screen}");
}

/// The one block of a page that is marked so.
fn only<'a>(page: &'a Page, mark: &str) -> &'a str {
    let of_mark: Vec<&str> =
        page.shown.iter().filter(|(it, _)| it == mark).map(|(_, text)| text.as_str()).collect();
    let [text] = of_mark[..] else { panic!("{mark}: {of_mark:#?}") };
    text
}

/// What else a page shows is Rust, which the documentation tests run.
#[test]
fn no_block_of_a_page_is_left_out() {
    let pages = [
        include_str!("../../../docs/manager.md"),
        include_str!("../../../docs/architecture.md"),
        include_str!("../../../docs/datasites.md"),
        include_str!("../../../docs/pysyft.md"),
        include_str!("../../../docs/transports.md"),
        include_str!("../../../docs/scientists.md"),
        include_str!("../../../docs/data-owners.md"),
        include_str!("../../../docs/releasing.md"),
        include_str!("../../../examples/two-people/README.md"),
        include_str!("../../../examples/two-people/offline.md"),
        include_str!("../../../examples/map-reduce/README.md"),
        include_str!("../../../examples/debugging/README.md"),
        include_str!("../../../examples/fail-softly/README.md"),
    ];
    let shown: Vec<String> =
        pages.iter().flat_map(|page| Page::read(page).shown).map(|(mark, _)| mark).collect();
    assert_eq!(
        shown,
        ["rust", "rust", "text", "python", "rust", "text", "promises", "bash", "python", "yaml"]
    );
    let documented = include_str!("../../../crates/syft-sync/src/lib.rs");
    for page in ["manager", "architecture", "datasites"] {
        let tested = format!("#[doc = include_str!(\"../../../docs/{page}.md\")]");
        assert!(documented.contains(&tested), "{page}.md is no documentation test");
    }
}

#[test]
fn the_two_person_walk_through() {
    let people = run_page("README.md", include_str!("../../../examples/two-people/README.md"));
    let log = people.types("syft --home \"$ALICE_HOME\" audit log --json");
    assert!(log.stdout.contains("job.released"), "{log:#?}");
}

/// What goes through the folder is sealed, or is not where both want it so.
#[test]
fn the_two_person_walk_through_sealed_and_in_the_open() {
    const TEXT: &str = include_str!("../../../examples/two-people/README.md");
    let sealed = run_page("README.md", TEXT);
    let mut page = Page::read(TEXT);
    for step in page.steps.iter_mut().filter(|step| step.text.contains(" login ")) {
        step.text.push_str(" --encrypt off");
    }
    let mut open = People::new();
    run(&mut open, "README.md, in the open", &page);
    let is_sealed = |bytes: &[u8]| bytes.starts_with(b"SYC2");
    let count = |people: &People| {
        let files = people.shared_files();
        let hellos = files.iter().filter(|(path, _)| path.ends_with("hello")).count();
        let sealed = files.iter().filter(|(_, bytes)| is_sealed(bytes)).count();
        (files.len() - hellos, sealed)
    };
    let (all, closed) = count(&sealed);
    assert!(all > 5 && all == closed, "{closed} of {all} are sealed");
    let (all, closed) = count(&open);
    assert!(all > 5 && closed == 0, "{closed} of {all} are sealed");
}

#[test]
fn the_walk_through_with_one_of_them_away() {
    // Set up "as before", on the page before this one.
    let mut before = Page::read(include_str!("../../../examples/two-people/README.md"));
    before.steps.retain(|step| step.how == How::SetUp);
    let mut page = Page::read(include_str!("../../../examples/two-people/offline.md"));
    page.steps.splice(0..0, before.steps);
    run(&mut People::new(), "offline.md", &page);
}

#[test]
fn the_page_of_the_stores() {
    let _ = run_page("transports.md", include_str!("../../../docs/transports.md"));
}

#[test]
fn the_page_of_the_manager() {
    let people = run_page("manager.md", include_str!("../../../docs/manager.md"));
    assert_eq!(people.types("cat \"$RESULTS/mean_age.txt\"").stdout, "51.25\n");
    let datasite = people.alice().join("alice@hospital.org");
    assert!(!datasite.exists(), "a reset leaves no datasite");
}

#[test]
fn the_page_of_the_architecture() {
    let _ = run_page("architecture.md", include_str!("../../../docs/architecture.md"));
}

#[test]
fn the_page_beside_pysyft() {
    const TEXT: &str = include_str!("../../../docs/pysyft.md");
    let page = Page::read(TEXT);
    // The drawing is of the moment before the layout is changed again.
    let mut before = Page::read(TEXT);
    let changed = before.steps.iter().position(|step| step.text.contains("--layout native"));
    before.steps.truncate(changed.unwrap());
    let mut people = People::new();
    run(&mut people, "pysyft.md", &before);
    stand(only(&page, "text"), &people.alice());
    run(&mut People::new(), "pysyft.md", &page);
}

#[test]
fn the_page_of_datasites() {
    const TEXT: &str = include_str!("../../../docs/datasites.md");
    let people = run_page("datasites.md", TEXT);
    let page = Page::read(TEXT);
    let [folders, excerpt] = [only(&page, "text"), only(&page, "python")];
    stand(folders, &people.alice());
    let script = include_str!("../../../docs/files/count_customers.py");
    assert!(script.contains(excerpt), "{excerpt} is not in the script");
    let output = people.types("cat \"$RESULTS/output.csv\"").stdout;
    assert_eq!(output, "region,customers\nnorth,6\nsouth,5\n");
}

#[test]
fn the_page_for_scientists() {
    const TEXT: &str = include_str!("../../../docs/scientists.md");
    let page = Page::read(TEXT);
    let [script, code] = [only(&page, "bash"), only(&page, "python")];
    assert_eq!(include_str!("../../../docs/files/area/run.sh").trim_end(), script);
    let area = include_str!("../../../docs/files/area/area.py");
    assert!(area.contains(code), "{code} is not in area.py");
    let people = told("scientists.md", TEXT);
    people.no_output_is_flagged();
}

#[test]
fn the_page_for_data_owners() {
    const TEXT: &str = include_str!("../../../docs/data-owners.md");
    let people = told("data-owners.md", TEXT);
    let policy = "alice@hospital.org/private/policy.yaml";
    let rules = only(&Page::read(TEXT), "yaml").to_owned();
    let write = format!("cat > \"$SYFTBOX_FOLDER/{policy}\" <<'END'\n{rules}\nEND\n");
    assert_eq!(people.types(&(write + "syft policy list")).code, Some(0));
}

/// Runs a page whose commands show what they print.
fn told(name: &str, text: &str) -> People {
    let mut page = Page::read(text);
    // Both together, as on a terminal.
    for step in page.steps.iter_mut().filter(|step| step.how == How::Command) {
        step.text = format!("{{ {}\n}} 2>&1", step.text);
    }
    let mut people = People::new();
    type_all(&mut people, name, &page, |step, run| {
        let shown = shown_below(text, step);
        let said: Vec<&str> = run.stdout.lines().collect();
        assert!(shown.is_empty() || fits(&shown, &said), "{step}\n{}", run.stdout);
    });
    people
}

/// Stands for lines that are left out.
const LEFT_OUT: &str = "…";

/// What a page shows below a command.
fn shown_below<'a>(page: &'a str, step: &Step) -> Vec<&'a str> {
    let below = page.lines().skip(step.line);
    below.take_while(|line| !line.starts_with("$ ") && !line.starts_with("```")).collect()
}

/// Whether what was said is what the page shows, which may leave out lines.
fn fits(page: &[&str], said: &[&str]) -> bool {
    match page {
        [] => said.is_empty(),
        [LEFT_OUT, rest @ ..] => (0..=said.len()).any(|skipped| fits(rest, &said[skipped..])),
        [first, rest @ ..] => {
            said.first().is_some_and(|line| is_like(first, line.trim_end()))
                && fits(rest, &said[1..])
        }
    }
}

/// Whether a line is the one of the page, where a `<WORD>` stands for what differs.
fn is_like(page: &str, line: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase());
    let blank = page.split_once('<').and_then(|(before, rest)| {
        let (word, after) = rest.split_once('>')?;
        is_word(word).then_some((before, after))
    });
    let Some((before, after)) = blank else { return page == line };
    let Some(rest) = line.strip_prefix(before) else { return false };
    (1..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| is_like(after, rest)))
}

#[test]
fn what_a_page_shows_is_held_against_what_is_said() {
    let page = ["Job <ID> is <STATE>.", LEFT_OUT, "  by <WHO>"];
    let fit = |said: &[&str]| fits(&page, said);
    assert!(fit(&["Job 12 is done.", "  by Alice"]));
    assert!(fit(&["Job 12 is done.", "", "more", "  by Alice"]));
    assert!(!fit(&["Job 12 is done", "  by Alice"]), "the end of a line counts");
    assert!(!fit(&["Job  is done.", "  by Alice"]), "a blank stands for something");
    assert!(!fit(&["Job 12 is done.", "  by Alice", "more"]), "nothing else is said");
    assert!(!fit(&["Job 12 is done."]));
    assert!(is_like("a < b > c", "a < b > c") && !is_like("a < b > c", "a < x > c"));
}

/// Every entry of a drawing of folders is there.
fn stand(drawing: &str, home: &Path) {
    let mut lines = drawing.lines();
    assert_eq!(lines.next(), Some("~/syftbox/"));
    let mut place: Vec<&str> = Vec::new();
    for line in lines {
        let (branch, entry) = line.split_once("── ").unwrap();
        let depth = branch.chars().count() / 4;
        place.truncate(depth);
        place.push(entry.split("  ").next().unwrap().trim_end_matches('/'));
        let path = home.join(place.join("/"));
        assert!(path.exists(), "{line}: {} is not there", path.display());
    }
}

#[test]
fn three_owners_answer_one_question() {
    let people = run_page("README.md", include_str!("../../../examples/map-reduce/README.md"));
    let total = "python3 examples/map-reduce/total.py \"$RESULTS\"/*/count.csv";
    assert_eq!(people.types(total).stdout, "Total customers across all owners: 21\n");
    let shared = people.shared_files();
    let leaked =
        |name: &str| shared.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains(name));
    assert!(!leaked("Kathleen") && !leaked("Ada"), "a customer left home");
}

#[test]
fn the_scientist_finds_the_error_and_fixes_it() {
    let people = run_page("README.md", include_str!("../../../examples/debugging/README.md"));
    let log = people.types("syft --home \"$BOB_HOME\" job logs \"My Analysis\" --err");
    assert!(log.stdout.contains("KeyError: 'customer_id'"), "{log:#?}");
    let output = people.types("cat \"$RESULTS/output.csv\"").stdout;
    assert_eq!(output, "region,spent\nnorth,180\nsouth,80\n");
}

#[test]
fn one_bad_job_and_one_bad_message_stop_nothing() {
    let people = run_page("README.md", include_str!("../../../examples/fail-softly/README.md"));
    assert_eq!(people.types("cat \"$RESULTS/people.txt\"").stdout, "6100000\n");
    let log = people.types("syft --home \"$BOB_HOME\" job logs endpoint --err").stdout;
    assert!(log.contains("customers_count") && log.contains("census"), "{log}");
    let away = people.types("syft --home \"$ALICE_HOME\" quarantine list").stdout;
    assert!(away.contains("not_sealed"), "{away}");
}
