"""Strings as tools report them and what they must become, on a fixed day."""

from datetime import date

import pytest

from inventory.lifecycle import load_table, read_table
from inventory.matching import Matcher

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def matcher():
    return Matcher(load_table())


def seen(match):
    return {f"{cycle.product}/{cycle.name}" for cycle in match.cycles}, match.verdict(TODAY)


def windows(full_name, build="", version="", edition=""):
    return {"name": "Windows", "full_name": full_name, "build": build, "version": version, "edition": edition}


SYSTEMS = [
    (
        {"full_name": "Fedora 31 (Workstation Edition)", "version": "31 (Workstation Edition)"},
        "fedora/31",
        "unsupported",
    ),
    ({"name": "Fedora", "version": "31 (Workstation Edition)"}, "fedora/31", "unsupported"),
    ({"full_name": "Fedora release 25 (Twenty Five)", "version": "25"}, "fedora/25", "unsupported"),
    ({"full_name": "Amazon Linux 2 (64-bit)"}, "amazon-linux/2", "unsupported"),
    ({"name": "Ubuntu", "full_name": "Ubuntu 20.04.2 LTS"}, "ubuntu/20.04", "unsupported"),
    ({"name": "debian", "version": "10", "full_name": "Debian GNU/Linux 10 (buster)"}, "debian/10", "unsupported"),
    ({"name": "debian", "version": "13", "full_name": "Debian GNU/Linux 13 (trixie)"}, "debian/13", "supported"),
    ({"name": "rhel", "version": "8.10"}, "rhel/8", "supported"),
    ({"full_name": "Red Hat Enterprise Linux Server release 7.9 (Maipo)"}, "rhel/7", "unsupported"),
    ({"full_name": "CentOS Linux release 7.9.2009 (Core)", "name": "CentOS"}, "centos/7", "unsupported"),
    ({"full_name": "CentOS Stream 9", "name": "centos", "version": "9"}, "centos-stream/9", "supported"),
    ({"full_name": "SUSE Linux Enterprise Server 15 SP5"}, "sles/15.5", "unsupported"),
    ({"full_name": "SUSE Linux Enterprise Server 15 SP7"}, "sles/15.7", "supported"),
    ({"full_name": "VMware ESXi 7.0.3 build-21930508"}, "vmware-esxi/7.0", "unsupported"),
    ({"name": "VMware ESXi", "version": "8.0.2"}, "vmware-esxi/8.0", "supported"),
    ({"full_name": "VMware vCenter Server 8.0.3 build-24262322"}, "vmware-vcenter/8.0", "supported"),
    ({"name": "Proxmox VE", "version": "9.1.6"}, "proxmox-ve/9", "supported"),
    (windows("Microsoft Windows Server 2019 Standard"), "windows-server/2019", "supported"),
    (windows("Microsoft Windows Server 2016 Standard", "10.0.14393"), "windows-server/2016", "supported"),
    (windows("Microsoft Windows Server 2012 R2 Standard"), "windows-server/2012-r2", "unsupported"),
    (windows("Microsoft® Windows Server® 2008 Standard"), "windows-server/2008-sp2", "unsupported"),
    (windows("Microsoft Windows Server 2008 R2 Standard", "6.1.7601"), "windows-server/2008-r2-sp1", "unsupported"),
    (windows("Microsoft Windows 8.1 Professionnel"), "windows/8.1", "unsupported"),
    (windows("Microsoft Windows XP Professional"), "windows/5-sp3", "unsupported"),
    (windows("Microsoft Windows 10 Pro", "10.0.19045"), "windows/10-22h2", "unsupported"),
    (windows("Microsoft Windows 10 Pro", version="22H2"), "windows/10-22h2", "unsupported"),
    (windows("Microsoft Windows 11 Pro", "10.0.26100"), "windows/11-24h2-w", "unsupported"),
    (windows("Microsoft Windows 11 Enterprise", "10.0.26200"), "windows/11-25h2-e", "supported"),
    (windows("Microsoft Windows 11", "26200", edition="Enterprise"), "windows/11-25h2-e", "supported"),
    (windows("Microsoft Windows 10 Enterprise LTSC", "10.0.17763"), "windows/10-1809-e-lts", "supported"),
    (windows("Microsoft Windows 10 Enterprise LTSC", "10.0.19044"), "windows/10-21h2-e-lts", "supported"),
    (windows("Microsoft Windows 10 IoT Enterprise LTSC", "10.0.19044"), "windows/10-21h2-iot-lts", "supported"),
]


@pytest.mark.parametrize(("item", "expected", "verdict"), SYSTEMS, ids=[str(i) for i, _, _ in SYSTEMS])
def test_a_system_is_read(matcher, item, expected, verdict):
    assert seen(matcher.system(item)) == ({expected}, verdict)


UNKNOWN_SYSTEMS = [
    {"full_name": "Red Hat Fedora (32-bit)"},
    {"full_name": "Linux 2.6.22 (Fedora Core 6)"},
    {"full_name": "ProLiant DL380 Gen10"},
    {"full_name": "Debian GNU/Linux trixie/sid", "name": "debian"},
    {"full_name": "SUSE Linux Enterprise Server for SAP Applications 15 SP4"},  # has dates of its own
    windows("Microsoft Windows NT 6.1.7601 Service Pack 1"),  # 7 or Server 2008 R2
    windows("Microsoft Windows Storage Server 2012 R2"),
    {"name": "debian", "version": "99", "full_name": "Debian GNU/Linux 99 (none)"},
    {},
]


@pytest.mark.parametrize("item", UNKNOWN_SYSTEMS, ids=str)
def test_a_system_that_is_not_sure_is_unknown_with_the_reason(matcher, item):
    match = matcher.system(item)

    assert seen(match) == (set(), "unknown")
    assert match.method


def test_an_ambiguous_windows_10_shows_both_candidates(matcher):
    match = matcher.system(windows("Microsoft Windows 10 Enterprise", "10.0.17763"))

    assert seen(match) == ({"windows/10-1809-e", "windows/10-1809-e-lts"}, "unknown")


def test_candidates_that_have_all_ended_are_unsupported(matcher):
    match = matcher.system(windows("Microsoft(R) Windows(R) Server 2003"))

    candidates = {"windows-server/2003", "windows-server/2003-sp1", "windows-server/2003-sp2"}
    assert seen(match) == (candidates, "unsupported")


def test_what_is_older_than_every_cycle_is_unsupported_and_marked(matcher):
    match = matcher.system({"full_name": "CentOS release 4.9 (Final)"})

    assert (seen(match), match.inferred) == (({"centos/5"}, "unsupported"), True)


def test_what_is_older_than_a_cycle_that_is_still_supported_is_unknown():
    matcher = Matcher(
        read_table(
            '{"snapshot":"2026-01-01T00:00:00+00:00","source":"","licence":""}\n{"name":"debian","label":"Debian","category":"os","aliases":[],'
            '"identifiers":[],"cycles":[["13",null,null,"2028-01-01",null]]}\n'
        )
    )

    assert matcher.system({"full_name": "Debian GNU/Linux 12"}).verdict(TODAY) == "unknown"


def rpm(name, version, vendor="Fedora Project"):
    return {"name": name, "version": version, "vendor": vendor, "package_type": "rpm"}


def deb(name, version):
    return {"name": name, "version": version, "package_type": "deb"}


INHERITING = [
    rpm("httpd", "2.4.25-1.fc25"),
    rpm("maven-shared-utils", "3.1.0-2.fc25"),
    rpm("bash", "5.1.8-6.el9_1", vendor=""),
    deb("docker", "1.5-1build1"),  # a tray of KDE
    deb("docker.io", "20.10.24+dfsg1-1"),
    deb("postgresql-14", "14.10-0ubuntu0.22.04.1"),
    {"name": "musl", "version": "1.2.4-r2", "package_type": "apk"},
]


@pytest.mark.parametrize("item", INHERITING, ids=str)
def test_a_distributions_package_follows_its_distribution(matcher, item):
    match = matcher.software(item)

    assert match.inherits
    assert match.cycles == ()


def program(name, version="", vendor="", package_type="windows"):
    return {"name": name, "version": version, "vendor": vendor, "package_type": package_type}


PROGRAMS = [
    (rpm("php56-php-xml", "5.6.30-1.fc25.remi", "Remi Collet"), "php/5.6", "unsupported"),
    (deb("nodejs", "20.20.2-1nodesource1+repack1"), "nodejs/20", "unsupported"),
    (deb("postgresql-14", "14.10-1.pgdg110+1"), "postgresql/14", "unsupported"),
    (deb("docker-ce", "5:19.03.13~3-0~debian"), "docker-engine/19.03", "unsupported"),
    (program("Microsoft SQL Server 2016 (64-bit)", "13.3.6300.2"), "mssqlserver/13.0-sp3", "unsupported"),
    (program("Microsoft SQL Server 2016 (64-bit)", "13.3.7000.253"), "mssqlserver/13.0-sp3-acp", "unsupported"),
    (program("Microsoft SQL Server 2016", "13.0.6500.1"), "mssqlserver/13.0-sp3", "unsupported"),
    (program("Microsoft SQL Server 2016 (64-bit)", "13.0.1601.5"), "mssqlserver/13.0", "unsupported"),
    (program("SQL Server 2014 Database Engine Services", "12.3.6024.0"), "mssqlserver/12.0-sp3", "unsupported"),
    (program("Microsoft SQL Server 2019 (64-bit)"), "mssqlserver/15.0", "supported"),
    (program("Microsoft Exchange Server 2019 Cumulative Update 14", "15.2.1544.4"), "msexchange/2019", "unsupported"),
    (program("Microsoft Exchange Server Subscription Edition"), "msexchange/subscription", "supported"),
    (program("Microsoft SharePoint Server 2019", "16.0.10337.12109"), "sharepoint/2019", "unsupported"),
    (program("Microsoft Office Professional Plus 2016", "16.0.4266.1001"), "office/2016", "unsupported"),
    (program("Microsoft Office Standard 2013 - de-de"), "office/2013", "unsupported"),
    (program("Postgres 14.1", "14.1", "org.postgresql"), "postgresql/14", "unsupported"),
    (program("PostgreSQL 14 ", "14.5-1"), "postgresql/14", "unsupported"),
    (program("Apache Tomcat 9.0 Tomcat9 (remove only)", "9.0.65"), "tomcat/9.0", "supported"),
    (program("Microsoft .NET Runtime - 6.0.36 (x64)", "48.144.23141"), "dotnet/6", "unsupported"),
    (program("LibreOffice 7.4.3.2"), "libreoffice/7.4", "unsupported"),
    (program("Python 3.8.10 (64-bit)", "3.8.10150.0"), "python/3.8", "unsupported"),
    (program("Wireshark 3.6.2 64-bit", "3.6.2", "The Wireshark developer community"), "wireshark/3.6", "unsupported"),
    (program("Node.js", "16.13.0", "Node.js Foundation"), "nodejs/16", "unsupported"),
    (program("PowerShell 7-x64", "7.2.1.0", "Microsoft Corporation"), "powershell/7.2", "unsupported"),
]


@pytest.mark.parametrize(("item", "expected", "verdict"), PROGRAMS, ids=[str(i) for i, _, _ in PROGRAMS])
def test_a_program_is_read(matcher, item, expected, verdict):
    assert seen(matcher.software(item)) == ({expected}, verdict)


UNKNOWN_PROGRAMS = [
    rpm("php70-php-pecl-apcu", "5.1.8-1.fc25.remi", "Remi Collet"),  # an extension; 5.1 is no PHP
    rpm("php70-php-phpiredis", "1.0.0-2.fc25.remi", "Remi Collet"),
    rpm("mysql-workbench-community", "6.3.9-1.fc25", "Oracle Corporation"),
    rpm("atom", "1.6.2-2.fc24", "Fedora Project COPR (helber/atom)"),
    deb("php-redis", "5.3.7+deb.sury.org~jammy+1"),
    program("Microsoft SQL Server 2016 Management Objects (x64)", "13.0.14500.10"),
    program("Microsoft SQL Server 2016 (64-bit)", "15.0.6300.2"),  # another release's build
    program("Microsoft SQL Server Management Studio - 18.12.1", "15.0.18424.0", "Microsoft Corporation"),
    program("Microsoft Exchange Server 2019 Tools", "15.2"),
    program("Microsoft Office Proofing Tools 2016 - Deutsch", "16.0.4266.1001"),
    program("LibreOffice 7.4 Help Pack (German)", "7.4.3.2"),
    program("Python 3.8.10 Documentation (64-bit)", "3.8.10150.0", "Python Software Foundation"),
    program("Oracle Database 19c Client", "19.0"),
    program("MySQL Workbench 8.0 CE", "8.0.31", "Oracle Corporation"),
    program("Grafana", "9.1.2", "Somebody Else"),
    program("Grafana", "9.1.2"),
    program("postgresql", "42.2.8", "org.postgresql"),  # the JDBC driver
    program("7-Zip 22.01 (x64)", "22.01", "Igor Pavlov"),
    program("VOIS|MESO", "9.2"),
    {},
]


@pytest.mark.parametrize("item", UNKNOWN_PROGRAMS, ids=str)
def test_a_program_that_is_not_sure_is_unknown_with_the_reason(matcher, item):
    match = matcher.software(item)

    assert (seen(match), match.inherits) == ((set(), "unknown"), False)
    assert match.method
