"""The CIO's page: what is obsolete, what is not known, and what to do, to print or to calculate with."""
