"""RVTools exports: machines, hosts and clusters, whatever the version calls its columns; one machine is one record."""

import openpyxl

from tests.services.collectors.checks import collected, identifiers, reasons, related
from tests.whole.samples import SAMPLES, reads_samples

SAMPLE = "rvtools/test/e2e/data/example_rvtools_files/example1.xlsx"
BIOS, INSTANCE = "420b85c1-ef0d-37fb-6897-61c47157f858", "500b85c1-ef0d-37fb-6897-61c47157f858"
INFO = (
    "VM,Powerstate,Template,DNS Name,CPUs,Memory,Primary IP Address,Host,OS according to the configuration file,"
    "OS according to the VMware Tools,VM UUID\n"
)


def tab(folder, name, text):
    (folder / f"RVTools_tab{name}.csv").write_text(text, encoding="utf-8")


@reads_samples
def test_counts_of_the_sample():
    """Counted in the workbook itself: 9 rows of vInfo, none a template; 7 hosts of vHost; four more sheets."""
    drafts, report = collected("rvtools", SAMPLES / SAMPLE)

    kinds = [draft.kind for draft in drafts]
    assert (kinds.count("VirtualMachine"), kinds.count("Server"), len(kinds)) == (9, 7, 16)
    assert set(reasons(report)) == {"example1.xlsx, vCPU, vMemory, vDisk, vPartition"}
    assert report.counts == {"seen": 17, "skipped": 1}
    named = {draft.sections["core"].name: draft for draft in drafts}
    assert {name: draft.sections["core"].properties.get("os_name") for name, draft in named.items()} == {
        "vm-1": "Amazon Linux 2 (64-bit)",
        "vm-2": "Red Hat Fedora (32-bit)",
        "vm-3": "Debian GNU/Linux 9 (64-bit)",
        "vm-4": "Red Hat Enterprise Linux 9 (64-bit)",
        "vm-5": "Debian GNU/Linux 7 (64-bit)",
        "vm-6": "Red Hat Enterprise Linux 9 (64-bit)",
        "vm-7": "Red Hat Enterprise Linux 9 (64-bit)",
        "vm-8": "Red Hat Enterprise Linux 8 (64-bit)",
        "vm-9": None,
    } | dict.fromkeys((name for name, draft in named.items() if draft.kind == "Server"), None)
    assert len({to.value for draft in drafts for to in related(draft, "RUNS_ON")}) == 3
    assert {name: named[name].sections["core"].properties["os_configured"] for name in ("vm-3", "vm-8")} == {
        "vm-3": "Debian GNU/Linux 7 (64-bit)",
        "vm-8": "Red Hat Enterprise Linux 9 (64-bit)",
    }
    assert {to.properties["name"] for draft in drafts for to in related(draft, "IS_MODEL")} == {"ProLiant DL380 Gen10"}


def test_the_guests_own_system_is_preferred_and_the_configured_one_is_kept(tmp_path):
    tab(
        tmp_path,
        "vInfo",
        INFO + f"srv-1,poweredOn,False,srv-1.stadt.example,2,4096,10.0.0.1,esx-01,Debian 7,Debian 9,{BIOS}\n",
    )

    (draft,), _ = collected("rvtools", tmp_path)
    assert draft.sections["core"].properties == {
        "hostname": "srv-1.stadt.example",
        "fqdn": "srv-1.stadt.example",
        "os_name": "Debian 9",
        "os_configured": "Debian 7",
        "cores": 2,
        "memory_mib": 4096,
        "power": "on",
    }
    assert [to.properties for to in related(draft, "HAS_OS")] == [{"full_name": "Debian 9"}]
    assert identifiers(draft) == {
        ("smbios-uuid", BIOS),
        ("hostname", "srv-1.stadt.example"),
        ("fqdn", "srv-1.stadt.example"),
        ("ip", "10.0.0.1"),
    }
    assert [(to.scheme, to.value) for to in related(draft, "RUNS_ON")] == [("host", "esx-01")]


def test_the_vcenters_own_number_of_a_machine_is_no_uuid_that_an_agent_sees(tmp_path):
    tab(tmp_path, "vInfo", f"VM,VM UUID\nsrv-1,{INSTANCE}\nsrv-2,{BIOS}\n")
    (first, second), _ = collected("rvtools", tmp_path)
    assert (identifiers(first), identifiers(second)) == ({("cloud-id", INSTANCE)}, {("smbios-uuid", BIOS)})

    tab(tmp_path, "vInfo", f"VM,SMBIOS UUID,VM UUID\nsrv-1,{BIOS},{INSTANCE}\n")
    (draft,), _ = collected("rvtools", tmp_path)
    assert (draft.native_key, identifiers(draft)) == (
        f"computer:{INSTANCE}",
        {("smbios-uuid", BIOS), ("cloud-id", INSTANCE)},
    )


def test_templates_and_placeholders_are_no_machines_and_nothing_is_added_to_them(tmp_path):
    tab(tmp_path, "vInfo", "VM,Template,SRM Placeholder\na,True,False\nb,False,True\nc,False,False\n")
    tab(tmp_path, "vNetwork", "VM,Mac Address\na,00:50:56:00:00:01\nb,00:50:56:00:00:02\nc,00:50:56:00:00:03\n")

    (draft,), report = collected("rvtools", tmp_path)
    assert (draft.sections["core"].name, identifiers(draft)) == ("c", {("mac", "00:50:56:00:00:03")})
    assert reasons(report) == {
        "RVTools_tabvNetwork.csv, line 2": "2 rows from here on add to things that no other sheet describes, "
        "or several (rows skipped)"
    }


def test_one_machine_of_several_tabs_is_one_record(tmp_path):
    tab(tmp_path, "vInfo", f"VM,VM UUID\nsrv-1,{BIOS}\nsrv-1,{INSTANCE}\n")
    tab(
        tmp_path,
        "vNetwork",
        'VM,VM UUID,Mac Address,IPv4 Address\n'
        f'srv-1,{BIOS},00:50:56:00:00:01,"10.0.0.1, 10.0.0.2"\n'
        f"srv-1,{BIOS},00:50:56:00:00:02,10.0.1.1\n",
    )  # fmt: skip

    first, second = collected("rvtools", tmp_path)[0]
    assert set(first.sections) == {"core", "network"}
    assert identifiers(first) == {
        ("smbios-uuid", BIOS),
        ("mac", "00:50:56:00:00:01"),
        ("mac", "00:50:56:00:00:02"),
        ("ip", "10.0.0.1"),
        ("ip", "10.0.0.2"),
        ("ip", "10.0.1.1"),
    }
    assert set(second.sections) == {"core"}


def test_a_host_has_its_hardware_its_system_and_its_cluster(tmp_path):
    tab(
        tmp_path,
        "vHost",
        "Host;Cluster;Vendor;Model;Service tag;Serial number;BIOS Version;BIOS Date;ESX Version;"
        "# Cores;# Memory;CPU Model\n"
        "esx-01.stadt.example;Rathaus;Dell Inc.;PowerEdge R650;ABC1234;;1.9.2;2024-03-01 00:00:00;"
        "VMware ESXi 8.0.3 build-24022510;32;524.288;Xeon\n",
    )
    tab(tmp_path, "vCluster", "Name\nRathaus\n")

    cluster, host = collected("rvtools", tmp_path)[0]
    assert (cluster.kind, identifiers(cluster)) == ("Cluster", {("name", "Rathaus")})
    assert identifiers(host) == {("fqdn", "esx-01.stadt.example"), ("serial", "Dell Inc.\tABC1234")}
    assert host.sections["core"].properties == {
        "fqdn": "esx-01.stadt.example",
        "serial": "ABC1234",
        "vendor": "Dell Inc.",
        "model": "PowerEdge R650",
        "os_name": "VMware ESXi 8.0.3 build-24022510",
        "bios_version": "1.9.2",
        "bios_date": "2024-03-01",
        "processor": "Xeon",
        "cores": 32,
        "memory_mib": 524288,
    }
    assert [to.properties for to in related(host, "IS_MODEL")] == [{"vendor": "Dell Inc.", "name": "PowerEdge R650"}]
    assert [to.value for to in related(host, "MEMBER_OF")] == ["Rathaus"]


def test_older_column_names_a_workbook_and_files_say_the_same(tmp_path):
    header, row = (
        INFO.strip().split(","),
        f"srv-1,poweredOff,False,srv-1.stadt.example,2,4096,10.0.0.1,esx-01,A,B,{BIOS}".split(","),
    )
    older = dict(
        zip(
            header,
            "vInfoVMName vInfoPowerstate vInfoTemplate vInfoGuestHostName vInfoCPUs vInfoMemory vInfoPrimaryIPAddress "
            "vInfoHost vInfoOS vInfoOSTools vInfoUUID".split(),
            strict=True,
        )
    )
    for name, columns in (("new", header), ("old", [older[column] for column in header])):
        book = openpyxl.Workbook()
        book.worksheets[0].title = "vInfo"
        book.worksheets[0].append(columns)
        book.worksheets[0].append([int(cell) if cell.isdigit() else cell for cell in row])
        book.save(tmp_path / f"{name}.xlsx")
    tab(tmp_path, "vInfo", f"{';'.join(header)}\n{';'.join(row)}\n")

    said = [collected("rvtools", path)[0] for path in sorted(tmp_path.iterdir())]
    assert len(said) == 3
    assert said[0] == said[1] == said[2]


def test_of_a_csv_export_the_tabs_that_are_not_read_are_skipped_and_the_run_stays_complete(tmp_path):
    (tmp_path / "RVTools_tabvInfo.csv").write_text("VM,VM UUID\nalt,421c0203-0405-0607-0809-0a0b0c0d0e0f\n")
    (tmp_path / "RVTools_tabvSnapshot.csv").write_text("VM,Name\nalt,before\n")

    (draft,), report = collected("rvtools", tmp_path)
    assert draft.kind == "VirtualMachine"
    assert (report.counts["skipped"], report.counts["failed"]) == (1, 0)
    assert reasons(report) == {"RVTools_tabvSnapshot.csv": "the mapping names no such sheet"}


def test_files_of_which_the_mapping_names_none_are_a_failure(tmp_path):
    (tmp_path / "RVTools_tabvSnapshot.csv").write_text("VM,Name\nalt,before\n")

    drafts, report = collected("rvtools", tmp_path)
    assert (drafts, report.counts["failed"]) == ([], 1)
