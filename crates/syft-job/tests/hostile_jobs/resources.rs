//! X6 and X9: how much a job wants to use.

use std::time::Duration;

use syft_job::sandbox::LimitKind::{
    self, Cpu, Log, Memory, OpenFiles, Outputs, Processes, Scratch,
};

use super::Holds::{Ends, Hits, Refused, TimesOut};
use super::Outside::NotTried;
use super::{Case, refused};

const MIB: u64 = 1024 * 1024;

/// What must be ended, or cut, by this limit.
const fn greedy(limit: LimitKind, name: &'static str, script: &'static str) -> Case {
    refused(name, script).holds(Hits(limit)).outside(NotTried("it would harm the machine"))
}

pub(super) const CASES: &[Case] = &[
    greedy(Processes, "x6_forks_a_bomb", "bomb() { bomb | bomb & }; bomb; sleep 60"),
    greedy(Processes, "x6_forks_a_bomb_of_daemons", r#"perl -MDoor -e '
        syscall(SYS_setsid) while defined(fork); sleep 1 while 1'"#),
    greedy(Processes, "x6_starts_a_bomb_of_threads", r#"python3 -c '
import threading
threading.stack_size(65536)
never = threading.Event()
try:
    for _ in range(2000): threading.Thread(target=never.wait, daemon=True).start()
except RuntimeError: pass
never.wait()'"#),
    greedy(Memory, "x6_takes_memory_in_one_process", r#"perl -e 'my @taken; push @taken, "x" x 1e6 while 1'"#)
        .limits(|limits| limits.memory_bytes = 128 * MIB),
    greedy(Memory, "x6_takes_memory_in_many_processes", r#"
        for i in {1..8}; do perl -e 'my $taken = "x" x 3e7; sleep 60' & done; wait"#)
        .limits(|limits| limits.memory_bytes = 128 * MIB),
    greedy(Memory, "x6_takes_shared_memory", r#"
        for i in {1..8}; do perl -MDoor -e 'syscall(SYS_mmap, 0, 30 << 20, 3, 0x8021, -1, 0); sleep 60' & done
        wait"#)
        .limits(|limits| limits.memory_bytes = 128 * MIB),
    // It may have a folder of its own there, as large as its temporary folder.
    refused("x6_fills_the_memory_of_the_machine", r#"
        head -c 120000000 /dev/zero > /dev/shm/$MARK; [[ $(stat -c %s /dev/shm/$MARK) -gt 100000000 ]] && echo GOT
        rm /dev/shm/$MARK"#)
        .holds(Ends),
    refused("x6_hides_bytes_in_the_memory_of_the_machine", r#"
        perl -MDoor -e 'my $name = "x"; door(SYS_memfd_create, $name, 0)'"#),
    refused("x6_hides_bytes_in_secret_memory", r#"perl -MDoor -e 'door(447, 0)'"#)
        .outside(NotTried("many kernels have none")),
    greedy(Scratch, "x6_fills_its_working_copy", r#"
        for i in {1..4}; do head -c 8000000 /dev/zero > big$i; done; exec sleep 60"#),
    greedy(Scratch, "x6_fills_its_temporary_folder", r#"
        for i in {1..4}; do head -c 8000000 /dev/zero > $TMPDIR/big$i; done; exec sleep 60"#),
    greedy(Outputs, "x6_fills_its_outputs", r#"
        for i in {1..4}; do head -c 8000000 /dev/zero > ../outputs/big$i; done; exec sleep 60"#),
    greedy(LimitKind::FileSize, "x6_writes_one_endless_file", "cat /dev/zero > big; exec sleep 1")
        .limits(|limits| (limits.file_bytes, limits.scratch_bytes) = (4 * MIB, 64 * MIB)),
    greedy(Outputs, "x6_makes_fifty_thousand_files", r#"perl -e '
        for (1..50000) { open(F, ">", "../outputs/$_") or last; close F } sleep 60'"#),
    greedy(Outputs, "x6_makes_five_thousand_folders", r#"perl -e '
        for (1..5000) { mkdir "../outputs/$_" or last } sleep 60'"#),
    greedy(Outputs, "x6_nests_folders_without_end", r#"perl -e '
        chdir "../outputs"; for (1..600) { mkdir "d"; chdir "d" } open(F, ">", "deep"); sleep 60'"#),
    greedy(Scratch, "x6_holds_what_it_has_deleted", r#"perl -e '
        for (1..40) { open($file[$_], ">", "held"); unlink "held"; syswrite($file[$_], "x" x 1e6) } sleep 60'"#),
    greedy(Scratch, "x6_lets_a_daemon_hold_what_was_deleted", r#"
        exec 3> held; rm held; setsid sleep $MARK & head -c 20000000 /dev/zero >&3; exec 3>&-; exec sleep 60"#),
    greedy(OpenFiles, "x6_opens_files_without_end", r#"perl -e '
        while (open(my $file, "<", "/dev/null")) { push @files, $file } sleep 1'"#)
        .limits(|limits| limits.open_files = 200),
    greedy(Cpu, "x6_computes_in_many_processes", r#"
        spin() { while :; do :; done; }; for i in {1..6}; do spin & done; wait"#)
        .limits(|limits| limits.cpu_seconds = 1),
    greedy(Cpu, "x6_computes_in_children_that_end", r#"
        while :; do ( for i in {1..20000}; do :; done ); done"#)
        .limits(|limits| limits.cpu_seconds = 1),
    refused("x6_waits_for_ever", "sleep $MARK")
        .limits(|limits| limits.wall = Duration::from_millis(300))
        .holds(TimesOut)
        .outside(NotTried("it would be waited for")),
    refused("x6_lifts_its_own_limits", r#"
        ulimit -v $((1 << 40)) && echo GOT; ulimit -n unlimited && echo GOT; ulimit -c 1000 && echo GOT"#)
        .holds(Refused)
        .outside(NotTried("how high a user may go is the machine's")),
    greedy(Log, "x9_writes_an_endless_log", "yes | head -c 33554432; yes | head -c 1000000 >&2")
        .limits(|limits| limits.log_bytes = 100_000),
    greedy(Log, "x9_writes_an_endless_line", r"head -c 67108864 /dev/zero | tr '\0' x")
        .limits(|limits| limits.log_bytes = 100_000),
    refused("x9_writes_bytes_that_are_no_text", r"printf '\xff\xfe\x00\x1b[2J\r\xc3'; printf '\x80\x1b]0;x\x07' >&2")
        .holds(Ends)
        .outside(NotTried("what it writes is seen in the box as well")),
];
