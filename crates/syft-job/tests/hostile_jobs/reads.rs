//! X1: what a job wants to read.

use syft_job::sandbox::IsolationLevel::L2;

use super::Outside::{GotByRoot, GotWhere, NotTried};
use super::{Case, refused};

/// Where the kernel lets a process look into another of the same user.
const TRACEABLE: super::Outside = GotWhere("kernel/yama/ptrace_scope", "0");

pub(super) const CASES: &[Case] = &[
    refused("x1_reads_the_token", r#"cat "$TOKEN" && echo GOT; cat ../home/.config/*/token && echo GOT"#),
    refused("x1_reads_the_ssh_key", r#"cat "$ROOT/home/.ssh/id_ed25519" && echo GOT"#),
    refused("x1_lists_the_home", r#"ls -R "$ROOT/home" && echo GOT; ls ../home/.ssh && echo GOT"#),
    refused("x1_reads_another_dataset", r#"cat ../other/rows.csv && echo GOT; ls ../other && echo GOT"#),
    refused("x1_reads_the_owners_decisions", r#"
        for file in "$STATE"/{decisions.jsonl,state.yaml,syft.pub.yaml}; do cat $file && echo GOT; done"#),
    refused("x1_sees_that_a_file_is_there", r#"stat "$TOKEN" && echo GOT"#).from(L2),
    refused("x1_sees_the_processes_of_others", "kill -0 $BYSTANDER && echo GOT; [[ -d /proc/$RUNNER ]] && echo GOT")
        .from(L2),
    refused("x1_follows_a_symbolic_link", r#"
        ln -s "$TOKEN" file; ln -s "$ROOT" ../outputs/folder
        cat file && echo GOT; cat ../outputs/folder/other/rows.csv && echo GOT"#),
    refused("x1_follows_a_hard_link", r#"ln "$TOKEN" file && cat file && echo GOT"#),
    refused("x1_renames_what_it_cannot_read", r#"mv "$TOKEN" file && cat file && echo GOT"#),
    refused("x1_opens_by_handle", r#"perl -MDoor -e '
        my ($handle, $mount, $path) = (pack("L l a128", 128, 0, ""), pack("l", 0), $ENV{TOKEN});
        exit if syscall(SYS_name_to_handle_at, -100, $path, $handle, $mount, 0);
        open(HERE, "<", "run.sh");
        my $opened = syscall(SYS_open_by_handle_at, fileno(HERE), $handle, 0);
        exit if $opened < 0;
        open(FILE, "<&=", $opened); print <FILE>, "GOT\n"'"#)
        .outside(GotByRoot),
    refused("x1_reads_the_runners_environment", r#"
        for pid in $RUNNER $CALLER; do grep -qa HOSTILE_CANARY /proc/$pid/environ && echo GOT; done"#)
        .outside(TRACEABLE),
    refused("x1_reads_the_environment_of_its_parents", r#"
        grep -qa HOSTILE_CANARY /proc/$PPID/environ && echo GOT
        while read -r name value; do [[ $name == PPid: ]] && parent=$value; done < /proc/$PPID/status
        grep -qa HOSTILE_CANARY /proc/$parent/environ && echo GOT"#)
        .outside(TRACEABLE),
    refused("x1_looks_into_the_first_process", "cat /proc/1/environ; cat /proc/1/status && echo GOT"),
    refused("x1_reads_the_runners_memory", r#"perl -e '
        open(MAPS, "<", "/proc/$ENV{RUNNER}/maps") or exit;
        open(MEMORY, "<:raw", "/proc/$ENV{RUNNER}/mem") or exit;
        while (<MAPS>) {
            my ($to) = /^[0-9a-f]+-([0-9a-f]+) rw.*\[stack\]/ or next;
            sysseek(MEMORY, hex($to) - 8192, 0);
            print "GOT\n" if sysread(MEMORY, my $bytes, 8192);
            print $bytes;
        }'"#)
        .outside(TRACEABLE),
    refused("x1_copies_the_runners_memory", r#"perl -MDoor -e '
        my $vector = pack("Q Q", 4096, 8);
        door(SYS_process_vm_readv, $ENV{RUNNER} + 0, $vector, 1, $vector, 1, 0);
        door(SYS_process_vm_writev, $ENV{RUNNER} + 0, $vector, 1, $vector, 1, 0)'"#)
        .outside(TRACEABLE),
    refused("x1_traces_the_runner", r#"perl -MDoor -e 'door(SYS_ptrace, 0x4206, $ENV{RUNNER} + 0, 0, 0)'"#)
        .outside(TRACEABLE),
    refused("x1_traces_the_warden", r#"perl -MDoor -e 'door(SYS_ptrace, 0x4206, getppid(), 0, 0)'"#)
        .outside(TRACEABLE),
    refused("x1_compares_and_moves_the_runners_memory", r#"perl -MDoor -e '
        my ($pid, $none) = ($ENV{RUNNER} + 0, 0);
        door(SYS_kcmp, $pid, $pid, 1, 0, 0);
        door(SYS_move_pages, $pid, 0, 0, 0, 0, 0);
        door(SYS_migrate_pages, $pid, 0, 0, 0)'"#)
        .outside(TRACEABLE),
    refused("x1_takes_an_open_file_of_the_runner", r#"perl -MDoor -e '
        my $runner = syscall(SYS_pidfd_open, $ENV{RUNNER} + 0, 0);
        door(SYS_pidfd_getfd, $runner, $ENV{LEAKED} + 0, 0)'
        cat /proc/$RUNNER/fd/$LEAKED && echo GOT"#)
        .outside(TRACEABLE),
    refused("x1_walks_the_runners_folders", r#"
        cat "/proc/$RUNNER/root$TOKEN" && echo GOT; ls /proc/$RUNNER/cwd/ && echo GOT
        cat "/proc/$PPID/root$TOKEN" && echo GOT; ls /proc/$PPID/task/ && echo GOT"#)
        .outside(TRACEABLE),
    refused("x1_climbs_out_of_its_own_folder_of_proc", r#"
        cat /proc/self/../$RUNNER/environ && echo GOT; cat "/proc/self/root$TOKEN" && echo GOT
        cat /proc/self/cwd/../other/rows.csv && echo GOT
        cat /proc/thread-self/../../../$RUNNER/status && echo GOT"#)
        .outside(TRACEABLE),
    refused("x1_reads_a_descriptor_that_was_left_open", r#"
        cat <&$LEAKED && echo GOT; cat /dev/fd/$LEAKED && echo GOT; cat /proc/self/fd/$LEAKED && echo GOT"#),
    refused("x1_searches_all_its_descriptors", r#"
        shopt -s nullglob
        for fd in /proc/self/fd/*; do [[ ${fd##*/} -gt 2 && -f $fd && $(< $fd) == *"can"ary* ]] && echo GOT; done"#),
    refused("x1_reads_what_others_have_in_shared_folders", r#"
        for file in $FOREIGN; do cat $file && echo GOT; done"#),
    refused("x1_lists_sys", "ls /sys/class/net && echo GOT; cat /sys/kernel/mm/transparent_hugepage/enabled && echo GOT"),
    refused("x1_reads_the_users_of_the_machine", "cat /etc/passwd && echo GOT; ls /etc && echo GOT"),
    refused("x1_reads_the_passwords_of_the_machine", "cat /etc/shadow && echo GOT").outside(GotByRoot),
    refused("x1_reads_var", "ls /var/log && echo GOT; ls /var/lib && echo GOT"),
    refused("x1_reads_the_kernels_symbols_and_log", r#"
        perl -MDoor -e 'my $buffer = "x" x 4096; door(SYS_syslog, 3, $buffer, 4096)'
        head -c 99 /proc/kallsyms && echo GOT; cat /proc/keys && echo GOT"#)
        .outside(GotByRoot),
    refused("x1_opens_devices", r#"
        for device in /dev/{vda,sda,nvme0n1,loop0,mem,kvm,fuse,net/tun,kmsg}; do : < $device && got=GOT; done
        echo $got"#)
        .outside(GotByRoot),
    refused("x1_opens_a_terminal", ": <> /dev/ptmx && echo GOT"),
    refused("x1_watches_the_home", r#"perl -MDoor -e '
        my $watch = syscall(SYS_inotify_init1, 0);
        door(SYS_inotify_add_watch, $watch, "$ENV{ROOT}/home", 0xfff)'"#),
    refused("x1_looks_at_shared_memory_and_queues", r#"perl -MDoor -e '
        my $buffer = "x" x 512;
        door(SYS_shmctl, 0, 14, $buffer);
        door(SYS_msgctl, 0, 12, $buffer);
        door(SYS_semctl, 0, 0, 19, $buffer)'"#),
    refused("x1_starts_a_program_of_the_home", r#"../home/tool; bash ../home/tool; echo tried # GOT GOT"#),
    refused("x1_enters_the_home", r#"cd ../home && echo GOT; cat .config/syft/token && echo GOT"#)
        .outside(NotTried("that it can be read is tried by others; a folder may be entered at L1"))
        .from(L2),
];
