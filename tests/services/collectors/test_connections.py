"""Sockets as tools write them, put together, and the databases among them."""

import pytest

from events.models import Reference
from services.collectors.computer import Facts, to_drafts
from services.collectors.computer_connections import connections_of, section_of
from services.collectors.databases import database_instance, engine_named, engine_of, instance_name
from services.collectors.machine_network import process_name, read_interfaces, read_proc_net, read_ss
from services.collectors.ssh.machine import without_own
from tests.services.collectors.checks import assert_in_metamodel, identifiers, related

SERVER = """\
Netid State     Recv-Q Send-Q         Local Address:Port   Peer Address:Port Process
udp   UNCONN    0      0              127.0.0.53%lo:53          0.0.0.0:*     users:(("systemd-resolve",pid=7,fd=13))
tcp   LISTEN    0      244                  0.0.0.0:5432        0.0.0.0:*     users:(("postgres",pid=812,fd=5))
tcp   LISTEN    0      244                     [::]:5432           [::]:*     users:(("postgres",pid=812,fd=6))
tcp   LISTEN    0      511                127.0.0.1:6379        0.0.0.0:*     users:(("redis-server",pid=9,fd=6))
tcp   LISTEN    0      128                        *:443           *:*  users:(("nginx",pid=4,fd=6),("nginx",pid=5,fd=9))
tcp   ESTAB     0      0               198.18.0.9:5432    198.18.0.20:40110   users:(("postgres",pid=900,fd=9))
tcp   ESTAB     0      0               198.18.0.9:5432    198.18.0.20:40112   users:(("postgres",pid=901,fd=9))
tcp   TIME-WAIT 0      0               198.18.0.9:8080    198.18.0.99:51514
tcp   ESTAB     0      0               127.0.0.1:40000      127.0.0.1:6379    users:(("php-fpm",pid=77,fd=9))
"""
CLIENT = """\
Netid State     Recv-Q Send-Q         Local Address:Port   Peer Address:Port Process
tcp   ESTAB     0      0              198.18.0.20:40110    198.18.0.9:5432    users:(("psql",pid=12,fd=3))
tcp   ESTAB     0      0              198.18.0.20:40112    198.18.0.9:5432    users:(("psql",pid=13,fd=3))
tcp   TIME-WAIT 0      0              198.18.0.20:40114    198.18.0.9:443
tcp   ESTAB     0      0     [::ffff:198.18.0.20]:40200 [::ffff:198.18.0.7]:389 users:(("Web Content",pid=2,fd=3))
tcp   ESTAB     0      0              198.18.0.20:40300    198.18.0.8:49160   users:(("rpcclient",pid=3,fd=3))
"""


def of(text, own=()):
    return connections_of(read_ss(text), own)


def relations(section, relation):
    found = [item for item in section.relations if item.type == relation]
    return {(item.direction, item.to.value): dict(item.properties) for item in found}


def drafts(text, *addresses, **facts):
    connections = of(text, addresses)
    made = to_drafts(
        Facts(hostname="srv-db1", addresses=list(addresses), connections=connections, **facts), "srv-db1", 50
    )
    for draft in made:
        assert_in_metamodel(draft)
    return made


def test_connections_are_put_together_by_peer_process_and_port():
    found = relations(section_of(of(CLIENT)), "CONNECTS_TO")

    common = {"evidence": "observed", "protocol": "tcp", "seen": 1}
    assert found == {
        ("out", "198.18.0.9"): common | {"ports": "443, 5432 psql"},
        ("out", "198.18.0.7"): common | {"port": 389, "process": "Web Content"},
        ("out", "198.18.0.8"): common | {"ports": "dynamic rpcclient", "process": "rpcclient"},
    }


def test_a_database_that_is_asked_is_depended_on():
    assert relations(section_of(of(CLIENT)), "DEPENDS_ON") == {
        ("out", "198.18.0.9:5432"): {
            "evidence": "observed",
            "port": 5432,
            "process": "psql",
            "protocol": "tcp",
            "seen": 1,
            "strength": "degrades",
        }
    }


def test_how_often_is_told_as_an_order_of_magnitude():
    rows = "".join(f"tcp ESTAB 0 0 198.18.0.20:{40000 + n} 198.18.0.9:443\n" for n in range(34))

    assert relations(section_of(of(rows)), "CONNECTS_TO")["out", "198.18.0.9"]["seen"] == 10


def test_who_connects_here_is_told_where_they_are_few():
    section = section_of(of(SERVER))

    assert relations(section, "CONNECTS_TO") == {
        ("in", "198.18.0.20"): {"evidence": "observed", "port": 5432, "protocol": "tcp", "seen": 1}
    }
    assert section.properties["listening"] == "53 systemd-resolve, 443 nginx, 5432 postgres, 6379 redis-server"


def test_of_a_crowd_only_its_size_is_told():
    text = 'tcp LISTEN 0 9 *:443 *:* users:(("nginx",pid=1,fd=1))\n' + "".join(
        f"tcp ESTAB 0 0 198.18.0.9:443 203.0.113.{n}:40000\n" for n in range(1, 52)
    )

    section = section_of(of(text), 50)
    assert section.relations == ()
    assert section.properties == {"listening": "443 nginx (10 peers)"}
    assert len(section_of(of(text), 51).relations) == 51


def test_of_a_crowd_that_is_asked_only_its_size_is_told():
    text = "".join(
        f'tcp ESTAB 0 0 198.18.0.9:40000 203.0.113.{n}:443 users:(("squid",pid=1,fd=1))\n' for n in range(1, 112)
    )

    section = section_of(of(text), 50)
    assert (section.relations, section.properties) == ((), {"connects_to_many": "443 squid (100 peers)"})


def test_what_a_computer_says_to_itself_is_no_connection():
    text = "tcp ESTAB 0 0 198.18.0.9:40000 198.18.0.9:443\n"

    assert of(text, ["198.18.0.9"]).outgoing == ()
    assert of(text).outgoing != ()


def test_short_connections_of_an_ended_process_count_with_its_like():
    text = 'tcp ESTAB 0 0 198.18.0.20:40000 198.18.0.9:5432 users:(("php-fpm8.2",pid=1,fd=1))\n' + "".join(
        f"tcp TIME-WAIT 0 0 198.18.0.20:{41000 + n} 198.18.0.9:5432\n" for n in range(200)
    )

    (talk,) = of(text).outgoing
    assert (talk.process, talk.port, talk.seen) == ("php-fpm8.2", 5432, 201)


def test_a_database_server_is_a_thing_of_its_own():
    host, *databases = drafts(SERVER, "198.18.0.9", "2001:db8::9", machine_id="3d1219c7c4c5404aaa1f6d2a48adfda4")

    postgres, redis = sorted(databases, key=lambda draft: draft.native_key)
    assert (postgres.native_key, postgres.kind) == ("srv-db1 PostgreSQL 5432", "DatabaseInstance")
    assert postgres.sections["core"].name == "PostgreSQL on srv-db1:5432"
    assert identifiers(postgres) == {
        ("name", "PostgreSQL on srv-db1:5432"),
        ("socket", "198.18.0.9:5432"),
        ("socket", "[2001:db8::9]:5432"),
    }
    assert related(postgres, "RUNS_ON") == [
        Reference(scheme="machine-id", value="3d1219c7c4c5404aaa1f6d2a48adfda4", kind="Server")
    ]
    assert relations(postgres.sections["connections"], "DEPENDS_ON")["in", "198.18.0.20"]["strength"] == "degrades"
    assert identifiers(redis) == {("name", "Redis on srv-db1:6379")}  # on loopback alone: nobody else reaches it
    assert host.kind == "Server"


def test_mariadb_that_calls_itself_mysqld_is_told_by_its_package():
    text = 'tcp LISTEN 0 9 0.0.0.0:3306 0.0.0.0:* users:(("mysqld",pid=1,fd=5))\n'

    _, mysql = drafts(text)
    _, mariadb = drafts(text, packages=[{"name": "mariadb-server", "version": "10.3.39", "package_type": "rpm"}])
    assert (mysql.sections["core"].properties["engine"], mariadb.sections["core"].properties["engine"]) == (
        "MySQL",
        "MariaDB",
    )


def test_a_junk_uuid_is_no_reference_to_a_host():
    names = [("smbios-uuid", "NA"), ("mac", "02:42:ac:11:00:02"), ("hostname", "srv-db1")]

    draft = database_instance("srv-db1", "srv-db1", names, "PostgreSQL", 5432)
    assert [to.scheme for to in related(draft, "RUNS_ON")] == ["hostname"]


def test_a_database_on_a_host_without_a_name_is_not_identified_by_it():
    assert identifiers(database_instance("x", "localhost", [], "PostgreSQL", 5432)) == set()


@pytest.mark.parametrize(
    ("process", "port", "engine"),
    [
        ("postgres", 5433, "PostgreSQL"),
        ("mariadbd", 3306, "MariaDB"),
        ("mysqld", 3306, "MySQL"),
        ("mysqld", 33060, ""),
        ("mongod", 27017, "MongoDB"),
        ("tnslsnr", 1521, "Oracle Database"),
        ("sqlservr", 1433, "Microsoft SQL Server"),
        ("redis-server", 6379, "Redis"),
        ("docker-proxy", 5432, "PostgreSQL"),
        ("", 5432, "PostgreSQL"),
        ("nginx", 5432, ""),
        ("", 443, ""),
    ],
)
def test_a_database_is_told_by_its_process_and_else_by_its_port(process, port, engine):
    assert engine_of(process, port) == engine


def test_what_tools_call_a_database_has_one_name():
    assert engine_named("mysql", "MariaDB Server") == "MariaDB"
    assert engine_named("postgresql") == "PostgreSQL"
    assert engine_named("Oracle") == "Oracle Database"
    assert engine_named("mssql") == "Microsoft SQL Server"
    assert engine_named("something else") == ""
    assert instance_name("PostgreSQL", "SRV-DB1.stadt.example", 5432) == "PostgreSQL on srv-db1:5432"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("nginx", "nginx"),
        ("/usr/sbin/apach", "apach"),
        ("sshd: erika [priv]", "sshd"),
        ("postgres: erika musterdb", "postgres"),
        ("/home/erika/bin", ""),
        ("/home/erika.mus", ""),
        (r"C:\Users\erika\x.exe", ""),
    ],
)
def test_a_process_name_names_no_person(told, name):
    assert process_name(told) == name


IP_ADDR = """\
2: eth0: <UP> mtu 1500
    link/ether 00:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff
    inet 198.18.0.9/24 scope global
    inet6 2001:db8::9/64 scope global
    inet6 2001:db8::aaaa/64 scope global temporary dynamic
3: docker0: <UP>
    link/ether 02:42:ac:11:00:02 brd ff:ff:ff:ff:ff:ff
    inet 172.17.0.1/16
"""
IP_ONE_LINE = """\
2: eth0    inet 198.18.0.9/24 brd 198.18.0.255 scope global eth0
2: eth0    inet6 2001:db8::9/64 scope global
2: eth0: <UP> mtu 1500 \\    link/ether 00:16:3e:00:00:01 brd ff:ff:ff:ff:ff:ff
"""
IFCONFIG = """\
eth0      Link encap:Ethernet  HWaddr 00:16:3e:00:00:01
          inet addr:198.18.0.9  Bcast:198.18.0.255
          inet6 addr: 2001:db8::9/64 Scope:Global
lo        Link encap:Local Loopback
          inet addr:127.0.0.1
"""


@pytest.mark.parametrize("text", [IP_ADDR, IP_ONE_LINE, IFCONFIG], ids=["ip addr", "ip -o", "ifconfig"])
def test_interfaces_are_read_as_all_tools_write_them(text):
    (found,) = read_interfaces(text)

    assert (found.name, found.mac, found.addresses) == ("eth0", "00:16:3e:00:00:01", ("198.18.0.9", "2001:db8::9"))


def test_interfaces_that_macos_makes_itself_are_none_of_its_own():
    text = (
        "en0: flags=8863\n\tether f0:18:98:aa:bb:01\nawdl0: flags=8943\n\tether a2:11:22:33:44:55\nbridge0: flags=1\n"
    )

    assert [item.name for item in read_interfaces(text)] == ["en0"]


OLD_SS = """\
Netid State      Recv-Q Send-Q     Local Address:Port       Peer Address:Port
tcp   LISTEN     0      50                     *:3306                  *:*      users:(("mysqld",1500,12))
tcp   ESTAB      0      0             198.18.2.5:40000       198.18.2.9:443  users:(("java",1600,14))
udp   UNCONN     0      0                      *:123                   *:*      users:(("ntpd",1300,16))
"""
NETSTAT = """\
Active Internet connections (servers and established)
Proto Recv-Q Send-Q Local Address           Foreign Address         State       User       Inode      PID/Program name
tcp6       0      0 :::3306                 :::*                    LISTEN      27         18000      1500/mysqld
tcp        0      0 198.18.2.5:40000        198.18.2.9:443          ESTABLISHED 27         18001      1600/java
udp        0      0 0.0.0.0:123             0.0.0.0:*                           0          15000      1300/ntpd: erika
"""


@pytest.mark.parametrize("text", [OLD_SS, NETSTAT], ids=["ss of iproute2 2.6", "netstat"])
def test_sockets_are_read_as_old_tools_write_them(text):
    assert {(s.protocol, s.state, s.address, s.port, s.peer, s.peer_port, s.process) for s in read_ss(text)} == {
        ("tcp", "LISTEN", "", 3306, "", 0, "mysqld"),
        ("tcp", "ESTAB", "198.18.2.5", 40000, "198.18.2.9", 443, "java"),
        ("udp", "UNCONN", "", 123, "", 0, "ntpd"),
    }


@pytest.mark.parametrize(("state", "read"), [("TIME_WAIT", "TIME-WAIT"), ("FIN_WAIT2", "FIN-WAIT-2")])
def test_states_of_netstat_are_those_of_ss(state, read):
    (found,) = read_ss(f"tcp 0 0 198.18.2.5:40000 198.18.2.9:443 {state} -")

    assert found.state == read


def test_the_kernels_own_table_is_read():
    text = (
        "  sl  local_address rem_address   st\n"
        "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000\n"
        "   1: 090012C6:9C40 070012C6:0185 01 00000000:00000000 00:00000000\n"
    )

    served, asked = read_proc_net("tcp", text)
    assert (served.state, served.address, served.port) == ("LISTEN", "127.0.0.1", 5432)
    assert (asked.state, asked.address, asked.peer, asked.peer_port) == ("ESTAB", "198.18.0.9", "198.18.0.7", 389)


def test_the_connection_over_which_it_is_asked_is_left_out():
    own = 'tcp ESTAB 0 0 198.18.0.9:22 198.18.0.50:51000 users:(("sshd",pid=1,fd=4))'
    other = 'tcp ESTAB 0 0 198.18.0.9:22 198.18.0.50:51001 users:(("sshd",pid=2,fd=4))'

    assert without_own(f"{own}\n{other}", "198.18.0.50 51000 198.18.0.9 22") == other
    assert without_own(own, "") == own
