"""Claims to verdicts: proofs, the independent oracle, conditions, counterexamples, repairs."""
