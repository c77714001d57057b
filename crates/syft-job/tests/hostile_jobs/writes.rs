//! X8: what a job wants to change.

use super::Holds::Ends;
use super::Outside::{GotByRoot, Harms, NotTried};
use super::{Case, refused};

/// A change that the box may pretend to make: only what is changed tells.
const fn pretended(name: &'static str, script: &'static str) -> Case {
    refused(name, script).holds(Ends).outside(Harms)
}

pub(super) const CASES: &[Case] = &[
    refused("x8_rewrites_the_permission_file", r#"
        echo 'rules: [{pattern: "**", access: {read: ["*"]}}]' > "$STATE/syft.pub.yaml" && echo GOT"#),
    refused("x8_puts_a_permission_file_beside_data", r#"
        echo x > ../granted/syft.pub.yaml && echo GOT; echo x > ../syft.pub.yaml && echo GOT"#),
    refused("x8_rewrites_its_state", r#"echo 'status: approved' > "$STATE/state.yaml" && echo GOT"#),
    refused("x8_appends_a_decision", r#"echo '{"approved": true}' >> "$STATE/decisions.jsonl" && echo GOT"#),
    refused("x8_rewrites_its_own_snapshot", r#"
        echo x > "$STATE/snapshot/more.sh" && echo GOT; rm "$STATE/snapshot/run.sh" && echo GOT"#),
    refused("x8_rewrites_its_own_copy", r#"echo 'exit 0' > other.sh; mv other.sh run.sh && echo changed"#)
        .outside(NotTried("the copy is the job's")),
    refused("x8_appends_to_granted_data", "echo x >> ../granted/data.csv && echo GOT"),
    refused("x8_empties_granted_data", r#"
        : > ../granted/data.csv && echo GOT; truncate -s 0 ../granted/data.csv && echo GOT
        perl -MFcntl -e 'sysopen(F, "../granted/data.csv", O_RDONLY|O_TRUNC) and print "GOT\n"'
        perl -e 'truncate("../granted/data.csv", 0) and print "GOT\n"'"#),
    refused("x8_writes_through_what_it_may_read", r#"
        exec 3< ../granted/data.csv; echo x >> /proc/self/fd/3 && echo GOT; echo x > /dev/fd/3 && echo GOT"#),
    refused("x8_replaces_granted_data", r#"
        echo x > new; mv new ../granted/data.csv && echo GOT; rm -f ../granted/data.csv && echo GOT
        ln -s x ../granted/link && echo GOT; mv ../granted ../taken && echo GOT"#),
    refused("x8_exchanges_data_for_its_own", r#"echo mine > mine
        perl -MDoor -e 'my ($to, $from) = ("../granted/data.csv", "mine");
            print "GOT\n" if syscall(SYS_renameat2, -100, $from, -100, $to, 2) == 0'"#),
    refused("x8_plants_a_start_up_file", r#"
        echo 'echo hello' >> ../home/.bashrc && echo GOT; echo key >> ../home/.ssh/authorized_keys && echo GOT"#),
    refused("x8_makes_removes_and_moves_in_the_home", r#"
        mkdir ../home/new && echo GOT; echo x > ../home/file && echo GOT; mkfifo ../home/fifo && echo GOT
        mv ../home/notes ../home/moved && echo GOT; rm ../home/moved && echo GOT; rmdir ../home/new && echo GOT"#),
    refused("x8_links_its_files_into_the_home", "ln run.sh ../home/hard && echo GOT; ln -s run.sh ../home/soft && echo GOT"),
    refused("x8_binds_its_folder_over_the_home", "mount --bind . ../home && umount ../home && echo GOT")
        .outside(GotByRoot),
    refused("x8_remounts_the_data_to_be_written", "mount -o remount,rw,bind ../granted; mount -o remount,rw / && echo GOT")
        .outside(NotTried("it would remount the machine's disk")),
    pretended("x8_changes_modes", "chmod 777 ../home ../granted/data.csv $TOKEN; chmod 4755 ../other/rows.csv"),
    pretended("x8_changes_times", r#"touch -d @0 ../granted/data.csv "$TOKEN" ../home"#),
    pretended("x8_changes_owners", "chown :$(id -g) ../granted/data.csv ../home; chgrp 0 ../home/notes"),
    pretended("x8_changes_flags", r#"perl -MDoor -e '
        open(F, "<", "../granted/data.csv"); my $flags = pack("l", 0);
        syscall(SYS_ioctl, fileno(F), 0x80086601, $flags);
        $flags = pack("l", unpack("l", $flags) ^ 0x40);
        syscall(SYS_ioctl, fileno(F), 0x40086602, $flags)'"#),
    pretended("x8_changes_attributes", r#"perl -MDoor -e '
        my ($path, $name, $value) = ("../granted/data.csv", "user.mark", "x");
        syscall(SYS_setxattr, $path, $name, $value, 1, 0);
        open(F, "<", $path); syscall(SYS_fsetxattr, fileno(F), $name, $value, 1, 0)'"#),
    refused("x8_writes_files_of_others_in_shared_folders", r#"
        for file in $FOREIGN; do [[ -e $file ]] && echo x >> $file && echo GOT; done; echo tried"#),
    refused("x8_writes_the_kernels_settings", r#"
        printf %s "$CORE_PATTERN" > /proc/sys/kernel/core_pattern && echo GOT
        : >> /proc/sys/vm/overcommit_memory && echo GOT"#)
        .outside(GotByRoot),
    refused("x8_writes_the_kernels_devices", r#"
        : >> /sys/kernel/mm/transparent_hugepage/enabled && echo GOT; : >> /sys/power/state && echo GOT"#)
        .outside(NotTried("not every kernel has these files")),
    refused("x8_moves_into_another_control_group", r#"
        for file in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/{cgroup.procs,tasks}; do : >> $file && moves=yes; done
        [[ $moves ]] && echo GOT"#)
        .outside(GotByRoot),
    refused("x8_writes_into_the_runner", r#"
        for file in oom_score_adj comm coredump_filter mem; do : >> /proc/$RUNNER/$file && echo GOT; done"#)
        .outside(super::Outside::GotWhere("kernel/yama/ptrace_scope", "0")),
    refused("x8_writes_into_its_own_folder_of_proc", r#"
        echo 500 > /proc/self/oom_score_adj && echo GOT; echo x > /proc/self/comm && echo GOT"#),
    pretended("x8_offers_another_to_the_kernel_to_kill", "echo 1000 > /proc/$BYSTANDER/oom_score_adj"),
];
