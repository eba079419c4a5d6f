"""The driver's errors in the words of the store's port."""

from neo4j.exceptions import AuthError, ConfigurationError, DriverError, Forbidden, Neo4jError

from graph.store import AccessDenied, BatchTooLarge, StoreUnavailable

FAILURES = (DriverError, Neo4jError, ConfigurationError, OSError)
_DEFECTS = ("Neo.ClientError.Statement.", "Neo.ClientError.Procedure.", "Neo.ClientError.Request.")
"""A wrong statement stays wrong however long one waits."""
_ENDED = ("TransactionTimedOut", "LockClientStopped", "Terminated")
_CONFLICTS = ("Neo.ClientError.Statement.EntityNotFound",)


def out_of_memory(error: Neo4jError) -> bool:
    """Whether the transaction was too large for the server, which says so as if it were passing."""
    return "OutOfMemory" in str(error.code)


def translated(uri: str, error: Exception) -> Exception | None:
    """What the port raises for it, or None for a defect of this program. No text holds a password: the driver's do not.

    Conflicts, constraints and deadlocks come here after the driver's own tries; they too may succeed later, and so may
    what the server calls an error of its own (a full disk). Nothing that is stored wrongly hides behind that: the
    transaction was rolled back, and the text is shown while waiting.
    """
    if isinstance(error, AuthError | Forbidden):
        return AccessDenied(f"{uri}: the server refuses the user; set graph_user and LANDKARTE_GRAPH_PASSWORD")
    if isinstance(error, ConfigurationError):
        return AccessDenied(f"{uri}: {error}; correct graph in the configuration")
    if isinstance(error, Neo4jError):
        return _said_by_server(uri, error)
    return StoreUnavailable(f"{uri}: the graph database does not answer ({_first_line(error)})")


def _said_by_server(uri: str, error: Neo4jError) -> Exception | None:
    code = str(error.code)
    if out_of_memory(error):
        return BatchTooLarge(f"{uri}: it needs more memory than the server has")
    if code.startswith(_DEFECTS) and code not in _CONFLICTS:
        return None
    if code.rpartition(".")[2].startswith(_ENDED):
        return StoreUnavailable(f"{uri}: the graph database is busy (the transaction took too long and was ended)")
    return StoreUnavailable(f"{uri}: {error.message}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
