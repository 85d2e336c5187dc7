"""Find or start a MongoDB server for the contract suite, and say which one it is."""
