"""A real slapd on loopback with a directory like Active Directory's, over ldap://, StartTLS and ldaps://."""

import subprocess
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.servers.process import free_port, listening
from tests.services.collectors.tools import require_tool, running

BASE, READER, STRANGER = "dc=stadt,dc=example", "cn=reader,dc=stadt,dc=example", "cn=stranger,dc=stadt,dc=example"
PASSWORD = "Le$er-Kennwort"
SCHEMA = """
attributetype ( 1.3.6.1.4.1.99999.1.1 NAME 'objectGUID'
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.2 NAME 'dNSHostName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.3 NAME 'operatingSystem' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.4 NAME 'operatingSystemVersion' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.5 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.6 NAME 'lastLogonTimestamp' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.99999.1.7 NAME 'servicePrincipalName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 1.3.6.1.4.1.99999.1.8 NAME 'managedBy' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
objectclass ( 1.3.6.1.4.1.99999.2.1 NAME 'computer' SUP top STRUCTURAL MUST cn
  MAY ( objectGUID $ dNSHostName $ operatingSystem $ operatingSystemVersion $ userAccountControl $
        lastLogonTimestamp $ servicePrincipalName $ managedBy $ description ) )
"""
CONFIG = """
include /etc/ldap/schema/core.schema
include {home}/ad.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/pid
TLSCertificateFile {home}/server.pem
TLSCertificateKeyFile {home}/server.key
{extra}
database mdb
suffix "{base}"
directory {home}/db
rootdn "cn=admin,{base}"
access to dn.subtree="ou=Rechner,{base}"
  by dn.exact="{reader}" read
  by * none
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by dn.exact="{stranger}" read by * none
"""
ENTRIES = f"""dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Stadt
dc: stadt

dn: {READER}
objectClass: person
cn: reader
sn: reader
userPassword: {PASSWORD}

dn: {STRANGER}
objectClass: person
cn: stranger
sn: stranger
userPassword: {PASSWORD}

dn: ou=Rechner,{BASE}
objectClass: organizationalUnit
ou: Rechner

dn: cn=Erika Mustermann,ou=Rechner,{BASE}
objectClass: person
cn: Erika Mustermann
sn: Mustermann

"""


def computer(name, **attributes):
    """An entry of a computer, as LDIF."""
    lines = [f"dn: cn={name},ou=Rechner,{BASE}", "objectClass: computer", f"cn: {name}"]
    return "\n".join([*lines, *(f"{key}: {value}" for key, value in attributes.items())]) + "\n\n"


def certify(folder):
    """An authority and a server's certificate for localhost and 127.0.0.1; the authority's file."""
    authority_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate("Stadt CA", authority_key.public_key(), "Stadt CA", authority_key, authority=True)
    server = _certificate("localhost", server_key.public_key(), "Stadt CA", authority_key, authority=False)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(server.public_bytes(pem))
    (folder / "server.key").write_bytes(
        server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "ca.pem"


def _certificate(name, key, issuer, issuer_key, *, authority):
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    return (builder if authority else builder.add_extension(names, critical=False)).sign(issuer_key, hashes.SHA256())


@contextmanager
def slapd(home, computers, extra=""):
    """(ldap:// address, ldaps:// address, authority's file) of a directory with these computers."""
    tool, loader = require_tool("slapd", "slapd"), require_tool("slapadd", "slapd")
    authority = certify(home)
    (home / "db").mkdir()
    (home / "ad.schema").write_text(SCHEMA)
    (home / "slapd.conf").write_text(CONFIG.format(home=home, base=BASE, reader=READER, stranger=STRANGER, extra=extra))
    (home / "all.ldif").write_text(ENTRIES + computers)
    subprocess.run([loader, "-f", home / "slapd.conf", "-l", home / "all.ldif"], check=True, capture_output=True)
    plain, secure = free_port(), free_port()
    addresses = f"ldap://localhost:{plain}", f"ldaps://localhost:{secure}"
    command = [tool, "-d", "0", "-f", str(home / "slapd.conf"), "-h", " ".join(addresses)]
    with running(command, home / "log", lambda: listening(plain) and listening(secure)):
        yield *addresses, authority
