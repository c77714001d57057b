//! X10: doors of the kernel, and other processes.

use super::Holds::Ends;
use super::Outside::{GotByRoot, GotWhere, Harms, NotTried};
use super::{Case, refused};

const OTHER_KERNELS: super::Outside = NotTried("many kernels have no such door");

/// What harms a process that is not the job's.
const fn attack(name: &'static str, script: &'static str) -> Case {
    refused(name, script).holds(Ends).outside(Harms)
}

pub(super) const CASES: &[Case] = &[
    refused("x10_enters_new_namespaces", r#"
        for flag in 0x10000000 0x20000000 0x40000000 0x04000000 0x08000000 0x02000000 0x20000; do
            perl -MDoor -e "door(SYS_unshare, $flag)"; done; perl -MDoor -e 'door(SYS_unshare, 0x80)'"#)
        .outside(GotByRoot),
    refused("x10_starts_a_child_in_a_new_namespace", r#"perl -MDoor -e '
        for my $flag (0x10000000, 0x20000000, 0x40000000, 0x04000000, 0x08000000, 0x02000000) {
            my $child = syscall(SYS_clone, $flag | 17, 0, 0, 0, 0);
            exit if $child == 0;
            print "GOT\n" if $child > 0;
        }'"#)
        .outside(GotByRoot),
    refused("x10_hides_flags_of_a_new_namespace", r#"perl -MDoor -e '
        my $how = pack("Q8", 0x10000000, 0, 0, 0, 17, 0, 0, 0);
        my $child = syscall(SYS_clone3, $how, 64);
        exit if $child == 0;
        print "GOT\n" if $child > 0'"#)
        .outside(GotByRoot),
    refused("x10_enters_the_namespaces_of_others", r#"perl -MDoor -e '
        for my $pid ("self", $ENV{RUNNER}, 1) { open(F, "<", "/proc/$pid/ns/net"); door(SYS_setns, fileno(F) // 0, 0) }
        my $runner = syscall(SYS_pidfd_open, $ENV{RUNNER} + 0, 0);
        door(SYS_setns, $runner, 0x40000000)'"#)
        .outside(GotByRoot),
    refused("x10_keeps_keys", r#"perl -MDoor -e '
        door(SYS_add_key, "user", "mark", "x", 1, -2);
        door(SYS_keyctl, 0, -3, 1);
        door(SYS_request_key, "user", "nothing", 0, 0)'"#),
    refused("x10_loads_a_program_into_the_kernel", r#"perl -MDoor -e 'door(SYS_bpf, 0, 0, 1 << 20)'"#),
    refused("x10_measures_others", r#"perl -MDoor -e '
        my $what = pack("L L Q14", 1, 112, (0) x 13); door(SYS_perf_event_open, $what, 0, -1, -1, 0)'"#)
        .outside(GotByRoot),
    refused("x10_asks_the_kernel_for_rings", r#"perl -MDoor -e '
        door(SYS_io_uring_setup, 1, 0); door(SYS_io_uring_enter, 0, 1, 0, 0, 0, 0);
        door(SYS_io_uring_register, 0, 0, 0, 0)'"#)
        .outside(GotWhere("kernel/io_uring_disabled", "0")),
    refused("x10_handles_its_own_page_faults", r#"perl -MDoor -e 'door(SYS_userfaultfd, 0x101)'; : < /dev/userfaultfd"#),
    refused("x10_traces", r#"perl -MDoor -e 'door(SYS_ptrace, 0, 0, 0, 0)'"#),
    refused("x10_types_into_a_terminal", r#"perl -MDoor -e '
        my $key = "x"; door(SYS_ioctl, 0, 0x5412, $key); door(SYS_ioctl, 0, 0x5412 | 1 << 32, $key);
        door(SYS_ioctl, 0, 0x541c, $key)'"#),
    refused("x10_mounts", r#"
        mount -t tmpfs none $TMPDIR && umount $TMPDIR && echo GOT; mount -t proc none $TMPDIR && umount $TMPDIR && echo GOT
        perl -MDoor -e 'door(SYS_mount, 0, "/nowhere", 0, 4096, 0); door(SYS_umount2, "/nowhere", 0)'"#)
        .outside(GotByRoot),
    refused("x10_mounts_by_the_new_calls", r#"perl -MDoor -e '
        door(SYS_fsopen, "tmpfs", 0); door(SYS_open_tree, -100, "/", 1);
        door(SYS_fspick, -100, "/nowhere", 0); door(SYS_fsmount, 0, 0, 0);
        door(SYS_move_mount, -100, "/nowhere", -100, "/nowhere", 0);
        my $set = pack("Q4", 0, 0, 0, 0); door(SYS_mount_setattr, -100, "/nowhere", 0, $set, 32)'"#)
        .outside(GotByRoot),
    refused("x10_changes_its_root", r#"perl -MDoor -e '
        door(SYS_chroot, "."); door(SYS_pivot_root, "/nowhere", "/nowhere")'"#)
        .outside(GotByRoot),
    refused("x10_administers_the_machine", r#"perl -MDoor -e '
        my $zero = "\0" x 256;
        door(SYS_reboot, 0, 0, 0, 0); door(SYS_sethostname, "", -1); door(SYS_setdomainname, "", -1);
        door(SYS_swapon, "/nowhere", 0); door(SYS_swapoff, "/nowhere"); door(SYS_acct, "/nowhere/acct");
        door(SYS_clock_settime, 99, $zero); door(SYS_settimeofday, 0, 0);
        door(SYS_quotactl, 0x800002, "/nowhere", 0, 0)'"#)
        .outside(GotByRoot),
    refused("x10_starts_another_kernel", r#"perl -MDoor -e '
        door(SYS_kexec_load, 0, 0, 0, -1); door(SYS_kexec_file_load, -1, -1, 0, 0, -1);
        door(SYS_init_module, 0, 0, ""); door(SYS_finit_module, -1, "", 0); door(SYS_delete_module, "nothing", 0)'"#)
        .outside(OTHER_KERNELS),
    refused("x10_watches_all_files", r#"perl -MDoor -e 'door(SYS_fanotify_init, 0, 0)'"#).outside(GotByRoot),
    refused("x10_makes_queues_that_outlive_it", r#"perl -MDoor -e '
        door(SYS_mq_open, "nothing", 0, 0, 0); door(SYS_shmget, 1 << 30, 0, 0); door(SYS_msgget, 1 << 30, 0);
        door(SYS_semget, 1 << 30, 0, 0)'"#),
    refused("x10_takes_another_personality", r#"
        for persona in 0x0040000 0x0100000 0x0400000; do
            perl -MDoor -e "print qq(GOT\n) if syscall(SYS_personality, $persona) >= 0"; done; echo GOT > /dev/null"#),
    #[cfg(target_arch = "x86_64")]
    refused("x10_uses_the_calls_of_old_processors", r#"perl -MDoor -e '
        my $table = "\0" x 16; door(SYS_modify_ldt, 0, $table, 16)'"#),
    #[cfg(target_arch = "x86_64")]
    refused("x10_reaches_the_ports_of_devices", r#"perl -MDoor -e 'door(SYS_iopl, 3); door(SYS_ioperm, 0, 1, 1)'"#)
        .outside(OTHER_KERNELS),
    #[cfg(target_arch = "x86_64")]
    refused("x10_calls_by_the_table_of_x32", r#"perl -MDoor -e 'door(0x40000000 | 39); door(0x40000000 | 101, 0, 0, 0, 0)'"#)
        .outside(OTHER_KERNELS),
    #[cfg(target_arch = "x86_64")]
    refused("x10_calls_by_the_table_of_32_bits", r#"python3 -c '
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
getpid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
print("GOT" if getpid() > 0 else "")'; echo $?"#)
        .outside(OTHER_KERNELS),
    refused("x10_calls_what_is_newer_than_the_box", r#"perl -MDoor -e '
        print "GOT $_\n" for grep { syscall($_, -1, -1, -1, -1, -1, -1) >= 0 || $! != 38 } 463..600'"#)
        .outside(OTHER_KERNELS),
    refused("x10_makes_devices", "mknod zero c 1 5 && echo GOT; mknod $TMPDIR/disk b 254 0 && echo GOT").outside(GotByRoot),
    refused("x10_gains_by_setuid_programs", "su nobody -s /bin/bash -c 'echo GOT' < /dev/null; : GOT").outside(NotTried(
        "what su asks for is the machine's",
    )),
    refused("x10_becomes_another_user", r#"perl -MDoor -e '
        my $groups = pack("l", 1234);
        print "GOT\n" if syscall(SYS_setresgid, 1234, 1234, 1234) == 0;
        print "GOT\n" if syscall(SYS_setgroups, 1, $groups) == 0;
        print "GOT\n" if syscall(SYS_setresuid, 1234, 1234, 1234) == 0'"#)
        .outside(GotByRoot),
    refused("x10_takes_capabilities", r#"perl -MDoor -e '
        my ($head, $all) = (pack("L l", 0x20080522, 0), pack("L6", (0xffffffff) x 6));
        $all = pack("L6", 1, 1, 0, 0, 0, 0);
        print "GOT\n" if syscall(SYS_capset, $head, $all) == 0'"#)
        .outside(GotByRoot),
    refused("x10_hides_from_the_warden", r#"perl -MDoor -e '
        syscall(SYS_prctl, 4, 0, 0, 0, 0); print "GOT\n" if syscall(SYS_prctl, 3, 0, 0, 0, 0) == 0'"#),
    attack("x10_signals_another", r#"
        kill -TERM $BYSTANDER; perl -MDoor -e '
            my $pid = $ENV{BYSTANDER} + 0; my $about = pack("l3 a116", 10, 0, -1, "");
            syscall(SYS_tkill, $pid, 9); syscall(SYS_tgkill, $pid, $pid, 9);
            syscall(SYS_rt_sigqueueinfo, $pid, 9, $about); syscall(SYS_rt_tgsigqueueinfo, $pid, $pid, 9, $about)'"#),
    attack("x10_signals_another_by_handle", r#"perl -MDoor -e '
        my $other = syscall(SYS_pidfd_open, $ENV{BYSTANDER} + 0, 0);
        syscall(SYS_pidfd_send_signal, $other, 9, 0, 0)'"#),
    attack("x10_has_the_kernel_signal_another", r#"perl -MDoor -e '
        pipe(R, W); my $pid = $ENV{BYSTANDER} + 0;
        syscall(SYS_fcntl, fileno(R), 8, $pid); syscall(SYS_fcntl, fileno(R), 10, 9);
        syscall(SYS_fcntl, fileno(R), 4, 020000); syswrite(W, "x"); select(undef, undef, undef, 0.05)'"#),
    attack("x10_slows_another_down", "renice -n 19 -p $BYSTANDER"),
    attack("x10_moves_another_to_one_processor", "taskset -pc 0 $BYSTANDER"),
    attack("x10_limits_another", "prlimit --pid $BYSTANDER --nofile=10:10"),
    attack("x10_stops_another", "kill -STOP $BYSTANDER"),
];
