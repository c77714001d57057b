//! X2: whom a job wants to reach.

use super::Outside::{GotByRoot, NotTried};
use super::{Case, refused};

pub(super) const CASES: &[Case] = &[
    refused("x2_connects_by_tcp", "exec 3<> /dev/tcp/127.0.0.1/$TCP && echo here >&3 && echo GOT"),
    refused("x2_connects_by_tcp_6", "exec 3<> /dev/tcp/::1/$TCP6 && echo here >&3 && echo GOT"),
    refused("x2_connects_by_name", "exec 3<> /dev/tcp/localhost/$TCP && echo here >&3 && echo GOT"),
    refused("x2_sends_by_udp", "echo here > /dev/udp/127.0.0.1/$UDP && echo GOT"),
    refused("x2_sends_by_udp_without_a_connection", r#"perl -MSocket -e '
        socket(S, AF_INET, SOCK_DGRAM, 0) or exit;
        print "GOT\n" if send(S, "x", 0, pack_sockaddr_in($ENV{UDP}, inet_aton("127.0.0.1")))'"#),
    refused("x2_asks_a_name_server", r#"
        echo question > /dev/udp/8.8.8.8/53 && echo GOT; echo > /dev/udp/127.0.0.53/53 && echo GOT
        getent ahosts example.com && echo GOT"#)
        .outside(NotTried("no test reaches beyond this machine")),
    refused("x2_asks_for_the_machines_metadata", r#"
        exec 3<> /dev/tcp/169.254.169.254/80 && echo GOT; exec 3<> /dev/tcp/fd00:ec2::254/80 && echo GOT"#)
        .outside(NotTried("no test reaches beyond this machine"))
        // Refused at once, not after a time of waiting.
        .limits(|limits| limits.wall = std::time::Duration::from_secs(5)),
    refused("x2_serves_the_network", r#"perl -MSocket -e '
        socket(S, AF_INET, SOCK_STREAM, 0) or exit;
        bind(S, pack_sockaddr_in(0, inet_aton("127.0.0.1"))) or exit;
        listen(S, 1) and print "GOT\n"'"#),
    refused("x2_connects_to_an_abstract_socket", r#"perl -MSocket -e '
        socket(S, AF_UNIX, SOCK_STREAM, 0) or exit;
        connect(S, pack("S a*", AF_UNIX, "\0$ENV{ABSTRACT}")) or exit;
        syswrite(S, "x"); print "GOT\n"'"#),
    refused("x2_connects_to_a_socket_by_its_path", r#"perl -MSocket -e '
        socket(S, AF_UNIX, SOCK_STREAM, 0) or exit;
        connect(S, pack_sockaddr_un($ENV{SOCKET})) or exit;
        syswrite(S, "x"); print "GOT\n"'"#),
    refused("x2_sends_to_a_socket_by_its_path", r#"perl -MSocket -e '
        socket(S, AF_UNIX, SOCK_DGRAM, 0) or exit;
        print "GOT\n" if send(S, "x", 0, pack_sockaddr_un($ENV{LOG_SOCKET}))'"#),
    refused("x2_turns_a_pair_of_sockets_to_another", r#"perl -MSocket -e '
        socketpair(A, B, AF_UNIX, SOCK_DGRAM, 0) or exit;
        print "GOT\n" if send(A, "x", 0, pack_sockaddr_un($ENV{LOG_SOCKET}));
        connect(A, pack_sockaddr_un($ENV{LOG_SOCKET})) and syswrite(A, "x") and print "GOT\n"'"#),
    refused("x2_connects_a_pair_of_streams_anew", r#"perl -MDoor -MSocket -e '
        socketpair(A, B, AF_UNIX, SOCK_STREAM, 0);
        my $address = pack_sockaddr_un($ENV{SOCKET});
        door(SYS_connect, fileno(A), $address, length($address))'"#),
    refused("x2_passes_a_descriptor_on", r#"python3 -c '
import os, socket
left, right = socket.socketpair()
socket.send_fds(left, [b"x"], [os.open("run.sh", os.O_RDONLY)])
print("GOT")'"#),
    refused("x2_opens_a_raw_socket", r#"perl -MDoor -e '
        door(SYS_socket, 2, 3, 1); door(SYS_socket, 17, 3, 0)'"#)
        .outside(GotByRoot),
    refused("x2_opens_a_socket_of_a_virtual_machine", r#"perl -MDoor -e 'door(SYS_socket, 40, 1, 0)'"#),
    refused("x2_opens_a_socket_to_the_kernel", r#"perl -MDoor -e 'door(SYS_socket, 16, 3, $_) for 0, 4, 9, 15'"#),
    refused("x2_opens_a_socket_of_the_kernels_ciphers", r#"perl -MDoor -e 'door(SYS_socket, 38, 5, 0)'"#),
    refused("x2_opens_a_socket_of_any_family", r#"perl -MDoor -e '
        for my $family (0..46) { for my $kind (1..6, 10) { door(SYS_socket, $family, $kind, 0) } }'"#),
    refused("x2_pairs_sockets_of_any_family", r#"perl -MDoor -e '
        my $pair = pack("l l", 0, 0);
        for my $family (0, 2..46) { door(SYS_socketpair, $family, 1, 0, $pair) }'"#),
    refused("x2_uses_the_network_by_the_kernels_rings", r#"perl -MDoor -e '
        my $setup = "\0" x 120; door(SYS_io_uring_setup, 4, $setup)'"#)
        .outside(super::Outside::GotWhere("kernel/io_uring_disabled", "0")),
];
