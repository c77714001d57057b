//! X3 to X5: jobs that do not want to end.

use std::time::Duration;

use syft_job::sandbox::Limits;

use super::Holds::{Ends, TimesOut};
use super::Outside::{NotTried, Outlives};
use super::{Case, refused};

/// A daemon that must be gone with its job.
const fn daemon(name: &'static str, script: &'static str) -> Case {
    refused(name, script).outside(Outlives)
}

/// What runs until its time is up.
const fn hang(name: &'static str, script: &'static str) -> Case {
    let waits = NotTried("it would be waited for");
    refused(name, script).holds(TimesOut).limits(short).outside(waits)
}

fn short(limits: &mut Limits) {
    limits.wall = Duration::from_millis(400);
}

const WOULD_KILL: super::Outside = NotTried("it would kill the runner of the tests");

pub(super) const CASES: &[Case] = &[
    daemon("x3_leaves_its_session_and_its_parent", r#"
        setsid bash -c '(echo on > ../outputs/on; exec sleep $MARK) < /dev/null > /dev/null 2>&1 &'
        until [[ -s ../outputs/on ]]; do :; done"#),
    daemon("x3_takes_no_hangup", "nohup sleep $MARK < /dev/null > /dev/null 2>&1 & exit 0"),
    daemon("x3_starts_forty_daemons", r#"
        for i in {1..40}; do setsid sleep $MARK < /dev/null > /dev/null 2>&1 & done; exit 3"#),
    daemon("x3_leaves_from_a_thread", r#"python3 -c '
import os, threading
def leave():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            null = os.open("/dev/null", os.O_RDWR)
            for fd in range(3): os.dup2(null, fd)
            os.execv("/usr/bin/sleep", ["sleep", os.environ["MARK"]])
        os._exit(0)
    os.wait()
thread = threading.Thread(target=leave)
thread.start()
thread.join()'"#),
    daemon("x3_makes_its_child_a_sibling", r#"perl -MDoor -e '
        my $child = syscall(SYS_clone, 0x8000 | 17, 0, 0, 0, 0);
        if ($child == 0) { open(STDOUT, ">", "/dev/null"); open(STDERR, ">", "/dev/null");
            exec "sleep", $ENV{MARK} }'"#),
    daemon("x3_adopts_its_own_orphans", r#"perl -MDoor -e '
        syscall(SYS_prctl, 36, 1, 0, 0, 0);
        if (!fork) { open(STDOUT, ">", "/dev/null"); open(STDERR, ">", "/dev/null");
            if (!fork) { syscall(SYS_setsid); exec "sleep", $ENV{MARK} } exit }
        wait'"#),
    daemon("x3_runs_what_nobody_may_read", r#"
        perl -MFcntl -e 'sysopen(F, "hidden", O_CREAT|O_WRONLY, 0111); open(S, "<", "/usr/bin/sleep");
            binmode S; print F $_ while <S>'
        setsid env -i ./hidden $MARK < /dev/null > /dev/null 2>&1 & exit 0"#),
    daemon("x3_drops_all_that_it_is_known_by", r#"
        (cd /; exec -a '[kworker/0:1]' setsid env -i perl -e '$0 = ""; sleep 1 while 1' \
            < /dev/null > /dev/null 2>&1) & exit 0"#),
    daemon("x3_stops_and_ends", r#"
        setsid bash -c 'kill -STOP $$; sleep $MARK' < /dev/null > /dev/null 2>&1 & exit 0"#),
    daemon("x3_ignores_all_signals_and_stays", r#"
        setsid perl -e '$SIG{$_} = "IGNORE" for keys %SIG; sleep 1 while 1' < /dev/null > /dev/null 2>&1 & exit 0"#),
    hang("x3_ignores_polite_signals", "trap '' TERM HUP INT QUIT ALRM USR1; sleep $MARK; sleep $MARK"),
    hang("x3_stops_itself", "kill -STOP $$; sleep $MARK"),
    hang("x3_stops_its_group", "sleep $MARK & kill -STOP 0; sleep $MARK"),
    hang("x3_stops_all_that_it_can", "sleep $MARK & kill -STOP -1; sleep $MARK"),
    hang("x3_waits_for_a_child_that_never_starts", r#"perl -MDoor -e '
        my $child = syscall(SYS_clone, 0x4000 | 17, 0, 0, 0, 0);
        if ($child == 0) { sleep 1 while 1 }'"#),
    hang("x3_reads_a_fifo_that_nobody_writes", "mkfifo fifo; cat fifo"),
    hang("x3_starts_daemons_until_its_end", r#"
        while :; do setsid sleep $MARK & read -t 0.02 < <(sleep 1); done"#)
        .limits(|limits| (limits.wall, limits.processes) = (Duration::from_millis(400), 250)),
    refused("x3_forks_away_from_the_sweep", r#"perl -MDoor -e '
        for (1..8) { if (!fork) { syscall(SYS_setsid); while (1) { my $child = fork; exit if $child } } }
        select(undef, undef, undef, 0.2)'"#)
        .holds(Ends)
        .outside(NotTried("nobody could catch it")),
    refused("x3_restarts_what_is_killed", r#"
        guard() { while :; do sleep $MARK & wait $!; done; }
        for i in 1 2 3 4; do (guard; guard) < /dev/null > /dev/null 2>&1 & done; exit 0"#)
        .outside(Outlives),
    refused("x3_kills_the_warden", r#"
        kill -9 $PPID; kill -STOP $PPID; kill -9 -- -$PPID; kill -INT $PPID; perl -MDoor -e '
            syscall(SYS_tkill, getppid(), 9); syscall(SYS_tgkill, getppid(), getppid(), 9);
            my $parent = syscall(SYS_pidfd_open, getppid(), 0);
            syscall(SYS_pidfd_send_signal, $parent, 9, 0, 0)'
        setsid sleep $MARK < /dev/null > /dev/null 2>&1 & exit 0"#)
        .outside(WOULD_KILL),
    refused("x3_has_the_kernel_kill_the_warden", r#"
        setsid sleep $MARK < /dev/null > /dev/null 2>&1 & WARDEN=$PPID perl -MDoor -e '
            for my $pid ($ENV{WARDEN}, $ENV{RUNNER}) { pipe(R, W);
                syscall(SYS_fcntl, fileno(R), 8, $pid + 0); syscall(SYS_fcntl, fileno(R), 10, 9);
                syscall(SYS_fcntl, fileno(R), 4, 020000); syswrite(W, "x") }
            select(undef, undef, undef, 0.05)'; exit 0"#)
        .outside(WOULD_KILL),
    refused("x3_kills_all_that_it_can", "setsid sleep $MARK & kill -9 -1; kill -9 $RUNNER $CALLER $PPID; kill -9 $$")
        .outside(WOULD_KILL),
    refused("x3_kills_its_group", "sleep $MARK & kill -9 0").outside(WOULD_KILL),
    daemon("x4_holds_the_pipe", "sleep $MARK & echo said; exit 0"),
    daemon("x4_holds_the_pipe_and_writes", r#"
        setsid bash -c 'while :; do echo more; done' & echo said; exit 0"#),
    hang("x4_closes_its_streams_and_stays", "exec >&- 2>&-; sleep $MARK"),
    hang("x5_says_half_a_line", "printf half; exec sleep $MARK"),
    hang("x5_says_half_a_line_and_stops", "printf half; printf half >&2; kill -STOP $$"),
];
