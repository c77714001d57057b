//! X7 and R11: what a job leaves to be collected.

use syft_job::sandbox::LimitKind::Outputs;

use super::Holds::{Collects, Ends, Hits};
use super::Outside::{GotByRoot, NotTried};
use super::{Case, refused};

/// What is left in the outputs, of which these are taken and no others.
const fn left(name: &'static str, taken: &'static [&'static str], script: &'static str) -> Case {
    let same = NotTried("that something is left is seen in the box as well");
    refused(name, script).holds(Collects(taken)).outside(same)
}

pub(super) const CASES: &[Case] = &[
    left("x7_leaves_links_to_secrets", &["good"], r#"
        cd ../outputs; echo good > good; ln -s "$TOKEN" token; ln -s ../home home; ln -s / root
        ln -s loop loop; ln -s /proc/self/environ environ; ln -s good good2; ln -s ../work folder"#),
    refused("x7_links_data_into_its_outputs", r#"
        ln ../granted/data.csv ../outputs/data && echo GOT; ln "$TOKEN" ../outputs/token && echo GOT"#),
    left("x7_leaves_one_file_by_two_names", &["good"], r#"
        cd ../outputs; echo good > good; echo x > one; ln one two"#),
    left("x7_leaves_fifos", &["good"], "cd ../outputs; echo good > good; mkfifo fifo; mkdir d; mkfifo d/fifo"),
    refused("x7_leaves_devices", "mknod ../outputs/zero c 1 5 && echo GOT; mknod ../outputs/disk b 254 0 && echo GOT")
        .outside(GotByRoot),
    refused("x7_leaves_a_socket", r#"perl -MSocket -e '
        socket(S, AF_UNIX, SOCK_STREAM, 0) and bind(S, pack_sockaddr_un("../outputs/s")) and print "GOT\n"'
        perl -MDoor -e 'my $path = "../outputs/t"; door(SYS_mknod, $path, 0140644, 0)'"#),
    refused("x7_makes_a_file_a_setuid_program", r#"
        cp /usr/bin/env ../outputs/env; chmod 6755 ../outputs/env; [[ -u ../outputs/env ]] && echo GOT"#),
    // The kernel takes the bit from a file that is written to; an empty one is no program.
    refused("x7_makes_a_setuid_program", r#"perl -MDoor -MFcntl -e '
        umask 0; my @path = map "../outputs/$_", "a".."f"; my $how = pack("Q3", 0102, 06755, 0);
        syscall(SYS_creat, $path[0], 06755);
        syscall(SYS_mknod, $path[1], 0106755, 0);
        syscall(SYS_mknodat, -100, $path[2], 0106755, 0);
        syscall(SYS_openat2, -100, $path[3], $how, 24);
        for (@path) { sysopen(F, $_, O_CREAT|O_RDWR, 06755); syswrite(F, "program");
            truncate(F, 4096); syscall(SYS_fallocate, fileno(F), 0, 0, 8192); close F; -u && -s and print "GOT\n" }'"#)
        .outside(GotByRoot),
    left("x7_leaves_a_hole_of_a_terabyte", &["good"], r#"
        cd ../outputs; echo good > good; truncate -s 1T huge"#)
        .limits(|limits| limits.file_bytes = 1 << 42),
    refused("x7_makes_a_file_longer_than_it_may", "truncate -s 1T ../outputs/huge && echo GOT; exit 0")
        .outside(super::Outside::Got),
    left("x7_leaves_odd_names", &["good"], r#"
        cd ../outputs; echo good > good
        for name in $'two\nlines' $'esc\e[2J' $'\xe2\x80\xaeevil' $'bad\xff' '.. ' ' lead' 'trail ' 'a:b' con.txt \
            'back\slash' $'tab\t' $'zero\xe2\x80\x8bwidth' 'dot.' $'bell\a' 'a/../..'; do echo x > "$name"; done"#),
    left("x7_leaves_long_names", &["good"], r#"
        cd ../outputs; echo good > good
        perl -e 'for my $n (201, 250, 255, 300) { open(F, ">", "n" x $n) } open(F, ">", "\xe6\x96\x87" x 80)'
        perl -e 'for (1..30) { mkdir "d"; chdir "d" } open(F, ">", "deep")'"#),
    left("x7_leaves_twins", &["DATA.CSV"], "cd ../outputs; echo x > Data.csv; echo y > data.csv; echo z > DATA.CSV"),
    left("r11_leaves_permission_files", &["d/good"], r#"
        cd ../outputs; mkdir -p d .git/hooks .syft folder/syft.pub.yaml; echo good > d/good
        for name in syft.pub.yaml d/syft.pub.yaml SYFT.PUB.YAML d/Syft.Pub.Yaml .git/hooks/post-checkout \
            .syft/decisions folder/syft.pub.yaml/inner; do echo 'rules: []' > $name; done"#),
    refused("x7_leaves_what_cannot_be_read_or_removed", r#"
        cd ../outputs; mkdir -p tree/a/b; echo x > tree/a/b/file; mkdir -m 300 locked; echo x > locked/file
        mkdir -m 000 shut; perl -MFcntl -e 'sysopen(F, "unreadable", O_CREAT|O_WRONLY, 0)'"#)
        .holds(Hits(Outputs))
        .outside(NotTried("that it is left is seen in the box as well")),
    refused("x7_changes_its_outputs_while_they_are_collected", r#"
        setsid bash -c 'cd ../outputs; while :; do echo $RANDOM$RANDOM > file; mkdir -p d; echo $RANDOM > d/file
            mv d e; ln -s ../home d; rm -rf d e; done' < /dev/null > /dev/null 2>&1 &
        until [[ -s ../outputs/file ]]; do :; done; exit 0"#)
        .holds(Ends)
        .outside(super::Outside::Outlives),
    refused("x7_puts_a_link_in_the_place_of_its_outputs", r#"
        rmdir ../outputs && echo GOT; ln -s ../home ../outputs2 && mv -T ../outputs2 ../outputs && echo GOT"#),
];
