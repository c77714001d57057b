//! A module for perl by which scripts call the kernel.

/// The calls by name, as constants of perl.
macro_rules! calls {
    ($($(#[$when:meta])* $name:ident),* $(,)?) => {
        &[$($(#[$when])* (stringify!($name), libc::$name)),*]
    };
}

const CALLS: &[(&str, i64)] = calls![
    SYS_accept,
    SYS_acct,
    SYS_add_key,
    SYS_bpf,
    SYS_capset,
    SYS_chroot,
    SYS_clock_settime,
    SYS_clone,
    SYS_clone3,
    SYS_connect,
    SYS_delete_module,
    SYS_fallocate,
    SYS_fanotify_init,
    SYS_fcntl,
    SYS_finit_module,
    SYS_fsetxattr,
    SYS_fsmount,
    SYS_fsopen,
    SYS_fspick,
    SYS_init_module,
    SYS_inotify_add_watch,
    SYS_inotify_init1,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_io_uring_setup,
    SYS_ioctl,
    SYS_kcmp,
    SYS_kexec_file_load,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_memfd_create,
    SYS_migrate_pages,
    SYS_mknodat,
    SYS_mmap,
    SYS_mount,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_move_pages,
    SYS_mq_open,
    SYS_msgctl,
    SYS_msgget,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_open_tree,
    SYS_openat2,
    SYS_perf_event_open,
    SYS_personality,
    SYS_pidfd_getfd,
    SYS_pidfd_open,
    SYS_pidfd_send_signal,
    SYS_pivot_root,
    SYS_prctl,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_ptrace,
    SYS_quotactl,
    SYS_reboot,
    SYS_renameat2,
    SYS_request_key,
    SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo,
    SYS_semctl,
    SYS_semget,
    SYS_setdomainname,
    SYS_setgroups,
    SYS_sethostname,
    SYS_setns,
    SYS_setresgid,
    SYS_setresuid,
    SYS_setsid,
    SYS_settimeofday,
    SYS_setxattr,
    SYS_shmctl,
    SYS_shmget,
    SYS_socket,
    SYS_socketpair,
    SYS_swapoff,
    SYS_swapon,
    SYS_syslog,
    SYS_tgkill,
    SYS_tkill,
    SYS_umount2,
    SYS_unshare,
    SYS_userfaultfd,
    #[cfg(target_arch = "x86_64")]
    SYS_creat,
    #[cfg(target_arch = "x86_64")]
    SYS_ioperm,
    #[cfg(target_arch = "x86_64")]
    SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    SYS_mknod,
    #[cfg(target_arch = "x86_64")]
    SYS_modify_ldt,
    #[cfg(target_arch = "x86_64")]
    SYS_open,
];

/// A door is open where the kernel has something to say other than that the caller
/// may not pass, or that there is no such door. Texts are copied, for perl hands the
/// kernel nothing that cannot be written.
const DOOR: &str = r#"
sub door {
    my ($call, @args) = @_;
    my $answer = syscall($call, @args);
    return $answer if $answer < 0 && ($!{EPERM} || $!{EACCES} || $!{ENOSYS});
    print "GOT by call $call: $answer ", $answer < 0 ? $! : "", "\n";
    return $answer;
}
1;
"#;

/// The text of `Door.pm`.
pub(crate) fn module() -> String {
    let mut module = "package Door;\nuse Errno;\nuse Exporter 'import';\n$| = 1;\n\
        our @EXPORT = ('door', grep /^SYS_/, keys %Door::);\n"
        .to_owned();
    for (name, number) in CALLS {
        module.push_str(&format!("sub {name}() {{ {number} }}\n"));
    }
    module + DOOR
}
