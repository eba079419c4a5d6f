"""What is kept: the metamodel, and the graph behind one port in Neo4j or SQLite."""
